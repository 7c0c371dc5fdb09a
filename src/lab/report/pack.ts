/**
 * Packs a report's courses for the page: full resolution, in as few bytes as will do, every decision with its steps in words.
 *
 * Example: 43,200 minutes in which the count changed 3,000 times are 2 kB for `ready`, and 100 kB for the sentences.
 */
import { deflateRawSync } from 'node:zlib'
import { explainDecision } from '../../engine/explain.ts'
import type { Interval } from '../../model/time.ts'
import type { Course, CourseDecision } from '../course.ts'
import {
  PACKED_SERIES,
  type Packed,
  type PackedDecision,
  type PackedSeries,
  type PackedStretch,
} from './packed.ts'
import { shownCourses } from './picture.ts'
import type { Report } from './report.ts'
import { encodeSeries, type SeriesHead } from './series-bytes.ts'

/** Of one contender; few enough for a page that opens at once. */
const MOST_DECISIONS = 30_000

/** Base64 of the deflated block. */
export function packReport(report: Report): string {
  const parts: Uint8Array[] = []
  const words = new Words()
  const add = (values: ArrayLike<number>): SeriesHead => {
    const { head, bytes } = encodeSeries(values)
    parts.push(bytes)
    return head
  }
  const own = report.courses[0]
  const shown = shownCourses(report)
  const { startAt = 0, stepMs = 1, length = 0 } = own ?? {}
  const stretch = ({ from, to }: Interval): PackedStretch => [
    (from - startAt) / stepMs,
    (to - startAt) / stepMs,
  ]
  const packed: Packed = {
    timeZone: report.timeZone,
    loadUnit: report.loadUnit,
    startAt,
    stepMs,
    length,
    censored: (own?.censored ?? []).map(stretch),
    doubtful: (own?.doubtful ?? []).map(stretch),
    load: add(own?.load ?? []),
    needed: add(own?.needed ?? []),
    contenders: report.courses.map(course => ({
      name: course.name,
      isShown: shown.includes(course),
      series: seriesOf(course, add),
      decisions: packedDecisions(course).map(decision => packDecision(decision, startAt, words)),
      more: course.decisions.length - packedDecisions(course).length,
    })),
    words: words.all,
  }
  const header = Buffer.from(JSON.stringify(packed))
  const size = Buffer.alloc(4)
  size.writeUInt32LE(header.length)
  return deflateRawSync(Buffer.concat([size, header, ...parts]), { level: 9 }).toString('base64')
}

/** Where they are too many, those that changed nothing go first. */
function packedDecisions({ decisions }: Course): readonly CourseDecision[] {
  if (decisions.length <= MOST_DECISIONS) return decisions
  return decisions.filter(({ from, to }) => from !== to).slice(0, MOST_DECISIONS)
}

function seriesOf(
  course: Course,
  add: (values: ArrayLike<number>) => SeriesHead,
): Record<PackedSeries, SeriesHead> {
  const [ready, paid, lost, refused, backlog, lowest, highest] = PACKED_SERIES.map(name =>
    add(name === 'highest' ? course.highest.map(known) : course[name]),
  )
  const none: SeriesHead = { least: 0, unit: 1, bytes: 0 }
  return {
    ready: ready ?? none,
    paid: paid ?? none,
    lost: lost ?? none,
    refused: refused ?? none,
    backlog: backlog ?? none,
    lowest: lowest ?? none,
    highest: highest ?? none,
  }
}

/** A bound so high that it is none has no line. */
function known(value: number): number {
  return value >= Number.MAX_SAFE_INTEGER ? Number.NaN : value
}

function packDecision(made: CourseDecision, startAt: number, words: Words): PackedDecision {
  const { at, from, to, rule, because, decision } = made
  const steps = decision === null ? [] : explainDecision(decision)
  return [
    at - startAt,
    from,
    to,
    rule === null ? -1 : words.place(rule),
    words.place(because),
    steps.map(step => words.place(step)),
  ]
}

class Words {
  readonly #places = new Map<string, number>()

  get all(): readonly string[] {
    return [...this.#places.keys()]
  }

  place(word: string): number {
    const known = this.#places.get(word)
    if (known !== undefined) return known
    this.#places.set(word, this.#places.size)
    return this.#places.size - 1
  }
}
