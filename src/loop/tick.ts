/**
 * The only loop body: hold lease -> observe -> decide -> plan -> commit intent -> act -> commit outcomes -> notify.
 * It carries no state between calls but what the store holds, so a crash anywhere is recovered by the next tick.
 *
 * Example: revision 41 is loaded, the tick commits 42 (its entry with observation, decision and plan), launches one
 * instance with token `web/42/1`, and commits 43 with the outcome.
 */
import { isFrozen } from '../capacity/brake.ts'
import { faultsText, type PlanFault } from '../capacity/check-plan.ts'
import { lookAnew } from '../capacity/roll-call.ts'
import { settle } from '../capacity/settle.ts'
import { applySettings, type SettingsApplied } from '../engine/apply-settings.ts'
import { decide } from '../engine/decide.ts'
import { applyOverrides, orderOf, pauseOf } from '../engine/overrides.ts'
import type { Verdict } from '../model/approval.ts'
import type { Freeze } from '../model/health.ts'
import type { Inventory, Order } from '../model/inventory.ts'
import type { JournalEntry } from '../model/journal.ts'
import type { Memory } from '../model/memory.ts'
import type { EpochMs } from '../model/time.ts'
import { PluginError } from '../ports/plugin.ts'
import type { Lease } from '../ports/state-store.ts'
import type { Target } from '../ports/target.ts'
import { act, route, watch } from './act.ts'
import { runsToBegin } from './action-runs.ts'
import { type Conduct, conductOf } from './conduct.ts'
import { reasonOf, withDeadline } from './deadline.ts'
import { EndedSeries } from './ended-series.ts'
import { type Observed, observe } from './observe.ts'
import type { Senses } from './senses.ts'
import type { TickReport, World } from './world.ts'

const SHORTEST_LEASE_MS = 15_000
const TEND_DEADLINE_MS = 15_000

/** One fleet's place in the loop: its senses and the lease it holds. */
export interface Seat {
  readonly senses: Senses
  lease: Lease | null
  /** The lease's, at the last commit: while it is the same, nobody else acted in between. */
  epoch?: number
  /** The one that listed its instances for the last tick. */
  target?: Target
  /** What its router told of sessions that ended. */
  ended?: EndedSeries
}

export async function tick(world: World, seat: Seat): Promise<TickReport> {
  const { senses } = seat
  const { spec: written } = senses
  const lease = await holdLease(world, seat)
  if (lease === null) return { outcome: 'standby', fleet: written.name, at: world.clock.now() }
  const takesOver = lease.epoch !== seat.epoch
  if (takesOver) await world.takeOver?.(written.name)
  if (takesOver) senses.takeOver()

  const loaded = await world.store.load(written.name)
  const before = takesOver ? lookAnew(loaded) : loaded
  const at = Math.max(world.clock.now(), before.at)
  const { target, router } = world.ports(written.name)
  seat.ended ??= new EndedSeries()
  const { ended } = seat
  if (takesOver) await ended.takeOver(world.store, written.name, before, at)
  const observed = trusted(await observe(world, senses, before, at), target, seat)
  const { overrides } = observed.observation
  const spec = applyOverrides(written, overrides, at)
  const decided = decide(written, observed.observation, observed.memory)
  const revision = before.revision + 1
  const pause = pauseOf(overrides, at)
  const conduct = conductOf({
    spec,
    decided,
    inventory: observed.inventory,
    pause,
    order: orderOf(overrides, at),
    targetActs: target.capabilities.acts,
    verdict: await verdictOn(world, before),
    revision,
  })
  const applied: SettingsApplied =
    pause === null
      ? applySettings(spec, spec.mode, decided.decision, before.settings)
      : { settings: before.settings, changes: [] }

  const settled = world.runs.settle(before, at)
  const begun = pause === null ? runsToBegin(spec.mode, { decision: decided.decision, revision }) : []

  const runs = [...settled.running, ...begun]
  const intent: Memory = { ...conduct.memory, settings: applied.settings, runs, revision }
  const entry: JournalEntry = {
    fleet: spec.name,
    revision,
    at,
    specDigest: world.spec().digest,
    mode: target.capabilities.acts ? spec.mode : 'recommend',
    observation: observed.observation,
    memory: observed.memory,
    inventory: observed.inventory,
    decision: decided.decision,
    plan: conduct.plan,
    approval: conduct.approval,
    outcomes: [],
  }
  // A router that had the fleet before learns only with this tick whether somebody else told of its sessions meanwhile.
  if (!takesOver) ended.take(router, at)
  await world.store.commit({
    fleet: spec.name,
    epoch: lease.epoch,
    parentRevision: before.revision,
    memory: intent,
    entry,
    outcomes: settled.outcomes,
    samples: [...senses.fresh(), ...ended.fresh()],
    settings: applied.changes,
  })
  seat.epoch = lease.epoch
  senses.saved()
  ended.saved()
  if (observed.observation.capacity !== null) seat.target = target
  notifySettings(world, entry, before, applied)
  world.runs.settled(spec.name, before, settled)
  world.runs.begin(entry, begun)
  notifyApproval(world, entry, conduct)
  notifyFaults(world, entry, conduct)
  notifyFreeze(world, entry, before)

  if (conduct.routes && observed.observation.capacity !== null) {
    await requireLease(world, seat, lease)
    await routeOrSay(world, entry, observed.inventory, intent, () => isStillOurs(world, seat, lease))
  } else if (spec.mode === 'recommend' && observed.observation.capacity !== null) {
    watch(world, spec.name, observed.inventory, intent)
  }
  await requireLease(world, seat, lease)
  const done = conduct.acts ? await carryOut(world, lease, entry, intent) : entry
  if (conduct.acts && spec.mode !== 'notify') await tendOrSay(world, entry)
  notifyLost(world, done, observed, takesOver)
  notifyGaps(world, done, before)
  return { outcome: 'ticked', fleet: spec.name, at, entry: done }
}

