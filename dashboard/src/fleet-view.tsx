/**
 * One fleet: how many there are and should be, the picture, the demand, the reason, the instances, what happened.
 *
 * Example: "5 → 6, between 4 and 6 (Peak until 10:00)", with the timeline of the last quarter of an hour below it.
 */
import { useEffect, useState } from 'preact/hooks'
import { ByHandCard } from './by-hand-card.tsx'
import { DecisionCard } from './decision-card.tsx'
import { DemandChart } from './demand-chart.tsx'
import { Draught } from './draught.tsx'
import type { FleetFeed } from './fleet-feed.ts'
import { FreezeBanner } from './freeze-banner.tsx'
import { happenings } from './happenings.ts'
import { HappeningsList } from './happenings-list.tsx'
import { InstancesTable } from './instances-table.tsx'
import { KpiStrips } from './kpi-strips.tsx'
import { SessionsChart } from './sessions-chart.tsx'
import { SettingsCard } from './settings-card.tsx'
import { TimelineChart } from './timeline-chart.tsx'
import type { FleetSummary } from './wire.ts'
import { ageText, countText, whenText } from './words.ts'

export const RANGES = [
  { ms: 5 * 60_000, text: '5 min' },
  { ms: 15 * 60_000, text: '15 min' },
  { ms: 60 * 60_000, text: '1 h' },
  { ms: 6 * 60 * 60_000, text: '6 h' },
] as const

interface FleetViewProps {
  readonly feed: FleetFeed
  readonly summary: FleetSummary
  /** The daemon's time, milliseconds. */
  readonly now: number
  readonly onRange: (ms: number) => void
}

export function FleetView({ feed, summary, now, onRange }: FleetViewProps) {
  const [selected, setSelected] = useState<number | null>(null)
  useEffect(() => setSelected(null), [feed.name])
  const chosen = feed.decisions.find(decision => decision.revision === selected) ?? null
  const range = rangeShown(feed, now)
  const metrics = feed.fleet?.metrics ?? []
  return (
    <main id="fleet">
      {feed.failure === null ? null : (
        <p class="banner" role="alert">
          {feed.failure}
        </p>
      )}
      {summary.freeze === null ? null : <FreezeBanner fleet={feed.name} freeze={summary.freeze} now={now} />}
      <ByHandCard summary={summary} now={now} />
      <Now summary={summary} now={now} />
      <DecisionCard
        decision={chosen ?? feed.fleet?.decision ?? null}
        chosen={chosen !== null}
        onBack={() => setSelected(null)}
        waiting={chosen === null ? (feed.fleet?.plan?.waiting ?? []) : []}
      />
      <section class="card wide" aria-label="Timeline">
        <div class="card-head">
          <h2>Timeline</h2>
          <Ranges windowMs={feed.windowMs} onRange={onRange} />
        </div>
        <TimelineChart
          timeline={feed.timeline}
          decisions={feed.decisions}
          range={range}
          selected={selected}
          onSelect={setSelected}
        />
        {feed.sessions.length === 0 ? null : <SessionsChart sessions={feed.sessions} range={range} />}
        {metrics.map(metric => {
          const demand = feed.demand.get(metric.name)
          return demand === undefined ? null : (
            <DemandChart key={`${feed.name} ${metric.name}`} metric={metric} demand={demand} range={range} />
          )
        })}
        <KpiStrips histories={feed.kpis} range={range} />
      </section>
      <SettingsCard settings={feed.settings} />
      <section class="card has-instances" aria-label="Instances">
        <h2>Instances</h2>
        <InstancesTable
          fleet={summary}
          instances={feed.instances}
          waiting={feed.fleet?.plan?.waiting ?? []}
          now={now}
        />
      </section>
      <section class="card happened" aria-label="What happened">
        <h2>What happened</h2>
        <HappeningsList
          happenings={happenings(feed.decisions, feed.notes)}
          selected={selected}
          onSelect={setSelected}
        />
      </section>
    </main>
  )
}

