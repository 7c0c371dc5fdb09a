/**
 * From Azure's profiles to windows of time. A recurrence there only has a start: it is in force until the next one starts. So the
 * portal and the command line end one by a second recurrence, a copy of the default under the name `{"name":"default","for":
 * "Weekend"}`. Here each profile gets the stretches of the week in which it is the one that started last, and the copies of the
 * default become the default again. Fixed dates go before all of it, the first in the list before the others.
 *
 * Example: "Weekend" starts on Saturday 00:00, its copy of the default on Sunday 23:59: "Weekend" is in force for 47 h 59 min,
 * the default for the rest of the week.
 */
import type { Place } from './refusal.ts'
import type { Tell } from './report.ts'
import { type AzureProfile, type AzureSetting, WEEK } from './setting.ts'
import {
  always,
  DAY_MINUTES,
  intervalOf,
  localText,
  type OnceSpan,
  type Span,
  type Stretch,
  spansOf,
  WEEK_MINUTES,
  without,
} from './spans.ts'
import { offsetMinutes } from './zones.ts'

export interface Piece {
  readonly name: string
  readonly profile: AzureProfile
  /** When its bounds hold. */
  readonly spans: readonly Span[]
  /** When its rules do: without what a stronger profile takes. */
  readonly ruleSpans: readonly Span[]
}

export interface Folded {
  /** `null`: outside of all others nothing is said. */
  readonly base: AzureProfile | null
  /** When the rules of the default hold; `null` is always. */
  readonly baseSpans: readonly Span[] | null
  readonly fixed: readonly Piece[]
  readonly recurring: readonly Piece[]
}

export function foldProfiles({ profiles, place }: AzureSetting, tell: Tell): Folded {
  const closing = profiles.filter(({ closes }) => closes !== null)
  const base = baseOf(profiles, closing, tell)
  if (base === null)
    tell('ambiguous', place, 'there is no default profile', 'outside of the others the fleet stays as it is')
  const owners = ownersOf(profiles, closing, base, tell)
  const { zone, stretches } = weekOf(owners, base, tell)
  const fixed = fixedPieces(profiles, tell)
  const taken = fixed.flatMap(({ spans }) =>
    spans.flatMap(span => (span.kind === 'once' ? [intervalOf(span)] : [])),
  )
  const cut = (spans: readonly Span[]): readonly Span[] => taken.reduce<readonly Span[]>(without, spans)
  const recurring = [...stretches]
    .filter(([profile]) => profile !== base)
    .map(([profile, own]): Piece => {
      const spans = spansOf(own, zone)
      return { name: nameOf(profile), profile, spans, ruleSpans: cut(spans) }
    })
  for (const { profile } of owners) {
    if (profile !== base && !stretches.has(profile)) {
      tell(
        'lost',
        profile.place,
        `"${profile.name}" is never in force: another recurrence starts at the same times`,
      )
    }
  }
  const own = base === null ? [] : (stretches.get(base) ?? [])
  const ordinary = recurring.length === 0 ? null : spansOf(own, zone)
  if (ordinary !== null && base !== null && own.length === 0) {
    tell(
      'ambiguous',
      base.place,
      `"${base.name}" is never in force: a recurrence has no end, and one of them always started last`,
    )
  }
  const baseSpans = ordinary === null && taken.length > 0 ? [always(fixedZone(fixed))] : ordinary
  return { base, baseSpans: baseSpans === null ? null : cut(baseSpans), fixed, recurring }
}

function fixedZone(fixed: readonly Piece[]): string {
  return fixed[0]?.profile.fixedDate?.zone ?? 'UTC'
}

/** A copy that differs from the others is told by whose end it stands for. */
function nameOf({ name, closes }: AzureProfile): string {
  return closes === null ? name : `${name} after ${closes}`
}

/** What bounds and rules say, for comparison. */
function contentOf({ capacity, rules }: AzureProfile): string {
  return JSON.stringify([capacity, rules.map(({ place: _place, ...rule }) => rule)])
}

function baseOf(
  profiles: readonly AzureProfile[],
  closing: readonly AzureProfile[],
  tell: Tell,
): AzureProfile | null {
  const plain = profiles.filter(({ recurrence, fixedDate }) => recurrence === null && fixedDate === null)
  const [first, ...more] = plain
  for (const other of more) {
    tell(
      'lost',
      other.place,
      `"${other.name}" has no schedule, like the default before it`,
      'the first of them is taken',
    )
  }
  const [copy] = closing
  if (copy === undefined) return first ?? null
  if (first !== undefined && contentOf(first) !== contentOf(copy)) {
    tell(
      'ambiguous',
      first.place,
      `"${first.name}" differs from its copy that stands for the end of "${copy.closes ?? ''}" (line ${copy.place.line})`,
      'the copy is taken for the default, since that is what Azure puts in force',
    )
  }
  return copy
}

interface Owner {
  readonly profile: AzureProfile
  /** Whose schedule it is. */
  readonly starts: AzureProfile
}

