/**
 * Random configuration texts: mostly what an operator might write, with every key of the format's schema now and then at
 * random, and with the slips of a hand on a keyboard.
 *
 * Example: `randomText(chance)` may be a valid file of two fleets, or the same with a `]` too many.
 */
import { readFileSync } from 'node:fs'
import { stringify } from 'yaml'
import type { Chance } from './chance.ts'

type Value = null | boolean | number | string | readonly Value[] | { readonly [key: string]: Value }
type Keys = Record<string, Value>

/** A node of a JSON Schema, as far as it is used here. */
interface Schema {
  readonly type?: string | readonly string[]
  readonly const?: Value
  readonly enum?: readonly Value[]
  readonly examples?: readonly Value[]
  readonly default?: Value
  readonly minimum?: number
  readonly maximum?: number
  readonly anyOf?: readonly Schema[]
  readonly oneOf?: readonly Schema[]
  readonly items?: Schema
  readonly properties?: Readonly<Record<string, Schema>>
  readonly additionalProperties?: Schema | boolean
  readonly required?: readonly string[]
}

const SCHEMA: Schema = JSON.parse(
  readFileSync(new URL('../../schema/plimsoll.schema.json', import.meta.url), 'utf8'),
)

const METRICS = ['cpu', 'orders', 'queue', 'lag', 'requests'] as const
const SCHEDULES = ['peak', 'office', 'launch'] as const
const SETTINGS = ['quality', 'reports'] as const
const FLEETS = ['web', 'db'] as const
const NAMES = [
  'Scale up',
  'Scale down',
  'Fast',
  'Backlog',
  'Shed',
  'Follow',
  'a',
  'x.y-z_1',
  'Größe',
] as const
const AGGREGATES = [
  'avg',
  'min',
  'max',
  'sum',
  'count',
  'last',
  'median',
  'p95',
  'rate',
  'increase',
  'slope',
  'stddev',
]
const QUANTITIES = [
  'instances',
  'ready',
  'pending',
  'free_slots',
  'sessions',
  'lowest',
  'highest',
  'waiting_sessions',
  'fleet(db).ready',
]
const DURATIONS = ['0s', '15s', '1m', '5m', '90s', '45m', '2h', '1d', '500ms']

export function randomText(chance: Chance): string {
  const config = randomConfig(chance)
  const text = chance.maybe(0.5) ? JSON.stringify(config, null, chance.pick([0, 2])) : stringify(config)
  return chance.maybe(0.25) ? slip(text, chance) : text
}

function randomConfig(chance: Chance): Keys {
  const wild = wildWith(chance)
  return {
    plimsoll: wild(1, SCHEMA.properties?.plimsoll),
    schedules: {
      peak: { daily: true, start: '08:00', duration: chance.pick(['1m', '90m', '2h', '1d', '7d']) },
      office: {
        weekly: { days: ['monday', 'friday'] },
        start: '09:00',
        end: '17:30',
        timeZone: 'Europe/London',
      },
      launch: { between: { from: '2026-12-24T18:00', to: '2026-12-25T00:00' } },
      ...(chance.maybe(0.2)
        ? { odd: wild({ cron: '*/5 * * * *', duration: '1m' }, childOf(SCHEMA.properties?.schedules)) }
        : {}),
    },
    metrics: Object.fromEntries(METRICS.map(name => [name, randomMetric(name, chance)])),
    fleets: Object.fromEntries(FLEETS.map(name => [name, randomFleet(chance)])),
    ...(chance.maybe(0.15) ? { groups: randomGroups(chance) } : {}),
    ...(chance.maybe(0.1)
      ? { [chance.pick(['api', 'state', 'notifiers', 'actions', 'fleet', ''])]: randomOf(SCHEMA, chance, 3) }
      : {}),
  }
}

