/**
 * Plays recorded load against whoever decides: serves it with the instances there are, shows what was measured, orders what is
 * asked for, and goes on. What was asked changes what is measured next, as it would have then.
 *
 * Example: a month by the minute with a decision a minute is 43,200 decisions; `course.lost` says which minutes had too few ready.
 */
import type { Decision, Step } from '../model/decision.ts'
import type { EpochMs } from '../model/time.ts'
import type { Contender, Seen } from './contender.ts'
import type { Course, CourseDecision } from './course.ts'
import { Service } from './service.ts'
import { instancesFor, type ServiceModel } from './service-model.ts'
import { seededRandom } from './simulation/seeded-random.ts'

/** Decisions kept whole; later ones keep their outcome only. */
export const MOST_WHOLE_DECISIONS = 10_000
const MOST_DECISIONS = 200_000

export interface Replayed {
  readonly startAt: EpochMs
  readonly stepMs: number
  /** Per bin; NaN is a gap, in which nothing is known and nothing is scored. */
  readonly load: Float64Array
  readonly model: ServiceModel
  /** For boot times that are a distribution. */
  readonly seed: number
  /** `false`: of decisions only the counts are kept, for who replays thousands and reads none of them. */
  readonly reasons?: boolean
}

/** What whoever decided says of it. */
type Said = Pick<Contender, 'bounds' | 'decision' | 'tell'>

type Mutable<T> = { -readonly [key in keyof T]: T[key] }

export function replay(played: Replayed, contender: Contender): Course {
  const playback = new Playback(played)
  while (playback.toNextDecision()) {
    const desired = contender.next(playback.seen)
    playback.service.order(desired)
    playback.decided(desired, contender)
  }
  return playback.course(contender.name)
}

/** Load played up to the next decision, again and again; what is decided there is up to whoever holds it. */
export class Playback {
  readonly service: Service
  readonly seen: Seen
  readonly #seen: Mutable<Seen>
  readonly #played: Replayed
  readonly #record: ReturnType<typeof newRecord>
  readonly #utilizations: Float64Array
  readonly #decisions: Decisions
  readonly #lateBins: number
  readonly #begun = performance.now()
  #bin = 0
  #nextMs: number
  #desired: number
  #bounds: Contender['bounds'] = null
  #ticks = 0

