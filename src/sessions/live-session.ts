/**
 * A session as the broker holds it: where it is, its lease, and who waits to hear that its record is stored.
 *
 * Example: two requests place "s1" at once: both wait for the same `placing`, and get the same answer.
 */
import type { EpochMs } from '../model/time.ts'
import type { EndedSession, LoggedSession, SessionEnd } from '../ports/session-log.ts'
import type { BookInstance, BookSession } from './book.ts'
import type { Leased } from './leases.ts'
import type { Wanted } from './request.ts'
import type { PlaceResult, SessionView } from './session-broker.ts'

/** A promise with its handles. */
export interface Pending<T> {
  readonly promise: Promise<T>
  resolve(value: T | PromiseLike<T>): void
  reject(error: unknown): void
}

/** A placement on its way to the log. */
export interface Placing extends Pending<PlaceResult> {
  /** Aborted when the client leaves; one for each that asked and has not been answered. */
  readonly clients: readonly (AbortSignal | undefined)[]
}

export interface Ending {
  readonly end: SessionEnd
  readonly at: EpochMs
  readonly why: string
  readonly pending: Pending<void>
}

export interface LiveSession extends BookSession, Leased {
  readonly labels: Readonly<Record<string, string>>
  /** Set until its record is stored. */
  placing: Placing | null
  /** What was asked for, for as long as it may have to be decided again. */
  wanted: Wanted | null
  ending: Ending | null
}

export type Entry =
  | { readonly kind: 'place'; readonly session: LiveSession }
  | { readonly kind: 'end'; readonly session: LiveSession; readonly ending: Ending }

/** Nobody need listen: a failure that only matters to those who ask is no unhandled one. */
export function pending<T>(): Pending<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>()
  promise.catch(() => undefined)
  return { promise, resolve, reject }
}

/** Aborted once the last of them has left; never, where one cannot leave. */
export function allLeft(clients: readonly (AbortSignal | undefined)[]): AbortSignal | undefined {
  const signals = clients.filter(client => client !== undefined)
  if (signals.length < clients.length) return undefined
  const left = new AbortController()
  const look = (): void => {
    if (signals.every(({ aborted }) => aborted)) left.abort(signals.at(-1)?.reason)
  }
  for (const signal of signals) signal.addEventListener('abort', look, { once: true, signal: left.signal })
  look()
  return left.signal
}

/** Whether this is what those who left are told, and not what became of the session. */
export function isLeaving(error: unknown, { clients }: Placing): boolean {
  return clients.some(client => client?.aborted === true && client.reason === error)
}

export function newSession(
  wanted: Wanted,
  number: number,
  at: EpochMs,
  instance: BookInstance,
  placing: Placing,
): LiveSession {
  return {
    id: wanted.id,
    number,
    slots: wanted.slots,
    labels: wanted.labels,
    zone: wanted.zone,
    leaseMs: wanted.leaseMs,
    placedAt: at,
    instance,
    epoch: instance.epoch,
    state: 'placing',
    seenAt: 0,
    row: -1,
    atRow: -1,
    placing,
    wanted,
    ending: null,
  }
}

export function recordedSession(logged: LoggedSession, instance: BookInstance): LiveSession {
  return {
    ...logged,
    zone: null,
    instance,
    epoch: instance.epoch,
    state: 'live',
    seenAt: 0,
    row: -1,
    atRow: -1,
    placing: null,
    wanted: null,
    ending: null,
  }
}

export function loggedOf(session: LiveSession): LoggedSession {
  return {
    id: session.id,
    number: session.number,
    instance: session.instance.id,
    incarnation: session.instance.incarnation,
    slots: session.slots,
    labels: session.labels,
    leaseMs: session.leaseMs,
    placedAt: session.placedAt,
  }
}

export function viewOf(session: LiveSession, leaseLeftMs: number | null): SessionView {
  const { instance } = session
  return {
    id: session.id,
    number: session.number,
    instance: instance.id,
    incarnation: instance.incarnation,
    address: instance.address === '' ? null : instance.address,
    zone: instance.zone,
    slots: session.slots,
    labels: session.labels,
    leaseMs: session.leaseMs,
    leaseLeftMs,
    placedAt: session.placedAt,
    ended: null,
  }
}

export function endedView({ session, end, at, why }: EndedSession): SessionView {
  return { ...session, address: null, zone: null, leaseLeftMs: null, ended: { end, at, why } }
}
