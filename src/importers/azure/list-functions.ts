/**
 * The functions of ARM templates that make lists and objects of others.
 *
 * Example: `union(variables('usual'), variables('night'))` is the rules of both, each once; of two objects it is one with the members
 * of both, the later ones where they differ.
 */
import { argument, type Call, listOf, node, number, text } from './arguments.ts'
import { type Json, type JsonObject, memberOf, plainOf, readJson } from './json.ts'
import { AzureRefusal, type Place } from './refusal.ts'
import { Unresolved } from './syntax.ts'

const MOST_RANGE = 10_000

export const LIST_FUNCTIONS: ReadonlyMap<string, (call: Call) => Json> = new Map([
  ['json', json],
  ['union', union],
  ['range', range],
  ['take', (call: Call) => part(call, 'take')],
  ['skip', (call: Call) => part(call, 'skip')],
  ['join', join],
])

/** `json('null')` is how templates leave a value out. */
function json(call: Call): Json {
  try {
    return placed(readJson(text(call, 0), call.place.file), call.place)
  } catch (error) {
    if (!(error instanceof AzureRefusal)) throw error
    throw new Unresolved(`json() of what is none: ${error.message}`)
  }
}

/** All of it stands where the expression does: places inside of its text are none of the file. */
function placed(value: Json, place: Place): Json {
  switch (value.kind) {
    case 'array':
      return { ...value, place, items: value.items.map(item => placed(item, place)) }
    case 'object': {
      const members = value.members.map(member => ({ ...member, place, value: placed(member.value, place) }))
      return { ...value, place, members }
    }
    default:
      return { ...value, place }
  }
}

function union({ args, place }: Call): Json {
  const lists = args.flatMap(arg => (arg.kind === 'array' ? [arg] : []))
  if (lists.length === args.length) {
    const items = new Map<string, Json>()
    for (const item of lists.flatMap(list => list.items)) {
      const key = JSON.stringify(plainOf(item))
      if (!items.has(key)) items.set(key, item)
    }
    return listOf([...items.values()], place)
  }
  const objects = args.flatMap(arg => (arg.kind === 'object' ? [arg] : []))
  const [first, ...rest] = objects
  if (first === undefined || objects.length < args.length)
    throw new Unresolved('union() of what does not fit together')
  return rest.reduce(merged, first)
}

function merged(one: JsonObject, other: JsonObject): JsonObject {
  const kept = one.members.filter(({ name }) => memberOf(other, name) === null)
  const laid = other.members.map(member => {
    const before = memberOf(one, member.name)
    const { value } = member
    return before?.kind === 'object' && value.kind === 'object'
      ? { ...member, value: merged(before, value) }
      : member
  })
  return { ...one, members: [...kept, ...laid] }
}

function range(call: Call): Json {
  const [start, count] = [number(call, 0), number(call, 1)]
  if (!(Number.isInteger(start) && Number.isInteger(count) && count >= 0 && count <= MOST_RANGE)) {
    throw new Unresolved(`range() takes up to ${MOST_RANGE} whole numbers`)
  }
  return listOf(
    Array.from({ length: count }, (_, index) => node(start + index, call.place)),
    call.place,
  )
}

function part(call: Call, which: 'take' | 'skip'): Json {
  const of = argument(call, 0)
  const at = Math.max(0, Math.trunc(number(call, 1)))
  const [from, to] = which === 'take' ? [0, at] : [at, undefined]
  return of.kind === 'array'
    ? listOf(of.items.slice(from, to), call.place)
    : node(text(call, 0).slice(from, to), call.place)
}

function join(call: Call): Json {
  const of = argument(call, 0)
  if (of.kind !== 'array') throw new Unresolved('join() takes a list')
  return node(
    of.items.map((_, index) => text({ ...call, args: of.items }, index)).join(text(call, 1)),
    call.place,
  )
}
