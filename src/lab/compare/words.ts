/**
 * A comparison in sentences, for the terminal, the page and the picture alike: what it comes to, how each disagreement went, and what one
 * must know before believing it.
 *
 * Example: `For 95.8 % of the 7 days compared Plimsoll would have left the count as it was, for 4.2 % (7 h) it would have had more.`
 */
import type { Interval } from '../../model/time.ts'
import { describeWindow } from '../../pictures/frame.ts'
import { formatDay, formatMinute } from '../../pictures/zone-time.ts'
import { spanText } from '../span-text.ts'
import type { Asked, Comparison, KpiCompared, Relation } from './comparison.ts'
import type { Disagreement, Ended, KpiMeanwhile } from './disagreements.ts'
import { medianOf, type SpanKind } from './spans.ts'

const DAY_MS = 86_400_000
const NEAR = 1e-9

export function titleOf({ fleet }: Comparison): string {
  return `${fleet}, and what Plimsoll recommended beside it`
}

export function subtitleOf({ window, ticks, tickMs }: Comparison, timeZone: string): string {
  const often = ticks === 1 ? 'one tick' : `${ticks} ticks, one every ${spanText(tickMs)}`
  return `${spanText(window.to - window.from)}: ${describeWindow(window, timeZone)}; ${often}`
}

/** `41.2 %`; a little is not nothing, and nearly all is not all. */
export function percentText(ratio: number): string {
  const percent = ratio * 100
  if (percent > NEAR && percent < 0.1) return '<0.1 %'
  if (percent > 99.9 && percent < 100 - NEAR) return '>99.9 %'
  return `${Number(percent.toFixed(1))} %`
}

export const KIND_WORDS: Readonly<Record<SpanKind, string>> = {
  same: 'Plimsoll would have left it as it was',
  more: 'Plimsoll would have had more',
  fewer: 'Plimsoll would have had fewer',
  unknown: 'how many there were is not known',
  blind: 'its rules had no data',
  gap: 'nobody looked: no daemon ran',
  itself: 'Plimsoll scaled it itself',
  paused: 'paused',
  ordered: 'the count was ordered by hand',
  unrecorded: 'the mode was not recorded (an older version)',
}

/** What it comes to. */
export function summaryOf(comparison: Comparison): readonly string[] {
  return [
    agreementText(comparison),
    ...askedTexts(comparison),
    ...followedText(comparison),
    ...comparison.kpis.flatMap(kpi => kpiText(kpi)),
    ...removalText(comparison),
  ]
}

function agreementText({ comparedMs, timeMs, agreementRatio }: Comparison): string {
  const apart = (['more', 'fewer'] as const)
    .filter(kind => timeMs[kind] > 0)
    .map(
      kind =>
        `for ${percentText(timeMs[kind] / comparedMs)} (${spanText(timeMs[kind])}) it would have had ${kind}`,
    )
  const same = `For ${percentText(agreementRatio ?? 0)} of the ${spanText(comparedMs)} compared Plimsoll would have left the count as it was`
  return `${[same, ...apart].join(', ')}.`
}

function askedTexts({ short, surplus, comparedMs }: Comparison): readonly string[] {
  return [
    askedText('more than they had', short, comparedMs),
    askedText('fewer than they had', surplus, comparedMs),
  ].filter(said => said !== null)
}

function askedText(what: string, { ms, heldMs }: Asked, comparedMs: number): string | null {
  if (ms === 0) return null
  const held =
    heldMs === 0 ? '' : `; for ${spanText(heldMs)} of it its own guards would have held the change back`
  return `Its rules asked for ${what} for ${percentText(ms / comparedMs)} of that time (${spanText(ms)})${held}.`
}

/** Of the stretches that ended with both at one count: who came to whom, and when. */
function followedText({ disagreements }: Comparison): readonly string[] {
  return (['more', 'fewer'] as const).flatMap(direction => {
    const all = disagreements.filter(one => one.direction === direction)
    if (all.length === 0) return []
    const came = all.filter(({ ended }) => ended === 'they-came' || ended === 'both')
    const wish = direction === 'more' ? 'grown' : 'shrunk'
    const times = all.length === 1 ? 'once' : `${all.length} times`
    const would = `Plimsoll would have ${wish} it ${times}`
    if (came.length === 0) return [`${would}; they never came to the same count.`]
    const half = spanText(medianOf(came.map(({ from, to }) => to - from)))
    const when = came.length === 1 ? `after ${half}` : `half of those within ${half}`
    const often =
      all.length === 1 ? '' : came.length === all.length ? 'each time ' : `in ${came.length} of them `
    return [`${would}; ${often}they came to the same count, ${when}.`]
  })
}