function randomMetric(name: string, chance: Chance): Value {
  const metric: Keys = {
    source: 'push',
    kind: name === 'cpu' ? 'perInstance' : chance.pick(['total', 'independent']),
    unit: name === 'cpu' ? 'percent' : name === 'lag' ? 'ms' : 'count',
    ...(chance.maybe(0.1) ? { grain: '1m', across: 'max' } : {}),
    ...(chance.maybe(0.1) ? { filter: { zone: ['a', 'b'] } } : {}),
    ...(chance.maybe(0.1) ? { dividePerInstance: true } : {}),
  }
  return wildWith(chance)(metric, childOf(SCHEMA.properties?.metrics))
}

const FLEET = childOf(SCHEMA.properties?.fleets)

function randomFleet(chance: Chance): Keys {
  const min = chance.whole(0, 5)
  const usual: Keys = {
    capacity: { min, max: min + chance.whole(0, 20) },
    rules: distinctly(
      chance.times(0, 5, () => randomRule(chance)),
      chance,
    ),
    ...(chance.maybe(0.4)
      ? {
          constraints: distinctly(
            chance.times(1, 3, () => randomConstraint(chance)),
            chance,
          ),
        }
      : {}),
    ...(chance.maybe(0.97) ? { kpis: { busy: { goal: comparison(chance) } } } : {}),
    ...(chance.maybe(0.97) ? { settings: { quality: 'high', reports: { default: true } } } : {}),
    ...(chance.maybe(0.2) ? { preset: chance.pick(['wasabi', 'azure', 'hpa', 'aws']) } : {}),
  }
  const wild = wildWith(chance)
  for (const [key, schema] of Object.entries(FLEET?.properties ?? {})) {
    const known = key in usual || key === 'target' || key === 'router' || key === 'preset'
    if (!known && chance.maybe(0.12)) usual[key] = exampleOf(schema, chance)
    else if (key in usual && chance.maybe(0.01)) usual[key] = wild(usual[key] ?? null, schema)
  }
  return usual
}

function randomConstraint(chance: Chance): Keys {
  const min = chance.whole(0, 8)
  return {
    name: `${chance.pick(NAMES)} bounds`,
    rank: chance.whole(0, 3) * 10,
    min,
    max: min + chance.whole(0, 9),
    ...(chance.maybe(0.6) ? { schedule: chance.pick(SCHEDULES) } : {}),
    ...(chance.maybe(0.1) ? { enabled: false } : {}),
  }
}

function randomGroups(chance: Chance): Keys {
  return {
    shop: {
      fleets: { web: chance.whole(1, 4), db: 1 },
      rules: distinctly(
        chance.times(1, 2, () => randomRule(chance)),
        chance,
      ),
    },
  }
}

function randomRule(chance: Chance): Keys {
  const frame: Keys = {
    name: chance.pick(NAMES),
    ...(chance.maybe(0.5) ? { rank: chance.whole(0, 3) } : {}),
    ...(chance.maybe(0.2) ? { during: chance.pick(SCHEDULES) } : {}),
    ...(chance.maybe(0.2) ? { cooldown: chance.pick(DURATIONS) } : {}),
    ...(chance.maybe(0.1) ? { enabled: chance.maybe(0.5) } : {}),
    ...(chance.maybe(0.15) ? { set: randomSet(chance) } : {}),
  }
  switch (chance.whole(0, 8)) {
    case 7:
      return {
        ...frame,
        serve: { ...randomDemand(chance), slo: chance.pick(['99.5%', 0.9, '60%', '99.99%']) },
      }
    case 8:
      return {
        ...frame,
        forecast: { ...randomDemand(chance), ...(chance.maybe(0.3) ? { horizon: '15m' } : {}) },
      }
    case 0:
      return { ...frame, steps: randomSteps(chance) }
    case 1:
      return {
        ...frame,
        track: {
          metric: operand(chance, chance.pick(['cpu', 'orders'])),
          target: chance.pick(['60%', 60, 0.5, 100]),
        },
      }
    case 2:
      return { ...frame, match: `${operand(chance, 'queue')} / ${chance.pick([10, 100, 0.5])}` }
    default:
      return {
        ...frame,
        when: condition(chance, 2),
        scale: randomScale(chance),
        ...(chance.maybe(0.2) ? { for: chance.pick(DURATIONS) } : {}),
      }
  }
}

