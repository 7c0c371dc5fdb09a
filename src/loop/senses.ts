/**
 * How a fleet's metrics get in: asks each source for what is due, waits a little, and takes what came. A slow source
 * never holds up a tick: its answer is taken by a later one. A failed one leaves a gap with its reason, never a zero.
 *
 * Example: `cpu` is read every second from `process`; a tick 300 ms after the last read takes the pushed `orders`
 * and leaves `cpu` alone.
 */
import type { Observation, OperandReading } from '../model/observation.ts'
import { NO_OVERRIDES, type Override } from '../model/override.ts'
import type { Sample } from '../model/sample.ts'
import type { FleetSpec, MetricSpec } from '../model/spec.ts'
import type { EpochMs } from '../model/time.ts'
import type { MetricAnswer, MetricQuery } from '../ports/metric-source.ts'
import type { SeriesSamples } from '../ports/state-store.ts'
import { reasonOf, withDeadline } from './deadline.ts'
import { FleetWindows, longestWindowMs } from './fleet-windows.ts'
import { type Boots, Outlooks } from './outlooks.ts'
import type { World } from './world.ts'

/** How long a tick waits for sources that were asked in it. */
const PATIENCE_MS = 1_000
/** How long a source may take at all. */
const READ_DEADLINE_MS = 30_000
/** A metric is due a little early rather than a whole tick late. */
const DUE_SHARE = 0.9

/** Samples may be this far ahead of our clock. */
const FUTURE_MS = 60_000

/** Which samples of an instance count: not those of one still booting or warming up. */
export type CountsSample = (sample: Sample) => boolean

export class Senses {
  readonly spec: FleetSpec
  /** In force at the last tick. */
  overrides: readonly Override[] = NO_OVERRIDES
  readonly #world: World
  readonly #windows: FleetWindows
  readonly #outlooks: Outlooks
  readonly #asking = new Map<string, Promise<void>>()
  readonly #lastAsked = new Map<string, EpochMs>()
  readonly #gaps = new Map<string, string>()
  #arrived: SeriesSamples[] = []

  constructor(world: World, spec: FleetSpec) {
    this.#world = world
    this.spec = spec
    this.#windows = new FleetWindows(spec)
    this.#outlooks = new Outlooks(spec, world.calendar)
  }

  refill(at: EpochMs): Promise<void> {
    return this.#windows.refill(this.#world.store, at)
  }

  /** Asks what is due and waits for it, but no longer than its patience. */
  async ask(at: EpochMs): Promise<void> {
    for (const [source, metrics] of this.#due(at)) {
      if (this.#asking.has(source)) continue
      for (const { name } of metrics) this.#lastAsked.set(name, at)
      const asking = this.#askSource(source, metrics, at).finally(() => this.#asking.delete(source))
      this.#asking.set(source, asking)
    }
    if (this.#asking.size === 0) return
    const patience = withDeadline(this.#world.clock, PATIENCE_MS, 'wait for sources', () =>
      Promise.all(this.#asking.values()),
    )
    await patience.catch(() => undefined)
  }

  /** Takes what arrived into the windows. */
  take(counts: CountsSample): void {
    const arrived = this.#arrived
    this.#arrived = []
    for (const { metric, samples } of arrived) {
      const taken = this.#windows.add(metric, samples.filter(counts))
      if (taken.length > 0)
        this.#world.emit({ type: 'samples', fleet: this.spec.name, metric, samples: taken })
    }
  }

  /** Every operand's reading; a gap carries its source's reason where the source gave one. */
  read(at: EpochMs): Record<string, OperandReading> {
    const readings = this.#windows.read(at)
    for (const operand of this.spec.operands) {
      const reading = readings[operand.key]
      const because = this.#gaps.get(operand.metric)
      if (because !== undefined && reading !== undefined && 'gap' in reading) {
        readings[operand.key] = { gap: `${reading.gap}; ${because}` }
      }
    }
    return readings
  }

  /** What rules that look ahead have to expect, as of this tick. */
  async lookAhead(observation: Observation, boots: Boots): Promise<Pick<Observation, 'outlooks'>> {
    await this.#outlooks.recall(this.#world.store, observation.at, boots)
    return this.#outlooks.look(observation, boots)
  }

  /** Another process may have held the fleet since the last tick. */
  takeOver(): void {
    this.#outlooks.forget()
  }

  fresh(): readonly SeriesSamples[] {
    return [...this.#windows.fresh(), ...this.#outlooks.fresh()]
  }

  saved(): void {
    this.#windows.saved()
    this.#outlooks.saved()
  }

  #due(at: EpochMs): Map<string, MetricSpec[]> {
    const due = new Map<string, MetricSpec[]>()
    for (const metric of Object.values(this.spec.metrics)) {
      const last = this.#lastAsked.get(metric.name)
      const isDue = last === undefined || at - last >= metric.everyMs * DUE_SHARE
      if (!isDue && this.#world.source(metric.source).subscribe === undefined) continue
      const group = due.get(metric.source)
      if (group === undefined) due.set(metric.source, [metric])
      else group.push(metric)
    }
    return due
  }

  async #askSource(name: string, metrics: readonly MetricSpec[], at: EpochMs): Promise<void> {
    const lookBackMs = Math.max(...metrics.map(metric => longestWindowMs(this.spec, metric.name)))
    const queries = metrics.map(metric => queryOf(this.spec, metric))
    try {
      const answers = await withDeadline(this.#world.clock, READ_DEADLINE_MS, `read source ${name}`, signal =>
        this.#world.source(name).read(queries, { from: at - lookBackMs, to: at }, signal),
      )
      metrics.forEach((metric, index) => {
        this.#keep(metric.name, answers[index] ?? { gap: `source ${name} gave no answer` })
      })
    } catch (error) {
      for (const metric of metrics) this.#keep(metric.name, { gap: reasonOf(error) })
    }
  }

  #keep(metric: string, answer: MetricAnswer): void {
    if ('gap' in answer) {
      this.#gaps.set(metric, answer.gap)
      return
    }
    this.#gaps.delete(metric)
    // A clock far ahead of ours must not push out what is true now; NaN is no measurement.
    const latest = this.#world.clock.now() + FUTURE_MS
    const samples = answer.samples.filter(
      ({ at, value }) => Number.isFinite(value) && Number.isFinite(at) && at <= latest,
    )
    if (samples.length > 0) this.#arrived.push({ metric, samples })
  }
}

/** A metric that a rule of another fleet reads is asked for as that fleet's own. */
function queryOf({ name: reader }: FleetSpec, metric: MetricSpec): MetricQuery {
  const { ofFleet } = metric
  if (ofFleet === null) return { fleet: reader, metric }
  const name = metric.name.slice(ofFleet.length + 1)
  return { fleet: ofFleet, reader, metric: { ...metric, name, ofFleet: null } }
}
