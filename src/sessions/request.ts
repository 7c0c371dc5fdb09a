/**
 * What a client asked for, checked and made whole.
 *
 * Example: `{ slots: 2 }` becomes `{ id: 'k3...', slots: 2, labels: {}, zone: null, leaseMs: 120000, waitMs: 0 }`.
 */
import type { SessionsSpec } from '../model/spec.ts'
import type { Random } from '../ports/clock.ts'
import { badRequest } from './faults.ts'
import {
  LONGEST_LEASE_MS,
  MOST_ID_CHARACTERS,
  MOST_LABEL_NAME_CHARACTERS,
  MOST_LABEL_VALUE_CHARACTERS,
  MOST_LABELS,
  SHORTEST_LEASE_MS,
} from './limits.ts'
import type { PlaceRequest } from './session-broker.ts'

export interface Wanted {
  readonly id: string
  readonly slots: number
  readonly labels: Readonly<Record<string, string>>
  readonly zone: string | null
  readonly leaseMs: number | null
  readonly waitMs: number
}

const NO_LABELS: Readonly<Record<string, string>> = Object.freeze({})
const ID = new RegExp(`^[\\x21-\\x7e]{1,${MOST_ID_CHARACTERS}}$`)
const LABEL_NAME = new RegExp(`^[A-Za-z0-9_./-]{1,${MOST_LABEL_NAME_CHARACTERS}}$`)
const LETTERS = 'abcdefghijklmnopqrstuvwxyz234567'
/** 150 bits, 30 from each number drawn: nobody guesses it, and no two are the same. */
const DRAWS = 5
const LETTERS_PER_DRAW = 6

/** Throws `PluginError('refused')`, PLM-432. */
export function wantedOf(
  request: PlaceRequest,
  spec: SessionsSpec,
  slotsPerInstance: number,
  random: Random,
): Wanted {
  const slots = request.slots ?? 1
  if (!Number.isInteger(slots) || slots < 1)
    throw badRequest(`slots is ${slots}, and must be a whole number from 1 on`)
  if (slots > slotsPerInstance)
    throw badRequest(`it needs ${slots} slots, and an instance has ${slotsPerInstance}`)
  const waitMs = request.waitMs ?? 0
  if (!(waitMs >= 0)) throw badRequest(`waitMs is ${waitMs}, and must be 0 or more`)
  const leaseMs = request.ttlMs === undefined ? spec.leaseMs : request.ttlMs
  if (request.ttlMs !== undefined) requireLease(leaseMs)
  return {
    id: request.sessionId === undefined ? madeUp(random) : requireId(request.sessionId),
    slots,
    labels: request.labels === undefined ? NO_LABELS : requireLabels(request.labels),
    zone: request.zone ?? null,
    leaseMs,
    waitMs: Math.min(waitMs, spec.longestWaitMs),
  }
}

export function requireId(id: string): string {
  if (ID.test(id)) return id
  throw badRequest(`a session id has 1 to ${MOST_ID_CHARACTERS} visible ASCII characters`)
}

function requireLease(leaseMs: number | null): void {
  if (leaseMs === null || (leaseMs >= SHORTEST_LEASE_MS && leaseMs <= LONGEST_LEASE_MS)) return
  throw badRequest(`the lease is ${leaseMs} ms, and must be from ${SHORTEST_LEASE_MS} ms to 30 days`)
}

/** Sorted by name, so that equal ones are written alike. */
function requireLabels(labels: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const entries = Object.entries(labels)
  if (entries.length === 0) return NO_LABELS
  if (entries.length > MOST_LABELS)
    throw badRequest(`it has ${entries.length} labels, and may have ${MOST_LABELS}`)
  for (const [name, value] of entries) {
    if (!LABEL_NAME.test(name)) {
      throw badRequest(
        `a label's name has 1 to ${MOST_LABEL_NAME_CHARACTERS} letters, digits, or one of _ . / -, unlike ${JSON.stringify(name.slice(0, 80))}`,
      )
    }
    if (typeof value !== 'string' || value.length > MOST_LABEL_VALUE_CHARACTERS) {
      throw badRequest(
        `the label ${name} must be a text of at most ${MOST_LABEL_VALUE_CHARACTERS} characters`,
      )
    }
  }
  return Object.freeze(Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1))))
}

export function sameLabels(
  a: Readonly<Record<string, string>>,
  b: Readonly<Record<string, string>>,
): boolean {
  if (a === b) return true
  const names = Object.keys(a)
  return names.length === Object.keys(b).length && names.every(name => a[name] === b[name])
}

function madeUp(random: Random): string {
  let id = ''
  for (let draw = 0; draw < DRAWS; draw++) {
    let bits = Math.floor(random.next() * 2 ** (5 * LETTERS_PER_DRAW))
    for (let letter = 0; letter < LETTERS_PER_DRAW; letter++) {
      id += LETTERS[bits & 31]
      bits >>>= 5
    }
  }
  return id
}
