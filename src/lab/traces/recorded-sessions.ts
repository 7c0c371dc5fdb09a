/**
 * The sessions that a daemon placed, as a trace: those that ended from what is recorded of them in groups, and those that still go on
 * from how many places were in use.
 *
 * Example: the sample "17 sessions of one slot, 251 s in the mean, ended between 12:00:03 and 12:00:14" is 17 sessions of 251 s, of which
 * one ends at 12:00:03, one at 12:00:14 and the others evenly in between. Were 20 places in use at the end of the record of which these
 * account for 15, then 5 sessions still went on, from when there were so many more for good.
 */
import { groupOf } from '../../loop/ended-series.ts'
import type { EpochMs, Interval } from '../../model/time.ts'
import type { EndedGroup } from '../../ports/session-router.ts'
import { ENDED_SERIES } from '../../ports/state-store.ts'
import { LabError } from '../lab-error.ts'
import type { SessionTrace } from '../trace.ts'
import { eachSample, type RecordedStore } from './journal.ts'
import { isoText } from './load-builder.ts'
import { type Account, accountOf, addGoingOn, knownShare } from './places-account.ts'
import { instancesIn, ticksIn } from './recorded-ticks.ts'
import { counted } from './repair-notes.ts'
import { Stretches } from './stretches.ts'
import { TRACE_CODES, TraceError } from './trace-error.ts'

/** Codes of the errors that say that there are no sessions to play, for those who can do without. */
export const NO_LENGTHS = 'PLM-730'
export const NO_SESSIONS = 'PLM-731'

const LEAST_PART_MS = 1_000
/** Of the places that were in use before the first end was recorded, so many are known where ends were recorded all along. */
const RECORDED_SHARE = 0.9
/** Less than this is how far lengths of a group are off. */
const MISSING_IS_NEWS = 0.02

type SessionStore = Pick<RecordedStore, 'readSamples' | 'readTimeline'>

export interface RecordedSessionsOptions {
  readonly fleet: string
  readonly window: Interval
  /** More are refused; as many as the lab plays of any record unless said. */
  readonly most?: number
}

/**
 * Throws `TraceError` `nothingRecorded` or `tooMuch`, `LabError` PLM-730 where nothing says how long sessions lasted, PLM-731 where
 * there were none.
 */
export async function readRecordedSessions(
  store: SessionStore,
  { fleet, window, most }: RecordedSessionsOptions,
): Promise<SessionTrace> {
  const ticks = await ticksIn(store, fleet, window)
  const [first, last] = [ticks[0], ticks.at(-1)]
  if (first === undefined || last === undefined) throw nothingRecorded(fleet, window)
  const whole = { from: first.at, to: last.at }
  const places = new Stretches(fleet, most)
  const ended = await addEnded(store, fleet, whole, places)
  const seen = ticks.filter(tick => tick.inUse !== null)
  if (places.count === 0 && seen.every(({ inUse }) => inUse === 0)) throw noSessions(fleet, whole)
  const account = accountOf(seen, places)
  const begin = await beginningOf(store, fleet, { whole, ended, account })
  const goOn = addGoingOn(places, account, whole)
  const part = { from: begin, to: whole.to }
  const sessions = places.sessionsIn(part)
  if (sessions.length === 0) throw noSessions(fleet, part)
  const notes = notesOf({ ended, goOn, account, part, whole })
  return {
    kind: 'sessions',
    name: fleet,
    startAt: begin,
    sessions,
    lengthMs: part.to - part.from,
    repairs: [],
    recorded: { ...instancesIn(ticks, part), lost: ended.lost, notes },
  }
}

interface Ended {
  /** The first end that is recorded in the time or after it; `null`: none is. */
  readonly firstAt: EpochMs | null
  readonly lost: number
  /** Sessions that took several slots, and the slots. */
  readonly wide: { readonly sessions: number; readonly slots: number }
}

/** Also what ended after the time, for what of it lies within. */
async function addEnded(
  store: SessionStore,
  fleet: string,
  whole: Interval,
  places: Stretches,
): Promise<Ended> {
  let firstAt: EpochMs | null = null
  let lost = 0
  const wide = { sessions: 0, slots: 0 }
  const after = { from: whole.from, to: Number.MAX_SAFE_INTEGER }
  const [newest] = await store.readSamples({ fleet, metric: ENDED_SERIES, window: after, limit: 1 })
  const ends = { from: whole.from, to: (newest?.at ?? whole.from) + 1 }
  await eachSample(store, fleet, ENDED_SERIES, ends, LEAST_PART_MS, sample => {
    const group = groupOf(sample)
    if (group === null) return
    firstAt = Math.min(firstAt ?? Number.POSITIVE_INFINITY, group.firstAt)
    const within = addGroup(group, whole, places)
    if (group.lost) lost += within
    if (group.slots > 1) {
      wide.sessions += within
      wide.slots += within * group.slots
    }
  })
  return { firstAt, lost, wide }
}

