/**
 * Is this plan allowed? Looks at a plan from outside, by the numbered invariants and not by how it was made, and lists in words
 * what is wrong. Every plan is looked at, in tests and in production: of one that is wrong only what destroys nothing is
 * carried out.
 *
 * Example: a plan that terminates web-3, which nobody sealed: `[{ rule: 'invariant 2', text: 'terminates web-3, which is not
 * sealed' }]`.
 */
import type { Decision } from '../model/decision.ts'
import type { Instance, Inventory } from '../model/inventory.ts'
import type { Memory } from '../model/memory.ts'
import type { Action, Plan } from '../model/plan.ts'
import type { FleetSpec } from '../model/spec.ts'
import type { EpochMs } from '../model/time.ts'
import { isFrozen } from './brake.ts'
import { isReopenable } from './grow.ts'
import { isSick } from './health.ts'
import { movingOf } from './repairs.ts'
import { type Standing, standingOf } from './standing.ts'
import { ZoneTally } from './zones.ts'

export interface PlanFault {
  /** `invariant 2`, or the name of a promise without a number: `brake`, `order`, `budget`, `zones`. */
  readonly rule: string
  readonly text: string
}

interface Scene {
  readonly spec: FleetSpec
  readonly at: EpochMs
  readonly desired: number
  readonly inventory: Inventory
  readonly memory: Memory
  readonly plan: Plan
  readonly byId: ReadonlyMap<string, Instance>
  readonly sealedNow: ReadonlySet<string>
  readonly closedNow: ReadonlySet<string>
  readonly faults: PlanFault[]
}

export function checkPlan(
  spec: FleetSpec,
  decision: Decision,
  inventory: Inventory,
  memory: Memory,
  plan: Plan,
): readonly PlanFault[] {
  const { desired, at } = decision
  if (plan.actions.length === 0 && plan.waiting.length > 0) return NO_FAULTS
  if (desired === null) {
    return plan.actions.length === 0
      ? NO_FAULTS
      : [{ rule: 'invariant 3', text: 'acts, though the count is unknown' }]
  }
  const scene: Scene = {
    spec,
    at,
    desired,
    inventory,
    memory,
    plan,
    byId: new Map(inventory.instances.map(instance => [instance.id, instance])),
    sealedNow: instancesOf(plan, 'seal'),
    closedNow: instancesOf(plan, 'close'),
    faults: [],
  }
  for (const action of plan.actions) checkAction(scene, action)
  if (inventory.target.choosesVictim) checkCounts(scene)
  return scene.faults
}

const NO_FAULTS: readonly PlanFault[] = Object.freeze([])

/** What is left of a plan with faults. */
export function withoutDestruction(plan: Plan, faults: readonly PlanFault[]): Plan {
  const tooMany = faults.some(({ rule }) => rule === 'invariant 7' || rule === 'invariant 14')
  const actions = plan.actions.filter(({ kind }) => kind === 'reopen' || (kind === 'launch' && !tooMany))
  const because = `this plan breaks what is promised, and is not carried out as it is: ${faultsText(faults)}`
  return {
    ...plan,
    actions,
    waiting: [...plan.waiting, { what: 'everything', instance: null, because, until: null }],
  }
}

export function faultsText(faults: readonly PlanFault[]): string {
  return faults.map(({ rule, text }) => `it ${text} (${rule})`).join('; ')
}

function instancesOf({ actions }: Plan, kind: 'seal' | 'close' | 'reopen' | 'restart'): ReadonlySet<string> {
  return new Set(actions.flatMap(action => (action.kind === kind ? [action.instance] : [])))
}

function checkAction(scene: Scene, action: Action): void {
  const { inventory } = scene
  if (inventory.target.choosesVictim === (action.kind === 'resize')) {
    fault(scene, 'invariant 2', `asks to ${action.kind}, which this target cannot`)
  }
  switch (action.kind) {
    case 'launch':
      return
    case 'resize':
      checkResize(scene, action.count)
      return
    case 'reopen':
      checkReopen(scene, action.instance)
      return
    case 'close':
      checkDestructive(scene, 'closes', action.instance)
      return
    case 'seal':
      checkSeal(scene, action.instance, action.force === true)
      return
    case 'terminate':
      checkTerminate(scene, action.instance)
      return
    case 'restart':
      checkRestart(scene, action.instance)
  }
}

function fault({ faults }: Scene, rule: string, text: string): void {
  faults.push({ rule, text })
}

