/**
 * Random fleets in any state the planner may meet: zones, sickness, drains past their deadline, operators' orders, lists that are
 * late, seals that were not acknowledged, moves under way, a brake, trouble in a zone.
 *
 * Example: `fc.property(anyFleet, ({ spec, inventory, memory, desired }) => ... plan(spec, decisionOf(desired), inventory, memory) ...)`.
 */
import fc from 'fast-check'
import { type Freeze, USUAL_REPAIR } from '../../src/model/health.ts'
import type { Instance, Inventory, Load, Order } from '../../src/model/inventory.ts'
import { EMPTY_MEMORY, type Mark, type Memory, type Repair } from '../../src/model/memory.ts'
import { type FleetSpec, USUAL_SESSIONS } from '../../src/model/spec.ts'
import { NOON } from '../builders/observation.ts'
import { fleetSpec } from '../builders/spec.ts'

export interface AnyFleet {
  readonly spec: FleetSpec
  readonly inventory: Inventory
  readonly memory: Memory
  readonly desired: number
}

export const MINUTE_MS = 60_000
export const DEADLINE_MS = 60 * MINUTE_MS
const CLOSED_AT = NOON - MINUTE_MS
const CLOSED_LONG_AGO = NOON - 2 * DEADLINE_MS

type State = Omit<Instance, 'id'> & {
  readonly seal: Mark['seal']
  readonly gone: boolean
  readonly moves: boolean
}

const mostly = <T>(usual: T, ...others: T[]): fc.Arbitrary<T> =>
  fc.oneof({ arbitrary: fc.constant(usual), weight: 8 }, { arbitrary: fc.constantFrom(...others), weight: 2 })

const routedLoad: fc.Arbitrary<Load> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('known' as const),
      slots: fc.nat(3),
      at: fc.constantFrom(CLOSED_AT - 1, NOON),
    }),
  },
  { weight: 1, arbitrary: fc.constant<Load>({ kind: 'unknown', because: 'silent' }) },
)

const stateOf = (zones: readonly string[], routed: boolean): fc.Arbitrary<State> =>
  fc
    .record({
      lifecycle: mostly<Instance['lifecycle']>('ready', 'booting', 'lost', 'terminating'),
      admission: fc.constantFrom('open', 'open', 'open', 'closed', 'closing', 'opening'),
      health: mostly<Instance['health']>('healthy', 'unknown', 'suspect', 'unhealthy'),
      seal: mostly<Mark['seal']>('none', 'sealing', 'sealed'),
      listed: mostly(true, false),
      order: mostly<Instance['order']>(null, 'keep', 'drain'),
      load: routed ? routedLoad : fc.constant<Load>({ kind: 'untracked' }),
      zone:
        zones.length === 0
          ? fc.constant(null)
          : mostly<string | null>(null, ...zones).chain(zone =>
              zone === null ? fc.constantFrom(...zones, ...zones, ...zones, null) : fc.constant(zone),
            ),
      launchedAt: fc.constantFrom(NOON - MINUTE_MS, NOON - 10 * MINUTE_MS),
      rebooted: mostly(false, true),
      longAgo: mostly(false, true),
      gone: mostly(false, true),
      moves: mostly(false, true),
    })
    .map(({ rebooted, longAgo, gone, moves, ...parts }): State => {
      const isClosed = parts.admission === 'closed'
      const isBack = gone && isClosed
      return {
        ...parts,
        // What is not in the list is as it was: its end would have been seen in it.
        lifecycle: parts.listed || parts.lifecycle === 'booting' ? parts.lifecycle : 'ready',
        incarnation: null,
        access: [],
        address: null,
        detail: null,
        sealed: parts.seal !== 'none',
        readyAt: parts.lifecycle === 'booting' && !rebooted ? null : NOON - 5 * MINUTE_MS,
        closedAt: isClosed ? (longAgo ? CLOSED_LONG_AGO : CLOSED_AT) : null,
        load: parts.listed ? parts.load : { kind: 'unknown', because: 'missing' },
        gone: isBack,
        moves,
      }
    })