/**
 * What another target answered (an earlier run's, one configured before) may have ended with it before anyone listed it.
 * Where a token launches nothing twice, such a launch counts as unanswered and is asked for again.
 */
function trusted(observed: Observed, target: Target, seat: Seat): Observed {
  const { memory, inventory } = observed
  if (seat.target === target || !target.capabilities.idempotentLaunch) return observed
  const unanswered = (order: Order): Order => ({ ...order, instance: null })
  return {
    ...observed,
    memory: { ...memory, orders: memory.orders.map(unanswered) },
    inventory: { ...inventory, orders: inventory.orders.map(unanswered) },
  }
}

/** Renewed when less than half of it is left, so that most ticks write no lease. */
async function holdLease(world: World, seat: Seat): Promise<Lease | null> {
  const leftMs = seat.lease === null ? 0 : seat.lease.expiresAt - world.clock.now()
  return leftMs > leaseMs(seat) / 2 ? seat.lease : renewLease(world, seat)
}

async function renewLease(world: World, seat: Seat): Promise<Lease | null> {
  const { name } = seat.senses.spec
  seat.lease = await world.store.acquireLease(name, world.holder, world.clock.now(), leaseMs(seat))
  return seat.lease
}

function leaseMs({ senses }: Seat): number {
  return Math.max(SHORTEST_LEASE_MS, 3 * senses.spec.everyMs)
}

/** Asked of the store: nobody else has held the lease since. */
async function isStillOurs(world: World, seat: Seat, { epoch }: Lease): Promise<boolean> {
  return (await renewLease(world, seat))?.epoch === epoch
}

/** A process that stood still for long must not show routers, or carry out, what another has long since decided otherwise. */
async function requireLease(world: World, seat: Seat, lease: Lease): Promise<void> {
  const { fleet, expiresAt } = seat.lease ?? lease
  if (world.clock.now() < expiresAt || (await isStillOurs(world, seat, lease))) return
  throw new PluginError(
    'conflict',
    `PLM-611 the tick of fleet "${fleet}" took longer than its lease, and another process has taken over; nothing of it is carried out, the other one goes on from what was stored`,
  )
}

async function verdictOn({ store }: World, { approval }: Memory): Promise<Verdict | null> {
  return approval?.state === 'waiting' ? store.readVerdict(approval.id) : null
}

async function carryOut(
  world: World,
  lease: Lease,
  entry: JournalEntry,
  intent: Memory,
): Promise<JournalEntry> {
  if (entry.plan.actions.length === 0) return entry
  const { instances } = entry.inventory
  const incarnations = new Map(instances.map(({ id, incarnation }) => [id, incarnation]))
  const outcomes = await act(world, entry.plan, incarnations)
  await world.store.commit({
    fleet: entry.fleet,
    epoch: lease.epoch,
    parentRevision: intent.revision,
    memory: { ...settle(intent, entry.plan, outcomes), revision: intent.revision + 1 },
    entry: null,
    outcomes: { revision: entry.revision, outcomes },
    samples: [],
  })
  return { ...entry, outcomes }
}