/** At least this much is shown, so that the first decisions do not fill the picture. */
const SHORTEST_RANGE_S = 120

/** Left and right edge of the charts, seconds since the epoch: the range chosen, or the whole past where that is shorter. */
function rangeShown({ windowMs, timeline }: FleetFeed, now: number): readonly [number, number] {
  const to = now / 1000
  const beginning = Math.min(timeline.first?.at ?? to, to - SHORTEST_RANGE_S)
  return [Math.max(to - windowMs / 1000, beginning), to]
}

function Now({ summary, now }: { summary: FleetSummary; now: number }) {
  const { current, desired, bounds, capacity, kpis } = summary
  const steady = current === desired
  return (
    <section class="card now" aria-label="Now">
      <Draught current={current} desired={desired} bounds={bounds} />
      <div>
        <p class="unseen">
          {countText(current)} instances now, {countText(desired)} wanted
        </p>
        <p class="counts" aria-hidden="true">
          <span>{countText(current)}</span>
          <span class={steady ? 'arrow steady' : 'arrow'}>→</span>
          <span>{countText(desired)}</span>
        </p>
        {bounds === null ? null : (
          <p class="bounds">
            between <b>{bounds.lowest}</b> and <b>{bounds.highest}</b>
            <span class="muted">
              {' '}
              by {bounds.constraint}
              {bounds.until === null ? '' : `, until ${whenText(bounds.until, now)}`}
            </span>
          </p>
        )}
        {capacity === null ? null : (
          <p class="muted">
            {capacity.open} open, {capacity.pending} pending, {capacity.draining} draining
            {capacity.replacing > 0 ? `, ${capacity.replacing} to replace` : ''}
          </p>
        )}
        <SessionsNow sessions={summary.sessions} />
        <p class="chips">
          {Object.entries(kpis).map(([kpi, state]) => (
            <span key={kpi} class={`chip ${state}`}>
              {kpi} {state}
            </span>
          ))}
          {summary.mode === 'recommend' ? <span class="chip">recommends only</span> : null}
          {summary.mode === 'notify' ? <span class="chip">asks first</span> : null}
          <LastTick summary={summary} now={now} />
        </p>
      </div>
    </section>
  )
}

/** Nothing for a fleet without slots. */
function SessionsNow({ sessions }: { sessions: FleetSummary['sessions'] }) {
  if (sessions === null || (sessions.slots === null && sessions.waiting === 0)) return null
  const { inUse, inUseOpen, slots, waiting } = sessions
  const draining = inUse === null || inUseOpen === null ? 0 : inUse - inUseOpen
  return (
    <p class="sessions-now">
      <b>{countText(inUseOpen)}</b> of <b>{countText(slots)}</b> slots in use
      {draining > 0 ? `, ${draining} more on draining instances` : ''}
      {waiting > 0 ? <span class="waits">, {waiting} waiting for room</span> : null}
    </p>
  )
}

function LastTick({ summary, now }: { summary: FleetSummary; now: number }) {
  const { lastTick, at, everyMs } = summary
  if (lastTick?.outcome === 'failed') {
    return (
      <span class="chip red" title={lastTick.error ?? ''}>
        last tick failed: {lastTick.error}
      </span>
    )
  }
  if (lastTick?.outcome === 'standby') return <span class="chip">standby: another process acts</span>
  if (at === null) return <span class="chip">no tick yet</span>
  const ageMs = now - Date.parse(at)
  const late = ageMs > 3 * everyMs + 5000
  return <span class={late ? 'chip red' : 'chip plain'}>ticked {ageText(ageMs)} ago</span>
}

function Ranges({ windowMs, onRange }: { windowMs: number; onRange: (ms: number) => void }) {
  return (
    <fieldset class="ranges">
      <legend class="unseen">Shown range</legend>
      {RANGES.map(({ ms, text }) => (
        <label key={ms}>
          <input type="radio" name="range" checked={ms === windowMs} onChange={() => onRange(ms)} />
          <span>{text}</span>
        </label>
      ))}
    </fieldset>
  )
}
