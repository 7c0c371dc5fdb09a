/**
 * What is worth telling people? Turns what the loop says into notices in the operator's words; what lasts is told once
 * when it has lasted long enough, and again only after it was over.
 *
 * Who is told depends on the fleet's mode: in `recommend` only failures are told; `scaled` is told in `scale-and-notify`,
 * and in `notify` for what was approved; everything else in every mode but `recommend`.
 *
 * Example: the tick that took web from 5 to 6 becomes `{ id: 'web/42/scaled', title: 'web 5 -> 6', text: 'Because "Scale up"
 * fired: avg(cpu, 45m) = 83.2 (...). launch: done.', change: { from: 5, to: 6, rule: 'Scale up' } }`.
 */
import type { Approval } from '../model/approval.ts'
import type { Decision, Step } from '../model/decision.ts'
import type { Freeze } from '../model/health.ts'
import type { JournalEntry } from '../model/journal.ts'
import type { Outcome } from '../model/plan.ts'
import type { Run } from '../model/run.ts'
import type { Mode, NoticeEvent, Spec } from '../model/spec.ts'
import type { EpochMs } from '../model/time.ts'
import type { Notice } from '../ports/notifier.ts'
import type { LoopEvent, TickReport } from './world.ts'

/** A notice and whom it is for. */
export interface Told {
  readonly notice: Notice
  /** Names of notifiers; `null` is everyone who wants to hear of this event. */
  readonly to: readonly string[] | null
  /** Of one kind per fleet, at most one is told per period. */
  readonly kind: string
}

/** How long something lasts before it is told. */
export interface NoticeTimes {
  /** Something was wanted and held back all the while. */
  readonly heldMs: number
  /** The flapping guard held all the while. */
  readonly flappingMs: number
  /** More was wanted than the bounds or the target allow, all the while. */
  readonly limitMs: number
  /** So many changes of direction within so long are flapping, too. */
  readonly reversals: number
  readonly reversalsWithinMs: number
}

export const NOTICE_TIMES: NoticeTimes = {
  heldMs: 15 * 60_000,
  flappingMs: 15 * 60_000,
  limitMs: 5 * 60_000,
  reversals: 3,
  reversalsWithinMs: 10 * 60_000,
}

const FAILURES_SHOWN = 3

export class Notices {
  readonly #spec: () => Spec
  readonly #times: NoticeTimes
  readonly #fleets = new Map<string, FleetNotices>()

  constructor(spec: () => Spec, times: NoticeTimes = NOTICE_TIMES) {
    this.#spec = spec
    this.#times = times
  }

  take(event: LoopEvent): readonly Told[] {
    const fleet = fleetOf(event)
    if (fleet === null) return []
    const known = this.#fleets.get(fleet) ?? new FleetNotices(this.#times)
    this.#fleets.set(fleet, known)
    const drafts = known.take(event)
    const mode = known.mode ?? this.#spec().fleets[fleet]?.mode ?? 'recommend'
    return drafts.filter(draft => isTold(draft.event, mode)).map(draft => toldOf(fleet, draft))
  }

  /** A changed configuration: fleets that are gone are forgotten. */
  renew({ fleets }: Spec): void {
    for (const name of this.#fleets.keys()) {
      if (fleets[name] === undefined) this.#fleets.delete(name)
    }
  }
}

/** Which events a mode lets out. */
export function isTold(event: NoticeEvent, mode: Mode): boolean {
  switch (mode) {
    case 'recommend':
      return event === 'failed'
    case 'scale':
      return event !== 'scaled'
    case 'notify':
    case 'scale-and-notify':
      return true
  }
}

interface Draft {
  readonly event: NoticeEvent
  readonly at: EpochMs
  /** What the id ends with, after the fleet's name. */
  readonly id: string
  /** After the fleet's name. */
  readonly title: string
  readonly text: string
  readonly change?: Notice['change']
  /** Like `id`. */
  readonly withdraws?: string
  readonly to?: readonly string[]
  readonly kind?: string
}

function toldOf(fleet: string, draft: Draft): Told {
  const { event, at, id, title, text, change = null, withdraws, to = null, kind = event } = draft
  return {
    to,
    kind,
    notice: {
      id: `${fleet}/${id}`,
      at,
      fleet,
      event,
      title: `${fleet} ${title}`,
      text,
      change,
      withdraws: withdraws === undefined ? null : `${fleet}/${withdraws}`,
    },
  }
}