/** What a rule that looks ahead reads, and what one instance can serve of it. */
function randomDemand(chance: Chance): Keys {
  const metric = chance.pick(['cpu', 'orders'])
  return {
    metric: operand(chance, metric),
    perInstance: metric === 'cpu' ? chance.pick(['60%', 60]) : chance.pick([100, 0.5, 1]),
  }
}

function randomSet(chance: Chance): Keys {
  if (chance.maybe(0.02)) return { [chance.pick(SETTINGS)]: chance.pick(['low', false, 3]) }
  return chance.maybe(0.5) ? { quality: chance.pick(['low', 'high']) } : { reports: chance.maybe(0.5) }
}

function randomScale(chance: Chance): Keys {
  switch (chance.whole(0, 2)) {
    case 0:
      return { to: chance.whole(0, 20) }
    case 1:
      return {
        by: chance.maybe(0.5) ? `-${chance.whole(1, 100)}%` : `${chance.whole(1, 150)}%`,
        ...(chance.maybe(0.3) ? { atLeast: 2 } : {}),
      }
    default:
      return { by: chance.pick([-3, -1, 1, 1, 2, 5]) }
  }
}

function randomSteps(chance: Chance): Keys {
  const edges = [...new Set(chance.times(1, 3, () => chance.whole(-20, 30)))].sort((a, b) => a - b)
  return {
    of: operand(chance, 'cpu'),
    threshold: chance.pick(['60%', 60, 0]),
    bands: edges.map((from, index): Keys => {
      const to = edges[index + 1]
      return { from, ...(to === undefined ? {} : { to }), by: chance.pick([1, 2, -1, '10%', '-30%']) }
    }),
    ...(chance.maybe(0.3) ? { rounding: 'towards-zero' } : {}),
  }
}

function operand(chance: Chance, metric: string = chance.pick(METRICS)): string {
  return `${chance.pick(AGGREGATES)}(${metric}, ${chance.pick(['1m', '5m', '45m', '10s'])})`
}

function condition(chance: Chance, depth: number): string {
  if (depth > 0 && chance.maybe(0.35)) {
    const [left, right] = [condition(chance, depth - 1), condition(chance, depth - 1)]
    return `${left} ${chance.pick(['and', 'or'])} ${chance.maybe(0.2) ? `not (${right})` : right}`
  }
  return chance.maybe(0.1)
    ? chance.pick(['at_max', 'at_min', 'busy is red', 'busy is unknown'])
    : comparison(chance)
}

function comparison(chance: Chance): string {
  const operator = chance.pick(['>', '>=', '<', '<=', '==', '!='])
  switch (chance.whole(1, 9)) {
    case 1:
      return `${chance.pick(QUANTITIES)} ${operator} ${chance.whole(0, 10)}`
    case 2:
      return `${operand(chance, 'orders')} / instances ${operator} ${chance.whole(0, 200)}`
    case 3:
      return `last(lag) ${operator} ${chance.pick(['300ms', '2s', '0s'])}`
    case 4:
      return `${operand(chance, 'orders')} ${operator} ${operand(chance, 'queue')} * 1.5`
    default:
      return `avg(cpu, 5m) ${operator} ${chance.whole(0, 120)}%`
  }
}

/** Now and then something quite different, as the schema allows it (or does not). */
function wildWith(chance: Chance): (usual: Value, schema: Schema | undefined) => Value {
  return (usual, schema) => (schema !== undefined && chance.maybe(0.03) ? randomOf(schema, chance, 4) : usual)
}

function exampleOf(schema: Schema, chance: Chance): Value {
  const { examples = [], default: fallback } = schema
  if (examples.length > 0 && chance.maybe(0.8)) return chance.pick(examples)
  return fallback !== undefined && chance.maybe(0.5) ? fallback : randomOf(schema, chance, 3)
}

