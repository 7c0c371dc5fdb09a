/**
 * The instances of the fleet, each with its three states (lifecycle, admission, health), and the launches ordered
 * and not yet seen.
 *
 * Example: `rooms-3  b  ready  draining since 12:04:15  healthy  ▮▮▯▯▯▯▯▯ 2 of 8  18 min  127.0.0.1:41231  [Undo drain]`, and below its
 * name what it waits for.
 */
import { InstanceOrders } from './instance-orders.tsx'
import { Slots } from './slots.tsx'
import type { Fleet, FleetSummary, Instance, Instances } from './wire.ts'
import { ageText, clockText } from './words.ts'

/** A table longer than this is not read. */
const ROWS_SHOWN = 200

type Waiting = NonNullable<Fleet['plan']>['waiting']

interface InstancesTableProps {
  readonly fleet: FleetSummary
  readonly instances: Instances | null
  readonly waiting: Waiting
  readonly now: number
}

export function InstancesTable({ fleet, instances, waiting, now }: InstancesTableProps) {
  if (instances === null) return <p class="muted">Not known yet.</p>
  const { orders } = instances
  const all = [...instances.instances].sort((one, other) => rankOf(one) - rankOf(other))
  const zoned = all.some(({ zone }) => zone !== null)
  if (all.length + orders.length === 0) return <p class="muted">None.</p>
  const hidden = all.length - ROWS_SHOWN
  return (
    <>
      <table class="instances">
        <thead>
          <tr>
            <th scope="col">Instance</th>
            {zoned ? <th scope="col">Zone</th> : null}
            <th scope="col">Lifecycle</th>
            <th scope="col">Admission</th>
            <th scope="col">Health</th>
            <th scope="col">{fleet.slotsPerInstance === null ? 'Load' : 'Slots'}</th>
            <th scope="col">Age</th>
            <th scope="col">Address</th>
            <th scope="col">
              <span class="unseen">Orders</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {all.slice(0, ROWS_SHOWN).map(instance => (
            <Row
              key={instance.id}
              fleet={fleet}
              instance={instance}
              zoned={zoned}
              waits={waiting.find(one => one.instance === instance.id)?.because ?? null}
              now={now}
            />
          ))}
          {orders.map(order => (
            <tr key={order.token}>
              <th scope="row" class="muted">
                {order.token}
              </th>
              <td colSpan={zoned ? 8 : 7} class="muted">
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

/** Those that take sessions, then those that will, then those that go. */
function rankOf({ lifecycle, admission, sealed }: Instance): number {
  if (sealed || lifecycle === 'terminating' || lifecycle === 'gone') return 4
  if (lifecycle === 'lost') return 3
  if (admission === 'closing' || admission === 'closed') return 2
  return lifecycle === 'ready' ? 0 : 1
}

interface RowProps {
  readonly fleet: FleetSummary
  readonly instance: Instance
  readonly zoned: boolean
  /** What is not done with it yet, and why. */
  readonly waits: string | null
  readonly now: number
}

function Row({ fleet, instance, zoned, waits, now }: RowProps) {
  const { id, zone, lifecycle, health, order, detail, launchedAt, address, load, access } = instance
  return (
    <tr>
      <th scope="row">
        {id}
        {order === null ? null : <span class="chip">{order === 'keep' ? 'kept' : 'to drain'}</span>}
        {detail === null ? null : <small>{detail}</small>}
        {waits === null ? null : <small class="waits">waits: {waits}</small>}
      </th>
      {zoned ? <td data-label="Zone">{zone ?? '–'}</td> : null}
      <td data-label="Lifecycle">
        <State word={lifecycle} tone={LIFECYCLE_TONES[lifecycle]} />
      </td>
      <td data-label="Admission">
        <AdmissionState instance={instance} />
      </td>
      <td data-label="Health">
        <State word={health} tone={HEALTH_TONES[health]} />
      </td>
      <td data-label={fleet.slotsPerInstance === null ? 'Load' : 'Slots'}>
        <Slots load={load} slots={fleet.slotsPerInstance} />
      </td>
      <td data-label="Age">{launchedAt === null ? '–' : ageText(now - Date.parse(launchedAt))}</td>
      <td data-label="Address" class="address">
        {address?.replace(/^https?:\/\//, '') ?? '–'}
        {access.map(way => (
          <small key={way.name}>
            {way.name}: {way.address}
          </small>
        ))}
      </td>
      <td class="orders">
        <InstanceOrders fleet={fleet.name} instance={instance} />
      </td>
    </tr>
  )
}

/** Closed is draining, until it is sealed. */
function AdmissionState({ instance: { admission, sealed, closedAt } }: { instance: Instance }) {
  const word = sealed ? 'sealed' : admission === 'closed' ? 'draining' : admission
  const tone = word === 'open' ? 'good' : word === 'draining' || word === 'closing' ? 'watch' : 'calm'
  return (
    <>
      <State word={word} tone={tone} />
      {closedAt === null ? null : <span class="muted since"> since {clockText(closedAt)}</span>}
    </>
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
