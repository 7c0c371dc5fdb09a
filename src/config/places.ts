/**
 * Where the keys and values of a file stand: turns a finding about a path into a line and a column.
 *
 * Example: a finding at `fleets.web.every` points at the value; one about a key that is missing there points at
 * the name of the mapping that lacks it, `web`.
 */
import { LineCounter, type Node, type Scalar } from 'yaml'
import { alignment } from './alignment.ts'
import { type ConfigProblem, type Finding, type Path, pathText } from './problem.ts'

/** Offsets into the text; `end` is after the last character. */
export interface Span {
  readonly start: number
  readonly end: number
}

export interface Entry {
  readonly key: Span | null
  readonly value: Span
  /** A text value as written, to find places inside it. */
  readonly scalar: Scalar | null
}

export class Places {
  readonly #text: string
  readonly #file: string
  readonly #lines = new LineCounter()
  readonly #entries = new Map<string, Entry>()

  constructor(text: string, file: string) {
    this.#text = text
    this.#file = file
    this.#lines.addNewLine(0)
    for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) this.#lines.addNewLine(at + 1)
  }

  note(path: Path, entry: Entry): void {
    this.#entries.set(pathText(path), entry)
  }

  /** The finding with its place, by what was noted. */
  locate(finding: Finding): ConfigProblem {
    return this.at(finding, this.#spanOf(finding))
  }

  /** The finding at a given place. */
  at(finding: Finding, span: Span): ConfigProblem {
    const { start, end } = this.#clip(span)
    const { line, col } = this.#lines.linePos(start)
    return problemAt(finding, this.#file, {
      line: Math.max(line, 1),
      column: Math.max(col, 1),
      length: end - start,
    })
  }

  /** The finding's own place, or that of the nearest thing around it that has one. */
  #spanOf(finding: Finding): Span {
    for (let length = finding.path.length; length >= 0; length -= 1) {
      const entry = this.#entries.get(pathText(finding.path.slice(0, length)))
      if (entry === undefined) continue
      const own = length === finding.path.length
      if (own && finding.part === 'key' && entry.key !== null) return entry.key
      if (own && finding.part !== 'key') return this.#inside(finding, entry)
      // Something is missing in there: point at the name of what lacks it, or at its beginning.
      return entry.key ?? { start: entry.value.start, end: entry.value.start + 1 }
    }
    return { start: 0, end: 1 }
  }

  #inside({ at, length }: Finding, { value, scalar, key }: Entry): Span {
    if (value.end <= value.start) return key ?? value
    if (at === undefined || scalar === null || typeof scalar.value !== 'string') return value
    const places = alignment(this.#text, value, scalar.type ?? 'PLAIN', scalar.value)
    if (places === null) return value
    const last = places.length - 1
    const start = places[Math.min(at, last)] ?? value.start
    // The end is that of the last character meant: where a text is folded, the next one may be lines away.
    const final = places[Math.min(at + Math.max(length ?? 1, 1) - 1, last)] ?? start
    return { start, end: Math.max(final + 1, start + 1) }
  }

  /** Inside the text, on one line, at least one character wide where there is one. */
  #clip(span: Span): Span {
    const text = this.#text
    const start = Math.max(0, Math.min(span.start, text.length))
    const lineEnd = text.indexOf('\n', start)
    const stop = lineEnd < 0 ? text.length : lineEnd
    return { start, end: Math.max(Math.min(span.end, stop), Math.min(start + 1, stop)) }
  }
}

export function spanOfNode(node: Node): Span {
  const range = node.range
  return range == null ? { start: 0, end: 0 } : { start: range[0], end: range[1] }
}

interface Place {
  readonly line: number
  readonly column: number
  readonly length: number
}

/** For a configuration without a text. */
export const NOWHERE: Place = { line: 0, column: 0, length: 0 }

export function problemAt(finding: Finding, file: string, place: Place): ConfigProblem {
  return {
    code: finding.code,
    severity: finding.severity ?? 'error',
    message: finding.message,
    hint: finding.hint ?? null,
    file,
    ...place,
    path: pathText(finding.path),
  }
}
