/**
 * Tells Plimsoll what Azure plans for an instance: that it is to be drained, until that is over, or that nothing is planned after all.
 *
 * Example: at 12:00, for a Terminate not before 12:10, `POST /v1/fleets/rooms/instances/rooms_7 { "order": "drain", "forMs": 1500000, "why":
 * "Azure: Terminate, not before 2026-11-22T12:10:00.000Z", ... }`. The end is for an agent that is not there any more to take it back.
 */
import { Failure } from '../../api/wire/failure.ts'
import type { EpochMs } from '../../model/time.ts'
import type { ScheduledEvent } from '../../plugins/azure/instance-metadata.ts'
import { callDaemon } from '../daemon-call.ts'
import { isoOf } from '../instant.ts'

export interface Told {
  readonly url: URL
  readonly token: string | null
  readonly fleet: string
  readonly instance: string
  readonly now: EpochMs
}

const DEADLINE_MS = 10_000
const MOST_ANSWER_BYTES = 64 * 1024
/** An event that has begun is over by then, and its instance back or gone. */
const AFTERWARDS_MS = 15 * 60_000

/** @throws when it could not be told, or would not hear of it */
export async function tellPlimsoll(
  { url, token, fleet, instance, now }: Told,
  event: ScheduledEvent | null,
): Promise<void> {
  const path = `/v1/fleets/${encodeURIComponent(fleet)}/instances/${encodeURIComponent(instance)}`
  const { ok, status, body } = await callDaemon({
    method: 'POST',
    url: new URL(path, url),
    token,
    body: {
      order: event === null ? null : 'drain',
      forMs: event === null ? null : Math.max(0, (event.notBefore ?? now) - now) + AFTERWARDS_MS,
      who: `plimsoll agent of ${instance}`,
      why: event === null ? 'Azure: it is not taken away' : whyOf(event),
    },
    deadlineMs: DEADLINE_MS,
    mostBytes: MOST_ANSWER_BYTES,
    advice: 'It is told again.',
  })
  if (!ok) throw new Error(`the daemon at ${url.origin} answered ${status}, ${failureIn(body)}`)
}

/** In its own words, where it is a failure of Plimsoll's API. */
export function failureIn(body: unknown): string {
  const failure = Failure.safeParse(body)
  return failure.success
    ? `${failure.data.error.code}: ${failure.data.error.message}`
    : 'not what was expected'
}

function whyOf({ type, notBefore }: ScheduledEvent): string {
  return `Azure: ${type}${notBefore === null ? '' : `, not before ${isoOf(notBefore)}`}`
}