/** Each recurrence, and whom it puts in force: itself, or the default it is a copy of. */
function ownersOf(
  profiles: readonly AzureProfile[],
  closing: readonly AzureProfile[],
  base: AzureProfile | null,
  tell: Tell,
): readonly Owner[] {
  const recurring = profiles.filter(({ recurrence }) => recurrence !== null)
  const own = recurring.filter(({ closes }) => closes === null)
  for (const copy of closing) {
    const of = copy.closes?.toLowerCase()
    if (!own.some(({ name }) => name.toLowerCase() === of)) {
      tell(
        'ambiguous',
        copy.place,
        `it stands for the end of "${copy.closes ?? ''}", which is not there`,
        'the default begins then all the same',
      )
    }
  }
  for (const profile of own) {
    if (!closing.some(({ closes }) => closes?.toLowerCase() === profile.name.toLowerCase())) {
      tell(
        'ambiguous',
        profile.place,
        `"${profile.name}" has no end`,
        'as in Azure, it is in force until the next recurrence starts',
      )
    }
  }
  return recurring.map(starts => {
    if (starts.closes === null || base === null) return { profile: starts, starts }
    if (contentOf(starts) === contentOf(base)) return { profile: base, starts }
    tell(
      'ambiguous',
      starts.place,
      `this copy of the default differs from the one in line ${base.place.line}`,
      'it becomes a profile of its own, as in Azure',
    )
    return { profile: starts, starts }
  })
}

interface Week {
  readonly zone: string
  readonly stretches: ReadonlyMap<AzureProfile, readonly Stretch[]>
}

interface Start {
  readonly at: number
  readonly profile: AzureProfile
  readonly place: Place
}

function weekOf(owners: readonly Owner[], base: AzureProfile | null, tell: Tell): Week {
  const zone = owners[0]?.starts.recurrence?.zone ?? 'UTC'
  const starts = onePerMinute(
    owners.flatMap(owner => startsOf(owner, zone, tell)),
    base,
    tell,
  )
  const changes = starts.filter(({ profile }, index) => starts.at(index - 1)?.profile !== profile)
  const [only] = starts
  const stretches = new Map<AzureProfile, Stretch[]>()
  if (changes.length === 0 && only !== undefined) stretches.set(only.profile, [{ from: 0, to: WEEK_MINUTES }])
  changes.forEach(({ at, profile }, index) => {
    const next = changes[index + 1]?.at ?? (changes[0]?.at ?? at) + WEEK_MINUTES
    stretches.set(profile, [...(stretches.get(profile) ?? []), { from: at, to: next }])
  })
  return { zone, stretches }
}

function startsOf({ profile, starts }: Owner, zone: string, tell: Tell): readonly Start[] {
  const { recurrence, place } = starts
  if (recurrence === null) return []
  const shift = recurrence.zone === zone ? 0 : offsetMinutes(zone) - offsetMinutes(recurrence.zone)
  if (recurrence.zone !== zone) {
    tell(
      'changed',
      place,
      `its time zone is ${recurrence.zone}, that of the recurrences before it ${zone}`,
      'its hours are carried over as they are in January; where summer time differs, they are off by an hour then',
    )
  }
  return recurrence.days.map(day => {
    const at = WEEK.indexOf(day) * DAY_MINUTES + recurrence.hour * 60 + recurrence.minute + shift
    return { at: (at + WEEK_MINUTES) % WEEK_MINUTES, profile, place }
  })
}

/** In the order of the week; of several at one minute a profile goes before the default, else the first of the list. */
function onePerMinute(starts: readonly Start[], base: AzureProfile | null, tell: Tell): readonly Start[] {
  const byMinute = new Map<number, Start>()
  for (const start of starts) {
    const other = byMinute.get(start.at)
    if (other === undefined || (other.profile === base && start.profile !== base))
      byMinute.set(start.at, start)
    else if (start.profile !== base && start.profile !== other.profile) {
      tell(
        'ambiguous',
        start.place,
        `"${start.profile.name}" and "${other.profile.name}" start at the same time`,
        `"${other.profile.name}", the first of them, is taken`,
      )
    }
  }
  return [...byMinute.values()].sort((one, other) => one.at - other.at)
}

function fixedPieces(profiles: readonly AzureProfile[], tell: Tell): readonly Piece[] {
  const pieces: Piece[] = []
  for (const profile of profiles) {
    if (profile.fixedDate === null) continue
    const { zone } = profile.fixedDate
    const { from, to } = intervalOf({ kind: 'once', ...profile.fixedDate })
    // A local time that a change of clocks skips is the first one after it.
    const span: OnceSpan = { kind: 'once', from: localText(zone, from), to: localText(zone, to), zone }
    const before = pieces.flatMap(({ spans }) =>
      spans.flatMap(other => (other.kind === 'once' ? [intervalOf(other)] : [])),
    )
    const ruleSpans = from < to ? before.reduce<readonly Span[]>(without, [span]) : []
    if (ruleSpans.length !== 1 || ruleSpans[0] !== span) {
      tell(
        'ambiguous',
        profile.place,
        `"${profile.name}" overlaps with a fixed date before it in the list`,
        'the first of the list goes before the others',
      )
    }
    if (ruleSpans.length === 0) {
      tell('lost', profile.place, `"${profile.name}" is never in force`)
      continue
    }
    ruleSpans.forEach((own, index) => {
      const name = index === 0 ? profile.name : `${profile.name} part ${index + 1}`
      pieces.push({ name, profile, spans: [own], ruleSpans: [own] })
    })
  }
  return pieces
}
