/**
 * Settings that rules change. There they keep what they were last given; here they return to a default when no rule sets them,
 * and the files do not say which that is.
 *
 * Example: of a rule that gives `Statistics` the value `false`, the default is taken to be `true`.
 */
import type { SourcePlace } from '../import-error.ts'
import { Names } from '../names.ts'
import type { OwnerPlan } from './plan.ts'
import type { Reading } from './reading.ts'
import type { Action, Reactive } from './rules-file.ts'

export interface SettingPlan {
  readonly name: string
  readonly place: SourcePlace
  readonly fallback: string
}

interface Given {
  readonly name: string
  readonly place: SourcePlace
  readonly values: { readonly value: string; readonly rank: number }[]
  readonly owners: Set<OwnerPlan>
}

const OPPOSITES = [
  ['true', 'false'],
  ['on', 'off'],
  ['yes', 'no'],
  ['enabled', 'disabled'],
  ['1', '0'],
] as const

export class Settings {
  readonly #reading: Reading
  readonly #names = new Names('setting')
  readonly #given = new Map<string, Given>()

  constructor(reading: Reading) {
    this.#reading = reading
  }

  /** What a rule sets in one fleet or group, by our names. */
  take(actions: readonly Action[], owner: OwnerPlan, rule: Reactive): (readonly [string, string])[] {
    const set = new Map<string, string>()
    for (const action of actions) {
      if (action.kind !== 'set') continue
      const given = this.#find(action.setting, action.place)
      given.owners.add(owner)
      given.values.push({ value: action.value, rank: rule.rank })
      if (!set.has(given.name)) set.set(given.name, action.value)
      else if (set.get(given.name) !== action.value) {
        const message = `"${rule.name}" gives "${action.setting}" two values: the first counts`
        this.#reading.find('ambiguous', action.place, message)
      }
    }
    return [...set]
  }

  #find(setting: string, place: SourcePlace): Given {
    const known = this.#given.get(setting)
    if (known !== undefined) return known
    const name = this.#names.take(setting, 'word')
    if (name !== setting)
      this.#reading.find('changed', place, `the setting "${setting}" is called "${name}" here`)
    const given: Given = { name, place, values: [], owners: new Set() }
    this.#given.set(setting, given)
    return given
  }

  /** By the alias of each fleet. */
  byFleet(groups: readonly OwnerPlan[]): ReadonlyMap<string, readonly SettingPlan[]> {
    const result = new Map<string, SettingPlan[]>()
    for (const [setting, { name, place, values, owners }] of this.#given) {
      const fallback = fallbackOf(values)
      this.#reading.find(
        'changed',
        place,
        `the setting "${setting}" keeps its last value there; here it returns to its default when no rule sets it`,
      )
      this.#reading.find(
        'ambiguous',
        place,
        `the default of "${setting}" is in neither file: taken to be ${JSON.stringify(fallback)}; write that of your service configuration`,
      )
      const aliases = new Set<string>()
      for (const owner of owners) {
        const group = groups.find(each => each === owner)
        for (const alias of group?.members?.keys() ?? [owner.alias]) aliases.add(alias)
      }
      for (const alias of aliases) {
        const list = result.get(alias) ?? []
        list.push({ name, place, fallback })
        result.set(alias, list)
      }
    }
    return result
  }
}

/** With several values, that of the lowest rank; with one, its opposite. */
function fallbackOf(values: Given['values']): string {
  const lowest = values.reduce((low, each) => (each.rank < low.rank ? each : low), values[0] ?? NOTHING)
  if (new Set(values.map(({ value }) => value)).size > 1) return lowest.value
  for (const [one, other] of OPPOSITES) {
    if (lowest.value.toLowerCase() === one) return inCaseOf(lowest.value, other)
    if (lowest.value.toLowerCase() === other) return inCaseOf(lowest.value, one)
  }
  return ''
}

const NOTHING = { value: '', rank: 0 }

function inCaseOf(example: string, word: string): string {
  if (example === example.toLowerCase()) return word
  if (example === example.toUpperCase()) return word.toUpperCase()
  return word.slice(0, 1).toUpperCase() + word.slice(1)
}
