/**
 * The instances of the fleet, each with its three states (lifecycle, admission, health), and the launches ordered
 * and not yet seen.
 *
 * Example: `web-3  ready  closed  healthy  2 sessions  18 min  127.0.0.1:41231`.
 */
import type { Instance, Instances } from './wire.ts'
import { ageText, clockText } from './words.ts'

/** A table longer than this is not read. */
const ROWS_SHOWN = 200

export function InstancesTable({ instances, now }: { instances: Instances | null; now: number }) {
  if (instances === null) return <p class="muted">Not known yet.</p>
  const { instances: all, orders } = instances
  if (all.length + orders.length === 0) return <p class="muted">None.</p>
  const hidden = all.length - ROWS_SHOWN
  return (
    <>
      <table class="instances">
        <thead>
          <tr>
            <th scope="col">Instance</th>
            <th scope="col">Lifecycle</th>
            <th scope="col">Admission</th>
            <th scope="col">Health</th>
            <th scope="col">Load</th>
            <th scope="col">Age</th>
            <th scope="col">Address</th>
          </tr>
        </thead>
        <tbody>
          {all.slice(0, ROWS_SHOWN).map(instance => (
            <Row key={instance.id} instance={instance} now={now} />
          ))}
          {orders.map(order => (
            <tr key={order.token}>
              <th scope="row" class="muted">
                {order.token}
              </th>
              <td colSpan={6} class="muted">
                ordered {clockText(order.at)}, not seen yet
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {hidden > 0 ? <p class="muted">and {hidden} more</p> : null}
    </>
  )
}

function Row({ instance, now }: { instance: Instance; now: number }) {
  const { id, lifecycle, admission, health, sealed, detail, launchedAt, address } = instance
  return (
    <tr>
      <th scope="row">
        {id}
        {detail === null ? null : <small>{detail}</small>}
      </th>
      <td data-label="Lifecycle">
        <State word={lifecycle} tone={LIFECYCLE_TONES[lifecycle]} />
      </td>
      <td data-label="Admission">
        <State word={sealed ? 'sealed' : admission} tone={admission === 'open' ? 'good' : 'calm'} />
      </td>
      <td data-label="Health">
        <State word={health} tone={HEALTH_TONES[health]} />
      </td>
      <td data-label="Load">{loadText(instance)}</td>
      <td data-label="Age">{launchedAt === null ? '–' : ageText(now - Date.parse(launchedAt))}</td>
      <td data-label="Address" class="address">
        {address?.replace(/^https?:\/\//, '') ?? '–'}
      </td>
    </tr>
  )
}

type Tone = 'good' | 'calm' | 'watch' | 'bad'

const LIFECYCLE_TONES: Readonly<Record<Instance['lifecycle'], Tone>> = {
  requested: 'watch',
  booting: 'watch',
  ready: 'good',
  terminating: 'calm',
  gone: 'calm',
  lost: 'bad',
}

const HEALTH_TONES: Readonly<Record<Instance['health'], Tone>> = {
  unknown: 'calm',
  healthy: 'good',
  suspect: 'watch',
  unhealthy: 'bad',
}

function State({ word, tone }: { word: string; tone: Tone }) {
  return <span class={`state ${tone}`}>{word}</span>
}

function loadText({ load }: Instance): string {
  switch (load.kind) {
    case 'known':
      return load.slots === 1 ? '1 session' : `${load.slots} sessions`
    case 'unknown':
      return 'unknown'
    case 'untracked':
      return '–'
  }
}
