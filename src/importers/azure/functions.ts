/**
 * The functions of ARM templates that settings are written with. What only Azure knows (the subscription, a hash of it)
 * becomes a placeholder in braces, and the report says so.
 *
 * Example: `resourceId('Microsoft.Compute/virtualMachineScaleSets', 'web')` gives
 * `/subscriptions/{subscriptionId}/resourceGroups/{resourceGroup}/providers/Microsoft.Compute/virtualMachineScaleSets/web`.
 */
import { argument, type Call, listOf, node, number, type Plain, text, truth } from './arguments.ts'
import { type Json, shown } from './json.ts'
import { LIST_FUNCTIONS } from './list-functions.ts'
import type { Place } from './refusal.ts'
import { Unresolved } from './syntax.ts'

/** Throws `Unresolved` for a function it does not know and for arguments it cannot take. */
export function callFunction(name: string, call: Call): Json {
  const known = FUNCTIONS.get(name.toLowerCase())
  if (known === undefined) {
    const isOfAzure =
      /^(?:reference|list\w*|pick\w*|utcNow|newGuid|environment|tenant|managementGroup)$/i.test(name)
    throw new Unresolved(
      isOfAzure ? `${name}() is known only when it is deployed` : `${name}() is not a function known here`,
    )
  }
  return known(call)
}

const texts = (call: Call): string[] => call.args.map((_, index) => text(call, index))

function joined(call: Call): Json {
  const { args, place } = call
  if (args.length > 0 && args.every(({ kind }) => kind === 'array')) {
    const items = args.flatMap(arg => (arg.kind === 'array' ? arg.items : []))
    return listOf(items, place)
  }
  return node(texts(call).join(''), place)
}

/** With names that may be left out in front: a subscription, then a resource group. */
function resourceId(call: Call, scope: 'group' | 'subscription'): Json {
  const words = texts(call)
  const at = words.findIndex(word => word.includes('/'))
  if (at < 0) throw new Unresolved('no type of a resource is among the arguments')
  const [type = '', ...names] = words.slice(at)
  const before = words.slice(0, at)
  const group = scope === 'group' ? before.at(-1) : undefined
  const subscription = scope === 'group' ? before.at(-2) : before.at(-1)
  // A slash at the end of the type is a common slip, which Azure forgives.
  const [provider = '', ...types] = type.replace(/\/+$/, '').split('/')
  const path = types.map((kind, index) => `${kind}/${names[index] ?? '{name}'}`).join('/')
  const head = `/subscriptions/${subscription ?? '{subscriptionId}'}`
  const inGroup = scope === 'group' ? `/resourceGroups/${group ?? '{resourceGroup}'}` : ''
  return node(`${head}${inGroup}/providers/${provider}/${path}`, call.place)
}

function objectOf(members: Readonly<Record<string, string>>, place: Place): Json {
  return {
    kind: 'object',
    place,
    members: Object.entries(members).map(([name, value]) => ({ name, place, value: node(value, place) })),
  }
}

/** Names and values in turn. */
function createObject({ args, place }: Call): Json {
  if (args.length % 2 !== 0) throw new Unresolved('createObject() needs names and values in turn')
  const members = args.flatMap((name, index) => {
    const value = args[index + 1]
    if (index % 2 !== 0 || value === undefined) return []
    if (name.kind !== 'text') throw new Unresolved(`${shown(name)} is not a name`)
    return [{ name: name.value, place, value }]
  })
  return { kind: 'object', place, members }
}

function length(call: Call): Json {
  const value = argument(call, 0)
  if (value.kind === 'array') return node(value.items.length, call.place)
  if (value.kind === 'object') return node(value.members.length, call.place)
  return node(text(call, 0).length, call.place)
}

function ends(call: Call, which: 'first' | 'last'): Json {
  const value = argument(call, 0)
  if (value.kind === 'text')
    return node((which === 'first' ? value.value[0] : value.value.at(-1)) ?? '', call.place)
  const found = value.kind === 'array' ? value.items.at(which === 'first' ? 0 : -1) : undefined
  if (found === undefined) throw new Unresolved(`${which}() of nothing`)
  return found
}

function isSame(one: Json, other: Json): boolean {
  if (one.kind === 'text' && other.kind === 'text')
    return one.value.toLowerCase() === other.value.toLowerCase()
  if (one.kind === 'number' && other.kind === 'number') return one.value === other.value
  if (one.kind === 'boolean' && other.kind === 'boolean') return one.value === other.value
  return one.kind === 'null' && other.kind === 'null'
}

function contains(call: Call): boolean {
  const where = argument(call, 0)
  const what = argument(call, 1)
  if (where.kind === 'array') return where.items.some(item => isSame(item, what))
  if (where.kind === 'object') {
    const name = text(call, 1).toLowerCase()
    return where.members.some(member => member.name.toLowerCase() === name)
  }
  return text(call, 0).includes(text(call, 1))
}

