/**
 * What operators change by hand, with an end: pause, mode, capacity, single rules and instances; and the record of every act. Each is
 * durable when it is answered, and in force from the next tick, which is woken at once.
 *
 * Example: `POST /v1/fleets/web/capacity` with `{ "count": 12, "who": "ada", "why": "sale", "forMs": 7200000 }` answers
 * `{ "override": { "until": "...", "change": { "kind": "capacity", "count": 12 }, ... } }`.
 */
import { z } from 'zod'
import { nearest } from '../../config/expression/nearest.ts'
import type { By, Order } from '../../loop/operate.ts'
import type { Runtime } from '../../loop/runtime.ts'
import type { Override, OverrideChange } from '../../model/override.ts'
import type { FleetSpec } from '../../model/spec.ts'
import { badRequest, noSuchInstance, noSuchOverride, noSuchRule } from '../failure.ts'
import { type App, FleetParams, limitQuery } from '../route.ts'
import { askPast, fleetNamed } from '../views.ts'
import { NAMED_FAILURES, POST_FAILURES } from '../wire/failure.ts'
import { ByBody, byFields, orderFields } from '../wire/operate.ts'
import {
  CountWire,
  ModeWire,
  OperatorActWire,
  OverrideChangeWire,
  OverrideWire,
  RankWire,
} from '../wire/override.ts'

const OverrideAnswer = z.object({ override: OverrideWire })
const ClearedAnswer = z.object({ cleared: OverrideWire.nullable().describe('null: there was none.') })
const ChangedAnswer = z.object({
  override: OverrideWire.nullable().describe('null: as in the file again.'),
  cleared: OverrideWire.nullable().describe('What was given up for it.'),
})

const tags = ['operating']

type InstanceChange = Extract<OverrideChange, { kind: 'instance' }>