/** Its ends lie evenly between the first and the last. @returns how many of its sessions lie in that time */
function addGroup(group: EndedGroup, { from, to }: Interval, places: Stretches): number {
  const { sessions, slots, lengthMs, firstAt, lastAt } = group
  const apartMs = sessions === 1 ? 0 : (lastAt - firstAt) / (sessions - 1)
  let within = 0
  for (let index = 0; index < sessions; index++) {
    const end = sessions === 1 ? lastAt : firstAt + index * apartMs
    if (end <= from || end - lengthMs >= to) continue
    within += 1
    for (let slot = 0; slot < slots; slot++) places.add(end - lengthMs, end)
  }
  return within
}

interface Found {
  readonly whole: Interval
  readonly ended: Ended
  readonly account: Account
}

/** The beginning of the time, or of the record of ends, where that is later. */
async function beginningOf(
  store: SessionStore,
  fleet: string,
  { whole, ended: { firstAt }, account }: Found,
): Promise<EpochMs> {
  const before = { from: 0, to: whole.from }
  const [earlier] = await store.readSamples({ fleet, metric: ENDED_SERIES, window: before, limit: 1 })
  if (earlier !== undefined) return whole.from
  if (firstAt === null) throw noLengths(fleet, whole)
  const early = { from: whole.from, to: Math.min(whole.to, firstAt) }
  if (knownShare(account, early) >= RECORDED_SHARE) return whole.from
  if (firstAt >= whole.to) throw noLengths(fleet, whole)
  return firstAt
}

interface Told extends Found {
  readonly goOn: number
  readonly part: Interval
}

const AS_GROUPS =
  'The journal keeps lengths of sessions in groups, each a fifth longer than the one before: every session is played as long as the mean of its group.'

function notesOf({ ended, goOn, account, part, whole }: Told): readonly string[] {
  const notes = [AS_GROUPS]
  if (part.from > whole.from) {
    notes.push(
      `Played from ${isoText(part.from)} on: before, nothing says how long sessions lasted, though there were some.`,
    )
  }
  const { wide, lost } = ended
  if (wide.sessions > 0) {
    notes.push(
      `${counted(wide.sessions, 'session')} of several slots: played as ${counted(wide.slots, 'session')} of one slot each.`,
    )
  }
  if (lost > 0) {
    notes.push(
      `${counted(lost, 'session')} ended with ${lost === 1 ? 'its' : 'their'} instance: played as long as ${lost === 1 ? 'it' : 'they'} lasted then.`,
    )
  }
  if (goOn > 0) {
    const [places, they] = [counted(goOn, 'place'), goOn === 1 ? 'its session' : 'their sessions']
    notes.push(
      `${places} ${goOn === 1 ? 'was' : 'were'} in use to the end without an end being recorded since: when ${they} began is worked out from how many there were.`,
    )
  }
  const missing = 1 - knownShare(account, part)
  if (missing > MISSING_IS_NEWS) {
    notes.push(
      `Missing: ${(100 * missing).toFixed(1)} % of the time that places were in use is of sessions whose end was not recorded; they are not played.`,
    )
  }
  return notes
}

function nothingRecorded(fleet: string, { from, to }: Interval): TraceError {
  return new TraceError(
    TRACE_CODES.nothingRecorded,
    `nothing is recorded between ${isoText(from)} and ${isoText(to)}. "plimsoll history ${fleet} --all" shows what is.`,
    { file: fleet },
  )
}

function noLengths(fleet: string, { from, to }: Interval): LabError {
  return new LabError(
    NO_LENGTHS,
    `${fleet} had sessions between ${isoText(from)} and ${isoText(to)}, and nothing in its journal says how long they lasted. That is recorded of sessions that Plimsoll places itself (router: { type: broker }), by a daemon of this version: let it run for a while, play a list of sessions (--trace FILE with the columns start and end), or play load with --play load.`,
  )
}

function noSessions(fleet: string, { from, to }: Interval): LabError {
  return new LabError(
    NO_SESSIONS,
    `${fleet} had no session between ${isoText(from)} and ${isoText(to)}: there is nothing to play. "plimsoll history ${fleet} --all" shows when there were some; --play load plays its load instead.`,
  )
}