function kpiText({ kpi, ms }: KpiCompared): readonly string[] {
  const parts = (['same', 'more', 'fewer'] as const).flatMap((relation: Relation) => {
    const { green, red } = ms[relation]
    const meanwhile = { same: 'left the count as it was', more: 'had more', fewer: 'had fewer' }[relation]
    return green + red === 0 ? [] : [`${percentText(red / (green + red))} while it would have ${meanwhile}`]
  })
  if (parts.length === 0) return [`The KPI ${kpi} was unknown all the time.`]
  return [`The KPI ${kpi} was red for ${parts.join(', ')}.`]
}

function removalText({ removals }: Comparison): readonly string[] {
  if (removals.length === 0) return []
  const cut = removals.filter(({ sessions }) => (sessions ?? 0) > 0)
  const sessions = cut.reduce((sum, removal) => sum + (removal.sessions ?? 0), 0)
  const unknown = removals.filter(removal => removal.sessions === null).length
  const of = removals.length === 1 ? 'one instance' : `${removals.length} instances`
  const live =
    cut.length === 0
      ? 'none known to hold a session'
      : `${removals.length === 1 ? '' : `${cut.length} of them `}with ${sessions === 1 ? 'a session' : `${sessions} sessions`}, which Plimsoll would have drained first`
  return [`They took ${of} away, ${live}${unknown === 0 ? '' : `; of ${unknown} the load was not known`}.`]
}

/** `16 Nov 09:12 to 09:47`; the day of the end only where it is another. */
export function whenText({ from, to }: Interval, timeZone: string): string {
  const [first, last] = [formatDay(from, timeZone), formatDay(to, timeZone)]
  const end = `${last === first ? '' : `${last} `}${formatMinute(to, timeZone)}`
  return `${first} ${formatMinute(from, timeZone)} to ${end}`
}

export function countsText({ theirs, ours, widest }: Disagreement): string {
  const most = Math.abs(widest) === Math.abs(ours - theirs) ? '' : `, up to ${Math.abs(widest)} apart`
  return `they ${theirs}, Plimsoll ${ours}${most}`
}

/** The step behind the reason; `null` where the reason says the same. */
export function stepText({ because, step }: Disagreement): string | null {
  if (step === null) return null
  const [, numbers = step] = /^"[^"]*" holds: (.*)$/.exec(step) ?? []
  return because.includes(numbers) ? null : step
}

/** What followed. */
export function thenText(one: Disagreement): string {
  const kpis = one.kpis.map(kpi => kpiMeanwhileText(kpi, one)).filter(said => said !== '')
  return [endedText(one.ended, one), ...kpis].join('; ')
}

function endedText(ended: Ended, { direction }: Disagreement): string {
  switch (ended) {
    case 'they-came':
      return 'they came to the same count'
    case 'we-came':
      return 'Plimsoll came back to theirs'
    case 'both':
      return 'both moved, and met'
    case 'turned':
      return `then Plimsoll wanted ${direction === 'more' ? 'fewer' : 'more'} than they had`
    case 'configuration':
      return 'then another configuration was in force'
    case 'gap':
      return 'then nobody looked'
    case 'unknown':
      return 'then the count was not known'
    case 'blind':
      return 'then its rules had no data'
    case 'stopped':
      return 'then it was paused, ordered by hand, or scaled by Plimsoll'
    case 'goes-on':
      return 'it goes on'
  }
}

function kpiMeanwhileText({ kpi, became, redAt, redMs }: KpiMeanwhile, { from }: Disagreement): string {
  switch (became) {
    case 'turned-red':
      return `${kpi} turned red after ${spanText(Math.max(0, (redAt ?? from) - from))}, for ${spanText(redMs)}`
    case 'stayed-red':
      return `${kpi} stayed red`
    case 'recovered':
      return `${kpi} was red for ${spanText(redMs)}, and recovered`
    case 'stayed-green':
      return `${kpi} stayed green`
    case 'unknown':
      return ''
  }
}

