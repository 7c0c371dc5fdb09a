/**
 * What of a journal is played: the load that was measured, or the sessions that were placed. Sessions, where a rule of the fleet reserves
 * room for them and our broker places them; load, where words are said that only load has a use for, or `--play load`.
 *
 * Example: a fleet with `reserve: 25%` and "Busy" by cpu: its sessions are played, and a note says that `--play load` plays the load. Its
 * journal is of a daemon that kept no lengths yet: its load is played.
 */
import { LabError } from '../lab/lab-error.ts'
import type { SessionTrace } from '../lab/trace.ts'
import {
  NO_LENGTHS,
  NO_SESSIONS,
  type RecordedSessionsOptions,
  readRecordedSessions,
} from '../lab/traces/recorded-sessions.ts'
import type { FleetSpec, Spec } from '../model/spec.ts'
import type { StateStore } from '../ports/state-store.ts'
import { CliError } from './cli-error.ts'
import { type LoadWords, loadWordSaid } from './load-words.ts'

/** What is said of it. Only load can be played beside other autoscalers. */
export interface WishWords extends LoadWords {
  readonly play?: string
  readonly against?: string
}

/** `either`: sessions where they are recorded, and else load. */
export type Wish = 'load' | 'sessions' | 'either'

interface Asking {
  readonly fleet: string
  readonly specs: readonly Spec[]
}

export function wishOf(words: WishWords, { fleet, specs }: Asking): Wish {
  const { play, against } = words
  if (play === 'load' || play === 'sessions') return play
  if (play !== undefined) throw new CliError('PLM-501', `--play ${play}: there is load and sessions.`)
  const isOfLoad = loadWordSaid(words) !== undefined || against !== undefined
  const fleets = specs.flatMap(({ fleets }) => fleets[fleet] ?? [])
  if (isOfLoad || !fleets.some(reservesOurs)) return 'load'
  return fleets.some(hasOtherRules) ? 'either' : 'sessions'
}

/** For sessions that our broker places: of others nobody knows how long they last. */
function reservesOurs({ rules, routers }: FleetSpec): boolean {
  return (
    routers.some(({ type }) => type === 'broker') &&
    rules.some(({ kind, enabled }) => kind === 'reserve' && enabled)
  )
}

function hasOtherRules({ rules }: FleetSpec): boolean {
  return rules.some(({ kind, enabled }) => kind !== 'reserve' && enabled)
}

/** `null`: load is to be played. */
export async function recordedSessions(
  store: StateStore,
  options: RecordedSessionsOptions,
  wish: Wish,
): Promise<SessionTrace | null> {
  if (wish === 'load') return null
  try {
    const trace = await readRecordedSessions(store, options)
    return wish === 'sessions' ? trace : withNote(trace)
  } catch (error) {
    if (wish === 'either' && error instanceof LabError && NONE.has(error.code)) return null
    throw error
  }
}

const NONE: ReadonlySet<string> = new Set([NO_LENGTHS, NO_SESSIONS])

const OR_LOAD =
  'What is played of the journal is its sessions, since a rule reserves room for them; --play load plays its load.'

function withNote(trace: SessionTrace): SessionTrace {
  const { recorded } = trace
  return recorded === undefined
    ? trace
    : { ...trace, recorded: { ...recorded, notes: [OR_LOAD, ...recorded.notes] } }
}
