/**
 * What an answer from outside says, as samples: a number is one sample of the fleet, numbers by name are one sample
 * per instance. Anything else is a gap that quotes what was there; a text that looks like a number stays a text.
 *
 * Example: `{ "cpu": { "web-1": 83.2, "web-2": 12 } }` with the pointer `/cpu` is two samples, `{ at, value: 83.2,
 * instance: 'web-1' }` and `{ at, value: 12, instance: 'web-2' }`; `{ "cpu": "83.2" }` is a gap.
 */
import type { Sample } from '../../model/sample.ts'
import type { EpochMs } from '../../model/time.ts'
import type { MetricAnswer } from '../../ports/metric-source.ts'
import { resolvePointer } from '../json-pointer.ts'

const MOST_INSTANCES = 10_000
const LONGEST_NAME = 200
const QUOTE_CHARACTERS = 60

/** `where` names what answered, e.g. `GET http://127.0.0.1:9000/stats`. */
export function readingOf(document: unknown, pointer: string, at: EpochMs, where: string): MetricAnswer {
  const pointed = resolvePointer(document, pointer)
  if (!pointed.found) return { gap: `PLM-364 ${where}: ${pointed.because}` }
  const place = pointer === '' ? 'the answer' : `the value at ${pointer}`
  const read = samplesOf(pointed.value, at)
  return typeof read === 'string' ? { gap: `PLM-365 ${where}: ${place} ${read}` } : { samples: read }
}

/** The samples, or what is wrong with the value. */
function samplesOf(value: unknown, at: EpochMs): Sample[] | string {
  if (typeof value === 'number')
    return Number.isFinite(value) ? [{ at, value }] : `is ${value}, not a finite number`
  if (Array.isArray(value)) return fromEntries(value.flatMap(listEntries), at)
  if (typeof value === 'object' && value !== null) return fromEntries(Object.entries(value), at)
  return wrong(value)
}

/** An element of a list: `{ instance: 'web-1', value: 83.2 }`, or `{ 'web-1': 83.2 }`. */
function listEntries(element: unknown): [string, unknown][] {
  if (typeof element !== 'object' || element === null || Array.isArray(element)) return [['', element]]
  const instance: unknown = Reflect.get(element, 'instance')
  if (typeof instance === 'string') return [[instance, Reflect.get(element, 'value')]]
  return Object.entries(element)
}

/** `null` is an instance that has nothing to say; it is silent, not zero. */
function fromEntries(entries: readonly [string, unknown][], at: EpochMs): Sample[] | string {
  if (entries.length > MOST_INSTANCES)
    return `has ${entries.length} entries; at most ${MOST_INSTANCES} are taken`
  const samples = new Map<string, Sample>()
  for (const [instance, value] of entries) {
    if (value === null) continue
    if (instance === '' || instance.length > LONGEST_NAME) {
      return instance === ''
        ? 'is a list; it must hold {"instance": name, "value": number}, or be one number'
        : `has a name of ${instance.length} characters; at most ${LONGEST_NAME} are taken`
    }
    if (typeof value !== 'number' || !Number.isFinite(value))
      return `has under "${instance}" what ${wrong(value)}`
    if (samples.has(instance)) return `has "${instance}" twice`
    samples.set(instance, { at, value, instance })
  }
  return samples.size === 0 ? 'is empty, so no instance reports' : [...samples.values()]
}

function wrong(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value)
  const quoted = text.length > QUOTE_CHARACTERS ? `${text.slice(0, QUOTE_CHARACTERS)}...` : text
  if (typeof value === 'string' && value.trim() !== '' && Number.isFinite(Number(value))) {
    return `is the text ${quoted}, not a number; let it be sent without quotes`
  }
  return `is ${quoted}, not a number`
}