export function overrideRoutes(app: App, runtime: Runtime): void {
  const { operator } = runtime

  /** Sets it, or goes back to what the file says where the wish is null. */
  async function change(fleet: FleetSpec, subject: OverrideChange, wanted: boolean, order: Order) {
    if (!wanted) {
      return { override: null, cleared: await operator.clearSubject(fleet.name, subject, byOf(order)) }
    }
    return { override: await operator.set(fleet.name, subject, order), cleared: null }
  }

  app.get(
    '/v1/fleets/:fleet/overrides',
    {
      schema: {
        summary: 'What operators changed, as far as it is in force',
        tags,
        params: FleetParams,
        response: { 200: z.object({ overrides: z.array(OverrideWire).readonly() }), ...NAMED_FAILURES },
      },
    },
    async request => ({
      overrides: await operator.overrides(fleetNamed(runtime, request.params.fleet).name),
    }),
  )

  app.post(
    '/v1/fleets/:fleet/overrides',
    {
      schema: {
        summary: 'Change something by hand',
        description: 'Takes the place of an override on the same subject.',
        tags,
        params: FleetParams,
        body: z.strictObject({ change: OverrideChangeWire, ...orderFields }),
        response: { 200: OverrideAnswer, ...POST_FAILURES },
      },
    },
    async request => {
      const fleet = fleetNamed(runtime, request.params.fleet)
      const { change, ...order } = request.body
      if ('rule' in change) askRule(fleet, change.rule)
      const meant = 'instance' in change ? meaning(runtime, fleet, change) : change
      return { override: await operator.set(fleet.name, meant, order) }
    },
  )

  app.delete(
    '/v1/fleets/:fleet/overrides/:override',
    {
      schema: {
        summary: 'End an override',
        tags,
        params: FleetParams.extend({ override: z.string().min(1).max(100) }),
        querystring: z.object(byFields),
        response: { 200: z.object({ cleared: OverrideWire }), ...NAMED_FAILURES },
      },
    },
    async request => {
      const fleet = fleetNamed(runtime, request.params.fleet)
      const cleared = await operator.clear(fleet.name, request.params.override, request.query)
      if (cleared === null) throw noSuchOverride(fleet.name, request.params.override)
      return { cleared }
    },
  )

  app.post(
    '/v1/fleets/:fleet/pause',
    {
      schema: {
        summary: 'Change nothing of a fleet for a while',
        description: 'No instance is launched, closed or terminated, whatever the rules and bounds say.',
        tags,
        params: FleetParams,
        body: z.strictObject(orderFields),
        response: { 200: OverrideAnswer, ...POST_FAILURES },
      },
    },
    async request => {
      const { name } = fleetNamed(runtime, request.params.fleet)
      return { override: await operator.set(name, { kind: 'pause' }, request.body) }
    },
  )

  app.post(
    '/v1/fleets/:fleet/resume',
    {
      schema: {
        summary: 'End a pause',
        tags,
        params: FleetParams,
        body: ByBody,
        response: { 200: ClearedAnswer, ...POST_FAILURES },
      },
    },
    async request => {
      const { name } = fleetNamed(runtime, request.params.fleet)
      return { cleared: await operator.clearSubject(name, { kind: 'pause' }, request.body) }
    },
  )

  app.post(
    '/v1/fleets/:fleet/mode',
    {
      schema: {
        summary: 'Another mode for a while',
        tags,
        params: FleetParams,
        body: z.strictObject({ mode: ModeWire.nullable().describe('null: as in the file.'), ...orderFields }),
        response: { 200: ChangedAnswer, ...POST_FAILURES },
      },
    },
    request => {
      const fleet = fleetNamed(runtime, request.params.fleet)
      const { mode, ...order } = request.body
      return change(fleet, { kind: 'mode', mode: mode ?? fleet.mode }, mode !== null, order)
    },
  )

  app.post(
    '/v1/fleets/:fleet/capacity',
    {
      schema: {
        summary: 'Just so many instances for a while',
        description: 'Above every constraint; only what the target can hold limits it.',
        tags,
        params: FleetParams,
        body: z.strictObject({
          count: CountWire.nullable().describe('null: as in the file.'),
          ...orderFields,
        }),
        response: { 200: ChangedAnswer, ...POST_FAILURES },
      },
    },
    request => {
      const fleet = fleetNamed(runtime, request.params.fleet)
      const { count, ...order } = request.body
      return change(fleet, { kind: 'capacity', count: count ?? 0 }, count !== null, order)
    },
  )

  app.post(
    '/v1/fleets/:fleet/rules/:rule',
    {
      schema: {
        summary: 'Switch a rule on or off, or give it another rank, for a while',
        tags,
        params: FleetParams.extend({ rule: z.string().min(1).max(200) }),
        body: z.strictObject({
          enabled: z.boolean().nullable().optional().describe('null: as in the file.'),
          rank: RankWire.nullable().optional().describe('null: as in the file.'),
          ...orderFields,
        }),
        response: {
          200: z.object({
            set: z.array(OverrideWire),
            cleared: z.array(OverrideWire).describe('Given up for what the file says.'),
          }),
          ...POST_FAILURES,
        },
      },
    },
    async request => {
      const fleet = fleetNamed(runtime, request.params.fleet)
      const { rule } = request.params
      askRule(fleet, rule)
      const { enabled, rank, ...order } = request.body
      if (enabled === undefined && rank === undefined) {
        throw badRequest('Neither `enabled` nor `rank` is given.', 'Give one of them, or both.')
      }
      const set: Override[] = []
      const cleared: Override[] = []
      const take = async (subject: OverrideChange, wanted: boolean) => {
        const changed = await change(fleet, subject, wanted, order)
        if (changed.override !== null) set.push(changed.override)
        if (changed.cleared !== null) cleared.push(changed.cleared)
      }
      if (enabled !== undefined) {
        await take({ kind: 'rule-enabled', rule, enabled: enabled ?? true }, enabled !== null)
      }
      if (rank !== undefined) await take({ kind: 'rule-rank', rule, rank: rank ?? 0 }, rank !== null)
      return { set, cleared }
    },
  )

  app.post(
    '/v1/fleets/:fleet/instances/:instance',
    {
      schema: {
        summary: 'Keep one instance in any case, or drain it and let it go',
        description:
          'keep: it is not closed, repaired or terminated. drain: it gets no new sessions, is terminated once it is empty, and is replaced where it is missed.',
        tags,
        params: FleetParams.extend({ instance: z.string().min(1).max(200) }),
        body: z.strictObject({
          order: z.enum(['keep', 'drain']).nullable().describe('null: like any other instance.'),
          ...orderFields,
        }),
        response: { 200: ChangedAnswer, ...POST_FAILURES },
      },
    },
    request => {
      const fleet = fleetNamed(runtime, request.params.fleet)
      const { instance } = request.params
      const { order, ...asked } = request.body
      const subject = { kind: 'instance', instance, order: order ?? 'keep' } as const
      const meant = order === null ? subject : meaning(runtime, fleet, subject)
      return change(fleet, meant, order !== null, asked)
    },
  )

  app.post(
    '/v1/fleets/:fleet/unfreeze',
    {
      schema: {
        summary: 'Go on although much fails at once',
        description:
          'What was frozen because so much failed that one cause is likely is done all the same, and no freeze begins, for a while.',
        tags,
        params: FleetParams,
        body: z.strictObject({
          ...orderFields,
          forMs: orderFields.forMs.describe('How long; as long as a freeze lasts at most where it is null.'),
          lift: z.boolean().default(true).describe('false: may freeze again from now on.'),
        }),
        response: { 200: ChangedAnswer, ...POST_FAILURES },
      },
    },
    request => {
      const fleet = fleetNamed(runtime, request.params.fleet)
      const { lift, ...order } = request.body
      // For ever would take the brake out.
      const forMs = order.forMs ?? fleet.repair.freezeMs
      return change(fleet, { kind: 'unfreeze' }, lift, { ...order, forMs })
    },
  )

  app.get(
    '/v1/fleets/:fleet/acts',
    {
      schema: {
        summary: 'What operators did, newest first',
        description: 'Of this fleet, and what concerned the whole configuration.',
        tags,
        params: FleetParams,
        querystring: z.object({
          limit: limitQuery(50, 500),
          before: z.coerce.number().int().min(0).optional().describe('Acts with a smaller id.'),
        }),
        response: {
          200: z.object({
            acts: z.array(OperatorActWire),
            next: z.number().int().nullable().describe('Pass it as `before`; null: no more.'),
          }),
          ...NAMED_FAILURES,
        },
      },
    },
    async request => {
      const { fleet } = request.params
      const { limit, before } = request.query
      await askPast(runtime, fleet)
      const found = await runtime.store.readActs({
        fleet,
        limit: limit + 1,
        ...(before === undefined ? {} : { before }),
      })
      const acts = found.slice(0, limit)
      return { acts, next: found.length > limit ? (acts.at(-1)?.id ?? null) : null }
    },
  )
}

function byOf({ who, why }: Order): By {
  return { who, why }
}

/** The one that has the id now, as the last tick saw it. Throws PLM-482. */
function meaning(runtime: Runtime, fleet: FleetSpec, change: InstanceChange): InstanceChange {
  const { instance } = change
  const instances = runtime.latest(fleet.name)?.inventory.instances ?? []
  const there = instances.filter(({ lifecycle }) => lifecycle !== 'gone')
  const found = there.find(({ id }) => id === instance)
  if (found === undefined) {
    const known = there.map(({ id }) => id)
    throw noSuchInstance(fleet.name, instance, known, nearest(instance, known))
  }
  return found.incarnation === null ? change : { ...change, incarnation: found.incarnation }
}

function askRule(fleet: FleetSpec, rule: string): void {
  if (fleet.rules.some(({ name }) => name === rule)) return
  throw noSuchRule(
    fleet.name,
    rule,
    fleet.rules.map(({ name }) => name),
  )
}