/** A router that cannot be reached must not keep capacity from being added; its loads are unknown meanwhile. */
async function routeOrSay(
  world: World,
  { fleet, at }: JournalEntry,
  inventory: Inventory,
  memory: Memory,
  isOurs: () => Promise<boolean>,
): Promise<void> {
  try {
    await route(world, fleet, inventory, memory, isOurs)
  } catch (error) {
    world.emit({ type: 'trouble', fleet, at, what: reasonOf(error) })
  }
}

/** What the target keeps in order besides holds up nothing. */
async function tendOrSay(world: World, { fleet, at }: JournalEntry): Promise<void> {
  const { target } = world.ports(fleet)
  if (target.tend === undefined) return
  try {
    await withDeadline(world.clock, TEND_DEADLINE_MS, `tend ${fleet}`, async signal => target.tend?.(signal))
  } catch (error) {
    world.emit({ type: 'trouble', fleet, at, what: reasonOf(error) })
  }
}

/** Before the plan is carried out, which takes its time: an application sheds load at once. */
function notifySettings(
  world: World,
  { fleet, at, decision }: JournalEntry,
  before: Memory,
  { settings, changes }: SettingsApplied,
): void {
  if (settings === before.settings) return
  world.emit({ type: 'settings', fleet, at, settings, changes, decided: decision.settings })
}

const APPROVAL_EVENTS = {
  wanted: 'approval-wanted',
  withdrawn: 'approval-withdrawn',
  approved: 'approved',
  rejected: 'rejected',
  expired: 'expired',
} as const

function notifyApproval(world: World, { fleet, at }: JournalEntry, conduct: Conduct): void {
  for (const { news, approval } of conduct.news) {
    world.emit({ type: APPROVAL_EVENTS[news], fleet, at, approval })
  }
}

/** A defect of ours, found before it could do harm. */
function notifyFaults(world: World, { fleet, at }: JournalEntry, { faults }: Conduct): void {
  if (faults.length > 0) world.emit({ type: 'trouble', fleet, at, what: planTrouble(fleet, faults) })
}

export function planTrouble(fleet: string, faults: readonly PlanFault[]): string {
  return `PLM-610: the plan breaks what is promised, and only what destroys nothing is carried out: ${faultsText(faults)}. Report it, with what \`plimsoll explain ${fleet}\` shows.`
}

/** A router that starts, or answers late once, is no news. */
const SILENCE_IS_NEWS_MS = 15_000

function notifyFreeze(world: World, { fleet, at, memory }: JournalEntry, before: Memory): void {
  const was = newsworthy(before.freeze, before.at)
  const is = newsworthy(memory.freeze, at)
  if (was !== null && was.since !== is?.since) world.emit({ type: 'thawed', fleet, at, freeze: was })
  if (is !== null && was?.since !== is.since) world.emit({ type: 'froze', fleet, at, freeze: is })
}

function newsworthy(freeze: Freeze | null, at: EpochMs): Freeze | null {
  if (!isFrozen(freeze, at)) return null
  return freeze.cause === 'silent' && at - freeze.since < SILENCE_IS_NEWS_MS ? null : freeze
}

/** What vanished before the lease was ours ended with the run that had launched it, which is no news. */
function notifyLost(
  world: World,
  { fleet, at }: JournalEntry,
  { lost, inventory }: Observed,
  takesOver: boolean,
): void {
  for (const id of lost) {
    const instance = inventory.instances.find(listed => listed.id === id)
    if (instance === undefined && takesOver) continue
    const detail = instance?.detail ?? 'it is no longer listed'
    world.emit({ type: 'lost', fleet, instance: id, at, detail })
  }
}

/** Windows that fill after a start, or one late answer, are no news; a gap that lasts is, and so is its end. */
const GAP_IS_NEWS_MS = 15_000

function notifyGaps(world: World, { fleet, at, decision }: JournalEntry, before: Memory): void {
  const gaps = new Map(
    decision.steps.flatMap(step =>
      step.stage === 'operands' && step.outcome === 'gap' ? [[step.operand, step.gap] as const] : [],
    ),
  )
  for (const [operand, since] of Object.entries(before.gaps)) {
    const gap = gaps.get(operand)
    const wasNews = before.at - since >= GAP_IS_NEWS_MS
    if (gap === undefined && wasNews) world.emit({ type: 'gap-ended', fleet, operand, at, since })
    if (gap !== undefined && !wasNews && at - since >= GAP_IS_NEWS_MS) {
      world.emit({ type: 'gap-began', fleet, operand, at: since, gap })
    }
  }
}