/** All of it in one line, to be pointed at. */
export function saysOf(one: Disagreement, timeZone: string): string {
  return `${whenText(one, timeZone)}: ${countsText(one)}. ${one.because}. Then: ${thenText(one)}`
}

/** Those that weigh most, oldest first. */
export function weightiest(all: readonly Disagreement[], most: number): readonly Disagreement[] {
  return [...all]
    .sort((a, b) => Math.abs(b.instanceHours) - Math.abs(a.instanceHours))
    .slice(0, most)
    .sort((a, b) => a.from - b.from)
}

/** @param replay the command that plays a course of Plimsoll's own; `null`: it was played, and stands beside this */
export function notesOf(comparison: Comparison, replay: string | null, timeZone: string): readonly string[] {
  return [
    `Every recommendation answers the count that they had made. Had Plimsoll scaled, each instance would have had another load, and every later decision would have been another: its instance-hours and changes are those of the recommendations, no bill. What would have become of it ${replay === null ? 'was played too, as far as a model of the service can tell: see below.' : `is played by \`${replay}\`.`}`,
    ...lengthNotes(comparison, timeZone),
    ...changeNotes(comparison, timeZone),
    ...ownNotes(comparison),
  ]
}

function lengthNotes(
  { window, asked, isCut, gaps, timeMs }: Comparison,
  timeZone: string,
): readonly string[] {
  const lengthMs = window.to - window.from
  const late = window.from - asked.from > 60_000
  const since = `${formatDay(window.from, timeZone)} ${formatMinute(window.from, timeZone)}`
  return [
    ...(isCut ? [`There are more ticks than are read at once; what was before ${since} is left out.`] : []),
    ...(late && !isCut ? [`The record begins on ${since}; what was before is not known.`] : []),
    ...(lengthMs < DAY_MS
      ? [`${spanText(lengthMs)} say little: nights, Mondays and the end of the month are not in it.`]
      : []),
    ...(gaps.length === 0
      ? []
      : [
          `${gaps.length === 1 ? 'Once' : `${gaps.length} times`} nobody looked, for ${spanText(timeMs.gap)} in all (${gaps
            .slice(0, 3)
            .map(gap => whenText(gap, timeZone))
            .join(
              '; ',
            )}${gaps.length > 3 ? '; ...' : ''}): that counts neither as agreement nor as disagreement.`,
        ]),
  ]
}

function changeNotes({ configurations, timeMs }: Comparison, timeZone: string): readonly string[] {
  const later = configurations.slice(1)
  const own = timeMs.itself
  return [
    ...(later.length === 0
      ? []
      : [
          `The configuration changed ${later.length === 1 ? 'once' : `${later.length} times`} (${later
            .slice(0, 3)
            .map(({ from }) => `${formatDay(from, timeZone)} ${formatMinute(from, timeZone)}`)
            .join(
              ', ',
            )}${later.length > 3 ? ', ...' : ''}): the recommendations are those of different rules.`,
        ]),
    ...(own === 0
      ? []
      : [`For ${spanText(own)} Plimsoll scaled it itself, so there was nobody to compare with.`]),
  ]
}

function ownNotes({ approved, owed, kpis }: Comparison): readonly string[] {
  return [
    ...(approved.length === 0
      ? []
      : [
          `${approved.length === 1 ? 'One change was' : `${approved.length} changes were`} approved and carried out by Plimsoll; ${approved.length === 1 ? 'it counts' : 'they count'} for neither.`,
        ]),
    ...(owed === 0
      ? []
      : [
          `Up to ${owed} ${owed === 1 ? 'instance' : 'instances'} that they took away counted as lost, since the target is set up as \`exclusive\`: Plimsoll would have filled their places. Say \`exclusive: false\` while somebody else scales it.`,
        ]),
    ...(kpis.length === 0
      ? [
          'The fleet has no KPI, so that nothing says whether the service got worse; `kpis` in the file gives it one.',
        ]
      : []),
  ]
}