const orderOf = (zones: readonly string[]): fc.Arbitrary<Omit<Order, 'token'>> =>
  fc.record({
    at: fc.constantFrom(NOON - MINUTE_MS, NOON),
    zone: zones.length === 0 ? fc.constant(null) : fc.constantFrom(...zones),
    expiresAt: fc.constant(NOON + MINUTE_MS),
    instance: fc.constantFrom(null, 'web-late'),
  })

const freeze: fc.Arbitrary<Freeze | null> = mostly<Freeze | null>(
  null,
  { since: NOON - 1, cause: 'unhealthy', because: 'many are unhealthy', until: NOON + 1 },
  { since: NOON - 1, cause: 'replacements-fail', because: 'replacements fail', until: NOON + 1 },
  { since: NOON - 2, cause: 'silent', because: 'many are silent', until: NOON - 1 },
)

const specOf = fc
  .record({
    pastDeadline: fc.constantFrom('keep', 'reopen', 'force'),
    deadlineMs: fc.constantFrom(null, DEADLINE_MS),
    how: fc.constantFrom('replace', 'restart'),
    atOnce: fc.constantFrom(1, 2, 100),
    launchBatch: fc.constantFrom(2, 100),
  })
  .map(({ pastDeadline, deadlineMs, how, atOnce, launchBatch }) =>
    fleetSpec({
      min: 0,
      max: 50,
      spec: {
        launchBatch,
        bootTimeoutMs: 5 * MINUTE_MS,
        repair: { ...USUAL_REPAIR, how, atOnce },
        sessions: { ...USUAL_SESSIONS, drain: { deadlineMs, pastDeadline } },
      },
    }),
  )

/** @param most instances */
export function fleets(most = 9): fc.Arbitrary<AnyFleet> {
  return fc
    .record({ zones: fc.constantFrom([], ['a', 'b'], ['a', 'b', 'c']), routed: mostly(true, false) })
    .chain(({ zones, routed }) =>
      fc.record({
        spec: specOf,
        states: fc.array(stateOf(zones, routed), { maxLength: most }),
        orders: fc.array(orderOf(zones), { maxLength: 2 }),
        desired: fc.nat(most + 2),
        restarts: fc.boolean(),
        highest: mostly<number | null>(null, most + 3),
        freeze,
        trouble: fc.constantFrom(null, null, NOON - 1, NOON + MINUTE_MS),
        zones: fc.constant(zones),
      }),
    )
    .map(({ spec, states, orders, desired, restarts, highest, freeze, trouble, zones }): AnyFleet => {
      const instances = states.map(
        ({ seal: _seal, gone: _gone, moves: _moves, ...state }, index): Instance => ({
          id: `web-${index}`,
          ...state,
        }),
      )
      const inventory: Inventory = {
        instances,
        orders: orders.map((order, index) => ({ token: `web/0/${index}`, ...order })),
        target: { choosesVictim: true, restarts, zones, highest },
      }
      const marks = Object.fromEntries(
        states.map((state, index): [string, Mark] => [`web-${index}`, markOf(state)]),
      )
      const moving = states.findIndex(({ moves, admission }) => moves && admission === 'open')
      const repairs: Repair[] =
        moving < 0 || zones.length === 0
          ? []
          : [{ at: NOON - MINUTE_MS, instance: `web-${moving}`, how: 'move', because: 'a test' }]
      const zoneTrouble =
        trouble === null || zones.length === 0
          ? {}
          : { b: { failures: 2, retryAt: trouble, error: 'no room' } }
      const memory = {
        ...EMPTY_MEMORY,
        revision: 41,
        marks,
        orders: inventory.orders,
        freeze,
        zoneTrouble,
        repairs,
      }
      return { spec, inventory, memory, desired }
    })
}

function markOf({ admission, closedAt, seal, readyAt, gone, listed, zone }: State): Mark {
  return {
    admission,
    closedAt,
    seal,
    readyAt,
    seenAt: NOON - 10 * MINUTE_MS,
    incarnation: null,
    health: null,
    missingSince: listed ? null : NOON - 1_000,
    goneAt: gone ? NOON - MINUTE_MS : null,
    zone,
  }
}
