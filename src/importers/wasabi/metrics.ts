/**
 * Operands as metrics and aggregates of them. Operands of one counter (or queue) share a metric.
 *
 * Example: `cpu` (average over 45 minutes) and `cpuPeak` (maximum over 10) of one counter are `avg(cpu, 45m)` and
 * `max(cpu, 10m)`.
 */
import { formatDuration } from '../../config/expression/units.ts'
import type { SourcePlace } from '../import-error.ts'
import { Names } from '../names.ts'
import { operandsOf } from './conditions.ts'
import type { OwnerPlan } from './plan.ts'
import type { Reading } from './reading.ts'
import type { Operand, Rules } from './rules-file.ts'
import type { Services } from './services-file.ts'
import { sourceOf } from './sources.ts'

export interface MetricPlan {
  readonly name: string
  readonly place: SourcePlace
  readonly kind: 'perInstance' | 'total' | 'independent'
  readonly unit: 'count' | null
  readonly about: string
  /** Its source, with what it is to read; `source: push` waits to be posted. */
  readonly read: string
}

const PUSH = 'source: push'
const FUNCTIONS = { Average: 'avg', Max: 'max', Min: 'min', Last: 'last', Growth: 'slope' } as const

export class Metrics {
  readonly #reading: Reading
  readonly #services: Services | null
  readonly #fleets: ReadonlyMap<string, OwnerPlan>
  readonly #plans: MetricPlan[] = []
  /** By what is measured. */
  readonly #names = new Map<string, string>()
  readonly counts = new Map<string, string>()

  constructor(
    reading: Reading,
    rules: Rules,
    services: Services | null,
    fleets: readonly OwnerPlan[],
    groups: readonly OwnerPlan[],
  ) {
    this.#reading = reading
    this.#services = services
    this.#fleets = new Map(fleets.map(fleet => [fleet.alias, fleet]))
    const consumers = consumersOf(rules, this.#fleets, groups)
    const users = usedBy(rules)
    const names = new Names('metric')
    const used = [...rules.operands.values()].filter(operand => {
      const isUsed = users.has(operand)
      if (!isUsed) reading.find('lost', operand.place, `no rule uses the operand "${operand.alias}"`)
      return isUsed
    })
    for (const operand of used) {
      if (this.#isCount(operand)) continue
      this.#add(operand, names, consumers.get(measuredBy(operand)) ?? new Set())
    }
    for (const fleet of fleets) {
      const name = names.take(`${fleet.name}_instances`, 'word')
      this.counts.set(fleet.alias, name)
      const about = `How many instances "${fleet.name}" has. Not needed any more once it has a target of its own.`
      this.#plans.push({ name, place: fleet.place, kind: 'independent', unit: 'count', about, read: PUSH })
    }
    for (const operand of used) this.#advise(operand)
  }

  all(): readonly MetricPlan[] {
    return this.#plans
  }

  /** In a rule of this owner. */
  textOf(operand: Operand, owner: OwnerPlan): string {
    if (this.#isCount(operand)) {
      if (operand.aggregate === 'Last') {
        const fleet = this.#fleets.get(operand.source)
        return owner === fleet ? 'instances' : `fleet(${fleet?.name ?? owner.name}).instances`
      }
      return call(operand, this.counts.get(operand.source) ?? '')
    }
    return call(operand, this.#names.get(measuredBy(operand)) ?? '')
  }

  /** The count of a fleet is there anyway. */
  #isCount({ kind, source }: Operand): boolean {
    return kind === 'roleInstanceCount' && this.#fleets.has(source)
  }

  #add(operand: Operand, names: Names, consumers: ReadonlySet<string>): void {
    const measured = measuredBy(operand)
    if (this.#names.has(measured)) return
    const name = names.take(operand.alias, 'word')
    if (name !== operand.alias) {
      this.#reading.find(
        'changed',
        operand.place,
        `the operand "${operand.alias}" is read from "${name}" here`,
      )
    }
    this.#names.set(measured, name)
    const read = sourceOf(this.#reading, operand, this.#services)
    this.#plans.push({ name, place: operand.place, ...this.#kindOf(operand, consumers), read: read ?? PUSH })
  }

  #kindOf(operand: Operand, consumers: ReadonlySet<string>): Omit<MetricPlan, 'name' | 'place' | 'read'> {
    const { kind, source, counter, alias, place } = operand
    switch (kind) {
      case 'performanceCounter': {
        const about = `The counter ${counter ?? ''} of the role "${source}".`
        const others = [...consumers].filter(each => each !== source)
        if (others.length === 0)
          return { kind: 'perInstance', unit: null, about: `${about} Of each instance.` }
        this.#reading.find(
          'changed',
          place,
          `"${alias}" is measured in "${source}" and used for ${others.map(each => `"${each}"`).join(', ')}: aggregates are over all samples, whichever instance they are of`,
        )
        return { kind: 'independent', unit: null, about }
      }
      case 'queueLength':
        return {
          kind: 'total',
          unit: 'count',
          about: `The length of ${queueText(this.#services, source)}.`,
        }
      case 'roleInstanceCount':
        return { kind: 'independent', unit: 'count', about: `How many instances the role "${source}" has.` }
      case 'custom':
        return { kind: 'independent', unit: null, about: `What your own operand <${source}> read.` }
    }
  }