/** Whatever a schema allows, and sometimes what it does not. */
function randomOf(schema: Schema, chance: Chance, depth: number): Value {
  if (depth <= 0 || chance.maybe(0.05)) return chance.pick(ODD)
  if (schema.const !== undefined) return schema.const
  if (schema.enum !== undefined) return chance.pick(schema.enum)
  if (schema.examples !== undefined && schema.examples.length > 0 && chance.maybe(0.6))
    return chance.pick(schema.examples)
  const either = schema.anyOf ?? schema.oneOf
  if (either !== undefined) return randomOf(chance.pick(either), chance, depth)
  switch (typeof schema.type === 'string' ? schema.type : chance.pick(schema.type ?? ['string'])) {
    case 'object':
      return randomObject(schema, chance, depth)
    case 'array':
      return chance.times(0, 3, () => randomOf(schema.items ?? {}, chance, depth - 1))
    case 'integer':
    case 'number':
      return chance.whole(Math.max(-5, schema.minimum ?? -5), Math.min(100, schema.maximum ?? 100))
    case 'boolean':
      return chance.maybe(0.5)
    case 'null':
      return null
    default:
      return chance.pick([...DURATIONS, ...NAMES, ...METRICS, condition(chance, 1), '', '50%'])
  }
}

function randomObject(schema: Schema, chance: Chance, depth: number): Keys {
  const found: Keys = {}
  for (const [key, child] of Object.entries(schema.properties ?? {})) {
    if (schema.required?.includes(key) === true || chance.maybe(0.3))
      found[key] = randomOf(child, chance, depth - 1)
  }
  const child = childOf(schema)
  if (child !== undefined) found[chance.pick([...NAMES, ...FLEETS])] = randomOf(child, chance, depth - 1)
  return found
}

function childOf(schema: Schema | undefined): Schema | undefined {
  const child = schema?.additionalProperties
  return typeof child === 'object' ? child : undefined
}

/** Mostly unique names, since a file with two of one name is refused at once. */
function distinctly(list: Keys[], chance: Chance): Keys[] {
  if (chance.maybe(0.03)) return list
  return list.map((item, index) => ({ ...item, name: `${String(item.name)} ${index + 1}` }))
}

const ODD: readonly Value[] = [
  null,
  true,
  -1,
  0,
  1e308,
  0.1,
  '',
  '~',
  'null',
  [],
  {},
  [[]],
  '${env:HOME}',
  '\u202e',
  'x'.repeat(300),
]

const PIECES = [
  '{',
  '}',
  '[',
  ']',
  '"',
  "'",
  ':',
  ': ',
  ',',
  '\n',
  ' ',
  '\t',
  '- ',
  '#',
  '&a ',
  '*a',
  '!x ',
  '|',
  '>',
  '%',
  '(',
  ')',
  '\u0000',
  '\u{1f6a2}',
  '-1',
  '1e999',
  'NaN',
  '${env:',
  '<<: ',
]

/** What happens to a text that is edited in a hurry: one to four times. */
function slip(text: string, chance: Chance): string {
  let changed = text
  for (let n = chance.whole(1, 4); n > 0; n--) {
    const at = chance.whole(0, changed.length)
    const length = chance.whole(0, Math.min(12, changed.length - at))
    const [before, after] = [changed.slice(0, at), changed.slice(at)]
    switch (chance.whole(0, 4)) {
      case 0:
        changed = before + after.slice(length)
        break
      case 1:
        changed = before + chance.pick(PIECES) + after
        break
      case 2:
        changed = before + after.slice(0, length) + after
        break
      case 3:
        changed = oneLineLess(changed, chance)
        break
      default:
        changed = before + chance.pick(PIECES) + after.slice(length)
    }
  }
  return changed
}

function oneLineLess(text: string, chance: Chance): string {
  const lines = text.split('\n')
  lines.splice(chance.whole(0, lines.length - 1), 1)
  return lines.join('\n')
}