  constructor(played: Replayed) {
    const { startAt, stepMs, load, model, seed, reasons } = played
    const random = seededRandom(seed)
    const initial = model.initial ?? instancesFor(firstOf(load), model.perInstance)
    this.#played = played
    this.#record = newRecord(played)
    this.#utilizations = new Float64Array(load.length)
    this.#decisions = new Decisions(startAt, reasons)
    this.#lateBins = model.metricDelayMs / stepMs
    this.#nextMs = model.everyMs
    this.#desired = initial
    this.service = new Service(model, stepMs, initial, () => random.next())
    this.#seen = {
      atMs: 0,
      bin: -1,
      load: Number.NaN,
      utilizationRatio: Number.NaN,
      backlog: 0,
      ready: initial,
      booting: 0,
    }
    this.seen = this.#seen
  }

  /** @returns false when the record is over */
  toNextDecision(): boolean {
    const { load, stepMs, model } = this.#played
    while (this.#bin < load.length) {
      const endMs = (this.#bin + 1) * stepMs
      const arriving = load[this.#bin] ?? Number.NaN
      if (this.#nextMs < endMs) {
        this.service.advance(this.#nextMs, arriving)
        this.#look()
        this.#nextMs += model.everyMs
        return true
      }
      this.service.advance(endMs, arriving)
      this.#closeBin(arriving)
      if (this.#nextMs === endMs) {
        this.#look()
        this.#nextMs += model.everyMs
        return true
      }
    }
    return false
  }

  /** @param desired what was asked for, ready and booting together */
  decided(desired: number, said: Said): void {
    const { atMs, ready, booting } = this.#seen
    this.#desired = desired
    this.#bounds = said.bounds
    this.#ticks += 1
    this.#decisions.note(atMs, ready + booting, desired, said)
  }

  course(name: string): Course {
    const { startAt, stepMs, load } = this.#played
    return {
      name,
      startAt,
      stepMs,
      length: load.length,
      ...this.#record,
      decisions: this.#decisions.kept,
      censored: [],
      doubtful: [],
      ticks: this.#ticks,
      elapsedMs: performance.now() - this.#begun,
    }
  }

  #closeBin(arriving: number): void {
    const { stepMs, model } = this.#played
    const record = this.#record
    const bin = this.#bin
    const { served, lost, refused, readyMs, paidMs } = this.service.takeTally()
    const ready = readyMs / stepMs
    record.served[bin] = served
    record.lost[bin] = lost
    record.refused[bin] = refused
    record.backlog[bin] = this.service.backlog
    record.ready[bin] = ready
    record.paid[bin] = paidMs / stepMs
    record.desired[bin] = this.#desired
    record.lowest[bin] = this.#bounds?.lowest ?? Number.NaN
    record.highest[bin] = this.#bounds?.highest ?? Number.NaN
    this.#utilizations[bin] = arriving / (ready * model.perInstance)
    this.#bin += 1
  }

  #look(): void {
    const { load, stepMs } = this.#played
    const seen = this.#seen
    const bin = Math.min(load.length, Math.floor(this.#nextMs / stepMs - this.#lateBins + 1e-9)) - 1
    seen.atMs = this.#nextMs
    seen.bin = bin
    seen.load = bin < 0 ? Number.NaN : (load[bin] ?? Number.NaN)
    seen.utilizationRatio = bin < 0 ? Number.NaN : (this.#utilizations[bin] ?? Number.NaN)
    seen.backlog = bin < 0 ? 0 : (this.#record.backlog[bin] ?? 0)
    seen.ready = this.service.ready
    seen.booting = this.service.booting
  }
}

function newRecord({ load, model }: Replayed) {
  const empty = (): Float64Array => new Float64Array(load.length)
  return {
    load,
    needed: load.map(value => (Number.isNaN(value) ? Number.NaN : instancesFor(value, model.perInstance))),
    served: empty(),
    lost: empty(),
    refused: empty(),
    backlog: empty(),
    ready: empty(),
    paid: empty(),
    desired: empty(),
    lowest: empty(),
    highest: empty(),
  }
}

function firstOf(load: Float64Array): number {
  return load.find(value => !Number.isNaN(value)) ?? 0
}

/** Those that changed the count, or went another way than the one before. */
export class Decisions {
  readonly kept: CourseDecision[] = []
  readonly #startAt: EpochMs
  readonly #reasons: boolean
  #last: Decision | null = null

  constructor(startAt: EpochMs, reasons = true) {
    this.#startAt = startAt
    this.#reasons = reasons
  }

  note(atMs: number, from: number, to: number, said: Said): void {
    if (!this.#reasons) {
      if (from !== to) this.#keepCounts(atMs, from, to)
      return
    }
    const untold = said.decision ?? null
    const wentAnotherWay = untold !== null && (this.#last === null || !isSameWay(this.#last, untold))
    this.#last = untold
    if ((from === to && !wentAnotherWay) || this.kept.length >= MOST_DECISIONS) return
    const decision = said.tell?.() ?? untold
    this.kept.push({
      at: this.#startAt + atMs,
      from,
      to,
      rule: decision?.rule ?? null,
      because: decision?.because ?? (to > from ? `${to - from} more` : `${from - to} fewer`),
      // What only held is told in its sentence.
      decision: from !== to && this.kept.length < MOST_WHOLE_DECISIONS ? decision : null,
    })
  }

  #keepCounts(atMs: number, from: number, to: number): void {
    if (this.kept.length >= MOST_DECISIONS) return
    this.kept.push({ at: this.#startAt + atMs, from, to, rule: null, because: '', decision: null })
  }
}

/** The same outcome for the same reason; the numbers in it may differ, and so may what rules thought that did not count. */
function isSameWay(one: Decision, other: Decision): boolean {
  if (one === other) return true
  if (one.rule !== other.rule || one.direction !== other.direction) return false
  if (one.bounds.constraint !== other.bounds.constraint) return false
  let index = 0
  for (const step of one.steps) {
    if (!settles(step)) continue
    while (index < other.steps.length && !settles(other.steps[index])) index += 1
    const same = other.steps[index]
    if (same === undefined || step.stage !== same.stage || step.outcome !== same.outcome) return false
    index += 1
  }
  while (index < other.steps.length && !settles(other.steps[index])) index += 1
  return index === other.steps.length
}

function settles(step: Step | undefined): boolean {
  switch (step?.stage) {
    case 'reconciliation':
    case 'guards':
    case 'floors':
    case 'limits':
      return true
    default:
      return false
  }
}