function fleetOf(event: LoopEvent): string | null {
  if (event.type === 'tick') return event.report.fleet
  if (event.type === 'delivery' || !('fleet' in event)) return null
  return event.fleet
}

/** What lasts, by what it is about. */
class Lasting {
  readonly #since = new Map<string, { readonly since: EpochMs; told: boolean }>()

  /** Since when it has held, once: the first time it has held for so long. */
  after(about: string, holds: boolean, at: EpochMs, ms: number): EpochMs | null {
    if (!holds) {
      this.#since.delete(about)
      return null
    }
    const known = this.#since.get(about) ?? { since: at, told: false }
    this.#since.set(about, known)
    if (known.told || at - known.since < ms) return null
    known.told = true
    return known.since
  }
}

class FleetNotices {
  /** The mode an operator set, as of the last tick. */
  mode: Mode | null = null
  readonly #times: NoticeTimes
  readonly #lasting = new Lasting()
  #lastDirection: 'out' | 'in' | null = null
  #reversals: EpochMs[] = []

  constructor(times: NoticeTimes) {
    this.#times = times
  }

  take(event: LoopEvent): Draft[] {
    switch (event.type) {
      case 'tick':
        return this.#tick(event.report)
      case 'gap-began':
        return [gapBeganDraft(event)]
      case 'gap-ended':
        return [gapEndedDraft(event)]
      case 'lost': {
        const { instance, at, detail } = event
        const text = `${instance} ended without being asked to: ${detail}.`
        return [{ event: 'lost', at, id: `lost/${instance}/${at}`, title: `lost ${instance}`, text }]
      }
      case 'froze':
        return [frozeDraft(event.freeze, event.at)]
      case 'thawed':
        return [thawedDraft(event.freeze, event.at)]
      case 'ran':
        return ranDrafts(event.run, event.outcome)
      case 'approval-wanted':
        return [wantedDraft(event.approval)]
      case 'approval-withdrawn':
        return [answeredDraft(event.approval, event.at, 'withdrawn', 'is no longer needed')]
      case 'expired':
        return [answeredDraft(event.approval, event.at, 'expired', 'was not answered in time')]
      case 'approved':
        return [answeredDraft(event.approval, event.at, 'approved', 'was approved')]
      case 'rejected':
        return [answeredDraft(event.approval, event.at, 'rejected', 'was rejected')]
      default:
        return []
    }
  }

  #tick(report: TickReport): Draft[] {
    if (report.outcome === 'standby') return []
    if (report.outcome === 'failed') {
      const { at, code, error } = report
      const text = `${code}: this tick failed and changed nothing; the next one tries again. ${error}`
      return [{ event: 'failed', at, id: `tick-failed/${at}`, title: 'could not be looked after', text }]
    }
    const { entry } = report
    this.mode = modeOf(entry)
    return [
      ...scaledDrafts(entry),
      ...failedDrafts(entry),
      ...ruleDrafts(entry),
      ...this.#flapping(entry),
      ...this.#heldLong(entry),
      ...this.#limitReached(entry),
    ]
  }

  #flapping(entry: JournalEntry): Draft[] {
    const { at, decision } = entry
    const held = decision.steps.find(
      step => step.stage === 'guards' && step.guard === 'flapping' && step.outcome === 'held',
    )
    const since = this.#lasting.after('flapping', held !== undefined, at, this.#times.flappingMs)
    const drafts: Draft[] = []
    if (since !== null) {
      const text = `For ${inWords(at - since)} it would have shrunk, and would have had to grow again at once: ${decision.because}. Widen the margin between the rules that grow and those that shrink.`
      drafts.push({ event: 'flapping', at, id: `flapping/${since}`, title: 'would swing', text })
    }
    if (this.#turns(entry) >= this.#times.reversals) {
      this.#reversals = []
      const within = inWords(this.#times.reversalsWithinMs)
      const text = `It changed direction ${this.#times.reversals} times within ${within}, last ${changeText(decision)}: ${decision.because}. Widen the margin between the rules that grow and those that shrink, or lengthen the cooldown.`
      drafts.push({ event: 'flapping', at, id: `flapping/${entry.revision}`, title: 'swings', text })
    }
    return drafts
  }

  /** Changes of direction of late, this tick's included. */
  #turns({ at, decision: { direction }, outcomes }: JournalEntry): number {
    const before = this.#lastDirection
    if (direction === 'none' || outcomes.length === 0) return 0
    this.#lastDirection = direction
    this.#reversals = this.#reversals.filter(turned => turned > at - this.#times.reversalsWithinMs)
    if (before === null || before === direction) return 0
    this.#reversals.push(at)
    return this.#reversals.length
  }

  #heldLong({ at, decision, plan }: JournalEntry): Draft[] {
    const guard = decision.steps.find(
      step => step.stage === 'guards' && step.guard !== 'flapping' && step.outcome === 'held',
    )
    const waiting = plan.waiting.find(({ what }) => what === 'everything' || what === 'launch')
    const holds = waiting !== undefined || (guard !== undefined && decision.direction === 'none')
    const since = this.#lasting.after('held', holds, at, this.#times.heldMs)
    if (since === null) return []
    const because = waiting?.because ?? decision.because
    const text = `A change has been held back for ${inWords(at - since)}: ${because}.`
    return [
      {
        event: 'held-long',
        at,
        id: `held/${since}`,
        title: `has been held for ${inWords(at - since)}`,
        text,
      },
    ]
  }

  #limitReached({ at, decision }: JournalEntry): Draft[] {
    const { steps, desired } = decision
    const limit = steps.findLast(isLowered)
    const reached = limit !== undefined && desired === limit.to
    const since = this.#lasting.after('limit', reached, at, this.#times.limitMs)
    if (since === null || limit === undefined) return []
    const by = limit.limit === 'highest' ? `"${decision.bounds.constraint}"` : `the ${limit.limit}`
    const text = `For ${inWords(at - since)} it has wanted more instances than it may have: now ${limit.from}, and ${by} allows ${limit.to}.`
    return [
      { event: 'limit-reached', at, id: `limit/${since}`, title: `is at its limit of ${limit.to}`, text },
    ]
  }
}