function checkDestructive(scene: Scene, does: string, id: string): Instance | null {
  const instance = scene.byId.get(id)
  if (instance === undefined) {
    fault(scene, 'invariant 15', `${does} ${id}, which is not there`)
    return null
  }
  if (!instance.listed) fault(scene, 'invariant 15', `${does} ${id}, which is missing from the list`)
  if (instance.order === 'keep' && instance.lifecycle !== 'lost')
    fault(scene, 'order', `${does} ${id}, which an operator wants kept`)
  if (isFrozen(scene.memory.freeze, scene.at)) fault(scene, 'brake', `${does} ${id} while all that is held`)
  return instance
}

function checkReopen(scene: Scene, id: string): void {
  const instance = scene.byId.get(id)
  if (instance === undefined) fault(scene, 'invariant 15', `reopens ${id}, which is not there`)
  else if (instance.sealed || scene.sealedNow.has(id))
    fault(scene, 'invariant 2', `reopens ${id}, which is sealed`)
  else if (!isReopenable(scene, instance))
    fault(scene, 'invariant 15', `reopens ${id}, which may not take sessions`)
}

function checkSeal(scene: Scene, id: string, force: boolean): void {
  const instance = checkDestructive(scene, 'seals', id)
  if (instance === null || instance.sealed || instance.lifecycle === 'lost') return
  if (force) {
    const { pastDeadline } = scene.spec.sessions.drain
    if (pastDeadline !== 'force' || !isOverdue(scene, instance))
      fault(scene, 'invariant 2', `seals ${id} by force, and nobody wrote so`)
    return
  }
  if (instance.lifecycle !== 'ready' && holdsNothing(instance)) return
  if (!isClosed(scene, instance)) fault(scene, 'invariant 2', `seals ${id}, which is open`)
  else if (!wasSeenEmpty(instance))
    fault(scene, 'invariant 2', `seals ${id}, which was not seen empty since its close`)
}

function holdsNothing({ readyAt, load }: Instance): boolean {
  return readyAt === null || load.kind === 'untracked' || (load.kind === 'known' && load.slots === 0)
}

/** Judged here anew, and not by the planner's own words. */
function wasSeenEmpty({ load, closedAt }: Instance): boolean {
  if (load.kind === 'untracked') return true
  return load.kind === 'known' && load.slots === 0 && closedAt !== null && load.at > closedAt
}

function isOverdue({ spec, at }: Scene, { closedAt }: Instance): boolean {
  const { deadlineMs } = spec.sessions.drain
  return deadlineMs !== null && closedAt !== null && at - closedAt >= deadlineMs
}

function isClosed({ closedNow }: Scene, { id, admission, load }: Instance): boolean {
  return (
    admission === 'closed' || (load.kind === 'untracked' && (admission === 'closing' || closedNow.has(id)))
  )
}

function checkTerminate(scene: Scene, id: string): void {
  const instance = checkDestructive(scene, 'terminates', id)
  if (instance === null || scene.sealedNow.has(id)) return
  if (!instance.sealed || scene.memory.marks[id]?.seal === 'sealing')
    fault(scene, 'invariant 2', `terminates ${id}, which is not sealed`)
}

function checkRestart(scene: Scene, id: string): void {
  const instance = checkDestructive(scene, 'restarts', id)
  if (instance === null) return
  if (!scene.inventory.target.restarts) fault(scene, 'invariant 2', `restarts ${id} on a target that cannot`)
  if (instance.sealed || !isClosed(scene, instance) || !wasSeenEmpty(instance))
    fault(scene, 'invariant 2', `restarts ${id}, which was not seen empty since its close`)
}

function checkResize(scene: Scene, count: number): void {
  const { spec, memory, at, inventory } = scene
  const here = inventory.instances.filter(({ lifecycle }) => lifecycle === 'ready' || lifecycle === 'booting')
  if (count >= here.length) return
  if (isFrozen(memory.freeze, at)) fault(scene, 'brake', 'makes the fleet smaller while all that is held')
  const mayHold = ({ load }: Instance): boolean =>
    load.kind === 'unknown' || (load.kind === 'known' && load.slots > 0)
  if (!spec.sessions.mayCut && here.some(mayHold))
    fault(scene, 'invariant 2', 'lets the target choose who goes while sessions are in use')
}

interface Counted {
  readonly standing: ReadonlyMap<string, Standing>
  readonly open: number
  readonly moving: number
  readonly pending: number
}