function isEmpty(value: Json): boolean {
  if (value.kind === 'array') return value.items.length === 0
  if (value.kind === 'object') return value.members.length === 0
  return value.kind === 'null' || (value.kind === 'text' && value.value === '')
}

function format(call: Call): string {
  return text(call, 0).replace(/\{(\d+)(?::[^}]*)?\}/g, (_, index: string) => text(call, Number(index) + 1))
}

function whole(call: Call, work: (one: number, other: number) => number): Json {
  const result = Math.trunc(work(number(call, 0), number(call, 1)))
  if (!Number.isFinite(result)) throw new Unresolved('it divides by zero')
  return node(result, call.place)
}

function split(call: Call): Json {
  const by = argument(call, 1)
  const marks =
    by.kind === 'array'
      ? by.items.flatMap(item => (item.kind === 'text' ? [item.value] : []))
      : [text(call, 1)]
  const pieces = marks.reduce<readonly string[]>(
    (parts, mark) => (mark === '' ? parts : parts.flatMap(part => part.split(mark))),
    [text(call, 0)],
  )
  return listOf(
    pieces.map(piece => node(piece, call.place)),
    call.place,
  )
}

const saying =
  (work: (call: Call) => Plain) =>
  (call: Call): Json =>
    node(work(call), call.place)

const FUNCTIONS: ReadonlyMap<string, (call: Call) => Json> = new Map<string, (call: Call) => Json>([
  ...LIST_FUNCTIONS,
  ['concat', joined],
  ['format', saying(format)],
  ['string', saying(call => text(call, 0))],
  ['int', saying(call => Math.trunc(number(call, 0)))],
  ['bool', saying(call => truth(call, 0))],
  ['tolower', saying(call => text(call, 0).toLowerCase())],
  ['toupper', saying(call => text(call, 0).toUpperCase())],
  ['trim', saying(call => text(call, 0).trim())],
  ['replace', saying(call => text(call, 0).split(text(call, 1)).join(text(call, 2)))],
  [
    'substring',
    saying(call => text(call, 0).substr(number(call, 1), call.args.length > 2 ? number(call, 2) : undefined)),
  ],
  ['split', split],
  ['length', length],
  ['first', call => ends(call, 'first')],
  ['last', call => ends(call, 'last')],
  ['contains', saying(contains)],
  ['empty', saying(call => isEmpty(argument(call, 0)))],
  ['startswith', saying(call => text(call, 0).toLowerCase().startsWith(text(call, 1).toLowerCase()))],
  ['endswith', saying(call => text(call, 0).toLowerCase().endsWith(text(call, 1).toLowerCase()))],
  ['base64', saying(call => Buffer.from(text(call, 0), 'utf8').toString('base64'))],
  ['createobject', createObject],
  ['createarray', call => listOf(call.args, call.place)],
  ['array', call => (argument(call, 0).kind === 'array' ? argument(call, 0) : listOf(call.args, call.place))],
  ['coalesce', call => call.args.find(({ kind }) => kind !== 'null') ?? argument(call, 0)],
  ['add', call => whole(call, (one, other) => one + other)],
  ['sub', call => whole(call, (one, other) => one - other)],
  ['mul', call => whole(call, (one, other) => one * other)],
  ['div', call => whole(call, (one, other) => one / other)],
  ['mod', call => whole(call, (one, other) => one % other)],
  ['min', saying(call => Math.min(...call.args.map((_, index) => number(call, index))))],
  ['max', saying(call => Math.max(...call.args.map((_, index) => number(call, index))))],
  ['equals', saying(call => isSame(argument(call, 0), argument(call, 1)))],
  ['less', saying(call => number(call, 0) < number(call, 1))],
  ['lessorequals', saying(call => number(call, 0) <= number(call, 1))],
  ['greater', saying(call => number(call, 0) > number(call, 1))],
  ['greaterorequals', saying(call => number(call, 0) >= number(call, 1))],
  ['not', saying(call => !truth(call, 0))],
  ['and', saying(call => call.args.every((_, index) => truth(call, index)))],
  ['or', saying(call => call.args.some((_, index) => truth(call, index)))],
  ['true', saying(() => true)],
  ['false', saying(() => false)],
  ['null', ({ place }) => ({ kind: 'null', place })],
  ['resourceid', call => resourceId(call, 'group')],
  ['subscriptionresourceid', call => resourceId(call, 'subscription')],
  ['uniquestring', saying(() => '{uniqueString}')],
  ['guid', saying(() => '{guid}')],
  [
    'resourcegroup',
    ({ place }) =>
      objectOf(
        {
          id: '/subscriptions/{subscriptionId}/resourceGroups/{resourceGroup}',
          name: '{resourceGroup}',
          location: '{location}',
        },
        place,
      ),
  ],
  [
    'subscription',
    ({ place }) =>
      objectOf({ id: '/subscriptions/{subscriptionId}', subscriptionId: '{subscriptionId}' }, place),
  ],
  ['deployment', ({ place }) => objectOf({ name: '{deployment}' }, place)],
])