type GapEvent<T extends 'gap-began' | 'gap-ended'> = Extract<LoopEvent, { type: T }>

function gapBeganDraft({ operand, at, gap }: GapEvent<'gap-began'>): Draft {
  const text = `There is no data for ${operand}: ${gap}. Rules that need it neither grow nor shrink the fleet meanwhile.`
  return { event: 'gap-began', at, id: gapId(operand, at), title: `does not know ${operand}`, text }
}

function gapEndedDraft({ operand, at, since }: GapEvent<'gap-ended'>): Draft {
  return {
    event: 'gap-ended',
    at,
    id: `gap-ended/${encodeURIComponent(operand)}/${at}`,
    title: `knows ${operand} again`,
    text: `There is data for ${operand} again.`,
    withdraws: gapId(operand, since),
  }
}

/** The same in whichever process the gap began. */
function gapId(operand: string, since: EpochMs): string {
  return `gap/${encodeURIComponent(operand)}/${since}`
}

type Lowered = Extract<Step, { stage: 'limits' }>

function isLowered(step: Step): step is Lowered {
  return step.stage === 'limits' && step.outcome === 'lowered'
}

/** What an operator set at run time counts more than what the file says. */
function modeOf({ at, observation }: JournalEntry): Mode | null {
  const set = observation.overrides.findLast(
    ({ change, until }) => change.kind === 'mode' && (until === null || at < until),
  )
  return set?.change.kind === 'mode' ? set.change.mode : null
}

function changeText({ current, desired }: Decision): string {
  return `${current ?? '?'} -> ${desired ?? '?'}`
}

function scaledDrafts({ revision, at, decision, plan, outcomes }: JournalEntry): Draft[] {
  const { current, desired, direction, rule, because } = decision
  if (direction === 'none' || current === null || desired === null) return []
  if (!outcomes.some(({ outcome }) => outcome === 'done')) return []
  const done = plan.actions
    .filter(({ id }) => outcomes.some(({ action, outcome }) => action === id && outcome === 'done'))
    .map(action => ('instance' in action ? `${action.kind} ${action.instance}` : action.kind))
  const text = `Because ${because}.\nDone: ${countedWords(done)}.`
  const change = { from: current, to: desired, rule }
  return [{ event: 'scaled', at, id: `${revision}/scaled`, title: changeText(decision), text, change }]
}

/** `launch, launch` is `launch (2)`. */
function countedWords(words: readonly string[]): string {
  const counts = new Map<string, number>()
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1)
  return [...counts].map(([word, count]) => (count === 1 ? word : `${word} (${count})`)).join(', ')
}