function checkCounts(scene: Scene): void {
  const { desired, inventory, memory, plan, spec, closedNow, sealedNow } = scene
  const counted = countStandings(scene)
  const { standing, open, moving, pending } = counted
  const inPlan = (ids: ReadonlySet<string>, as: Standing): number =>
    [...ids].filter(id => standing.get(id) === as).length
  const fresh = freshLaunches(plan, memory)
  const reopened = inPlan(instancesOf(plan, 'reopen'), 'draining')
  const restarted = instancesOf(plan, 'restart').size
  const moves = movingOf(memory)
  const openClosed = [...closedNow].filter(id => standing.get(id) === 'open' && !moves.has(id)).length
  if (openClosed > Math.max(0, open + reopened - desired))
    fault(scene, 'invariant 5', `closes ${openClosed} of ${open} open ones, and ${desired} are wanted`)
  const given = inPlan(new Set([...sealedNow, ...closedNow]), 'pending')
  const coming = open - openClosed + pending - given + inventory.orders.length + reopened + restarted
  const isMove = fresh.length === 1 && plan.actions.length === 1 && inventory.target.zones.length > 1
  if (fresh.length > 0 && coming + fresh.length > desired + (isMove ? 1 : 0))
    fault(
      scene,
      'invariant 7',
      `launches ${fresh.length} with ${coming} there or on their way, and ${desired} are wanted`,
    )
  if (fresh.length > spec.launchBatch)
    fault(scene, 'invariant 14', `launches ${fresh.length} at once, more than ${spec.launchBatch}`)
  const explained = plan.waiting.some(({ what }) => what === 'launch' || what === 'everything')
  if (coming + moving + fresh.length < desired && !explained && spec.repair.how !== 'restart')
    fault(scene, 'invariant 5', `leaves ${coming + moving + fresh.length} of ${desired} and does not say why`)
  if (fresh.length > 0) checkReopenFirst(scene, counted)
  checkBudget(scene, counted)
  checkZones(scene, counted, fresh)
}

function countStandings({ inventory, memory }: Scene): Counted {
  const standing = new Map<string, Standing>()
  const moves = movingOf(memory)
  const counts = { open: 0, moving: 0, pending: 0, draining: 0, failed: 0 }
  for (const instance of inventory.instances) {
    const as = standingOf(instance)
    standing.set(instance.id, as)
    counts[as === 'open' && moves.has(instance.id) ? 'moving' : as] += 1
  }
  return { standing, open: counts.open, moving: counts.moving, pending: counts.pending }
}

function freshLaunches({ actions }: Plan, { orders }: Memory): readonly { readonly zone: string | null }[] {
  const known = new Set(orders.map(({ token }) => token))
  return actions.flatMap(action => (action.kind === 'launch' && !known.has(action.id) ? [action] : []))
}

function checkReopenFirst(scene: Scene, { standing }: Counted): void {
  const reopened = instancesOf(scene.plan, 'reopen')
  for (const instance of scene.inventory.instances) {
    if (standing.get(instance.id) !== 'draining' || reopened.has(instance.id)) continue
    if (isReopenable(scene, instance))
      fault(scene, 'invariant 6', `launches another while ${instance.id} could be reopened`)
  }
}

function checkBudget(scene: Scene, { standing }: Counted): void {
  const { byId, closedNow, spec, desired } = scene
  const begun = [...closedNow].filter(id => {
    const instance = byId.get(id)
    return standing.get(id) === 'failed' && instance?.order === null && isSick(instance.health)
  }).length
  const { atOnce, atOnceRatio } = spec.repair
  const budget = Math.max(atOnce, Math.floor(atOnceRatio * desired))
  if (begun > budget) fault(scene, 'budget', `begins ${begun} repairs at once, more than ${budget}`)
}

/** A launch may not leave a zone, where launches go well, more than one behind. */
function checkZones(
  { spec, inventory, memory, plan, faults, sealedNow, closedNow }: Scene,
  { standing }: Counted,
  launches: readonly { readonly zone: string | null }[],
): void {
  const { zones } = inventory.target
  // What a later plan restarts has its place in a zone already.
  if (zones.length === 0 || launches.length === 0 || spec.repair.how === 'restart') return
  const tally = new ZoneTally(zones)
  const reopened = instancesOf(plan, 'reopen')
  const restarted = instancesOf(plan, 'restart')
  for (const { id, zone } of inventory.instances) {
    const as = standing.get(id)
    const isLeaving = sealedNow.has(id) || closedNow.has(id)
    const counts = as === 'open' || as === 'pending' || reopened.has(id) || restarted.has(id)
    if (counts && !isLeaving) tally.add(zone)
  }
  for (const { zone } of inventory.orders) tally.add(zone)
  for (const { zone } of launches) tally.add(zone)
  const least = Math.min(
    ...zones.filter(zone => memory.zoneTrouble[zone] === undefined).map(zone => tally.in(zone) ?? 0),
  )
  for (const zone of new Set(launches.map(launch => launch.zone))) {
    if ((tally.in(zone) ?? 0) > least + 1)
      faults.push({ rule: 'zones', text: `launches in ${zone}, which is fuller than another zone by then` })
  }
}