  #advise(operand: Operand): void {
    const { kind, source, alias, place, aggregate } = operand
    const find = (what: 'lost' | 'ambiguous' | 'changed', message: string) =>
      this.#reading.find(what, place, message)
    if (kind === 'custom') {
      find(
        'lost',
        `the operand <${source}> "${alias}" is one of your own: post its values, or write a source for it`,
      )
    }
    if (kind === 'queueLength' && this.#services !== null && !this.#services.queues.has(source)) {
      find('ambiguous', `"${alias}": the service information has no queue "${source}"`)
    }
    const isOfRole = kind === 'performanceCounter' || kind === 'roleInstanceCount'
    if (isOfRole && this.#services !== null && !this.#services.roles.has(source)) {
      find('ambiguous', `"${alias}": the service information has no role "${source}"`)
    }
    if (kind === 'performanceCounter' && aggregate === 'Last') {
      find('ambiguous', `"${alias}": the last value is read as the mean of the newest of each instance`)
    }
    if (this.#isCount(operand) && aggregate === 'Last') {
      find(
        'changed',
        `"${alias}" is the count as it is at the decision, pending instances with it, and not one recorded before`,
      )
    }
  }
}

function call({ aggregate, windowMs }: Operand, metric: string): string {
  if (windowMs === null) return `last(${metric})`
  return `${FUNCTIONS[aggregate]}(${metric}, ${formatDuration(windowMs)})`
}

function queueText(services: Services | null, alias: string): string {
  const queue = services?.queues.get(alias)
  return queue === undefined
    ? `the queue "${alias}"`
    : `the queue "${queue.name}" of the storage account "${queue.account}"`
}

function measuredBy({ kind, source, counter, alias }: Operand): string {
  return JSON.stringify(kind === 'custom' ? [kind, alias] : [kind, source, counter])
}

function usedBy({ reactive }: Rules): ReadonlySet<Operand> {
  return new Set(reactive.flatMap(({ when }) => (when === null ? [] : operandsOf(when))))
}

/** By what is measured: the aliases of all fleets whose rules use it, groups taken apart. */
function consumersOf(
  { reactive }: Rules,
  fleets: ReadonlyMap<string, OwnerPlan>,
  groups: readonly OwnerPlan[],
): ReadonlyMap<string, ReadonlySet<string>> {
  const members = new Map(groups.map(group => [group.alias, group.members]))
  const consumers = new Map<string, Set<string>>()
  for (const { when, actions } of reactive) {
    const targets = actions.flatMap(({ target }) => [...(members.get(target)?.keys() ?? [target])])
    const known = new Set(targets.filter(alias => fleets.has(alias)))
    for (const operand of when === null ? [] : operandsOf(when)) {
      const measured = measuredBy(operand)
      const all = consumers.get(measured) ?? new Set()
      for (const alias of known) all.add(alias)
      consumers.set(measured, all)
    }
  }
  return consumers
}