function failedDrafts({ revision, at, decision, plan, outcomes }: JournalEntry): Draft[] {
  const failures = outcomes.flatMap(outcome => (outcome.outcome === 'failed' ? [outcome] : []))
  if (failures.length === 0) return []
  const shown = failures.slice(0, FAILURES_SHOWN).map(({ action, error }) => {
    const kind = plan.actions.find(({ id }) => id === action)?.kind ?? 'action'
    return `${kind} failed: ${error}.`
  })
  const more = failures.length > shown.length ? [`And ${failures.length - shown.length} more.`] : []
  const what = decision.direction === 'none' ? '' : ` (${changeText(decision)})`
  const text = [...shown, ...more, `It was to be done because ${decision.because}.`].join('\n')
  const title = `failed: ${failures.length} of ${outcomes.length} actions${what}`
  return [{ event: 'failed', at, id: `${revision}/failed`, title, text }]
}

/** Rules name whom they tell, whatever else those want to hear. */
function ruleDrafts({ revision, at, decision }: JournalEntry): Draft[] {
  const byRule = new Map<string, string[]>()
  for (const { kind, rule, name } of decision.effects) {
    if (kind === 'notify') byRule.set(rule, [...(byRule.get(rule) ?? []), name])
  }
  return [...byRule].map(
    ([rule, to], index): Draft => ({
      event: 'rule',
      at,
      id: `${revision}/rule/${index + 1}`,
      title: `"${rule}" fires`,
      text: `The rule "${rule}" has begun to fire${evidenceOf(decision.steps, rule)}.\nThe fleet: ${countText(decision)}, because ${decision.because}.`,
      to,
      kind: `rule ${rule}`,
    }),
  )
}

function countText(decision: Decision): string {
  return decision.direction === 'none' ? `stays ${decision.current ?? 'unknown'}` : changeText(decision)
}

function evidenceOf(steps: readonly Step[], rule: string): string {
  const step = steps.find(judged => judged.stage === 'conditions' && judged.rule === rule)
  if (step?.stage !== 'conditions') return ''
  const found = Object.entries(step.found).map(([operand, value]) => `${operand} = ${value ?? 'unknown'}`)
  return `: ${found.join(', ')} (${step.condition})`
}

function ranDrafts({ id, rule, action }: Run, outcome: Outcome): Draft[] {
  if (outcome.outcome !== 'failed') return []
  const text = `The action "${action}", run by the rule "${rule}" (${id}), failed: ${outcome.error}`
  const short = id.slice(id.indexOf('/') + 1)
  return [{ event: 'failed', at: outcome.at, id: `${short}/failed`, title: `failed to run ${action}`, text }]
}

function frozeDraft({ since, because, until }: Freeze, at: EpochMs): Draft {
  const text = `${because}. Nothing is closed, ended or restarted meanwhile; adding goes on as far as it helps. It ends when that is over, at ${new Date(until).toISOString()} at the latest, or with \`plimsoll unfreeze\`.`
  return { event: 'froze', at, id: `froze/${since}`, title: 'holds everything destructive', text }
}

function thawedDraft({ since, because }: Freeze, at: EpochMs): Draft {
  const text = `Instances are closed, ended and restarted again. It was held because ${because}.`
  return { event: 'thawed', at, id: `thawed/${since}`, title: 'goes on', text, withdraws: `froze/${since}` }
}

function wantedDraft({ id, at, current, desired, rule, because, expiresAt }: Approval): Draft {
  const until = new Date(expiresAt).toISOString()
  const what = current === desired ? `to stay ${desired}` : `${current} -> ${desired}`
  return {
    event: 'approval-wanted',
    at,
    id: `approval/${id}`,
    title: `wants ${what}: approve?`,
    text: `Because ${because}.\nplimsoll approve ${id}, or plimsoll reject ${id}; it expires at ${until}.`,
    change: { from: current, to: desired, rule },
  }
}

function answeredDraft({ id, current, desired }: Approval, at: EpochMs, how: string, words: string): Draft {
  const what = current === desired ? `to stay ${desired}` : `${current} -> ${desired}`
  return {
    event: 'approval-withdrawn',
    at,
    id: `approval/${id}/${how}`,
    title: `${what} ${words}`,
    text: `The question whether ${what} may be done (${id}) ${words}; nobody need answer it any more.`,
    withdraws: `approval/${id}`,
  }
}

function inWords(ms: number): string {
  return ms < 120_000 ? `${Math.round(ms / 1000)} s` : `${Math.round(ms / 60_000)} min`
}
