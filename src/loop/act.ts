/**
 * Carries out a plan, adding before taking away. Every action answers with an outcome; nothing here decides anything,
 * and nothing is retried: what failed is planned again by the next tick.
 *
 * Example: reopen web-3, launch two (one call), close web-9, seal and terminate web-7; a refused launch is an outcome
 * `failed`, and the other still counts.
 */

import { isFrozen } from '../capacity/brake.ts'
import { isFormerKey } from '../capacity/identity.ts'
import type { Instance, Inventory } from '../model/inventory.ts'
import type { Mark, Memory } from '../model/memory.ts'
import type { Action, Outcome, Plan } from '../model/plan.ts'
import type { EpochMs } from '../model/time.ts'
import { PluginError } from '../ports/plugin.ts'
import type { RoutedInstance, SessionRouter } from '../ports/session-router.ts'
import type { Target, TerminateResult, Victim } from '../ports/target.ts'
import { reasonOf, withDeadline } from './deadline.ts'
import type { World } from './world.ts'

const LAUNCH_DEADLINE_MS = 60_000
const TERMINATE_DEADLINE_MS = 60_000
const ROUTER_DEADLINE_MS = 5_000

type ActionOf<K extends Action['kind']> = Extract<Action, { kind: K }>

/** @param incarnations by instance id */
export async function act(
  world: World,
  plan: Plan,
  incarnations: ReadonlyMap<string, string | null>,
): Promise<readonly Outcome[]> {
  const { target, router } = world.ports(plan.fleet)
  const actor = new Actor(world, target, router, incarnations)
  const reopened = await Promise.all(of(plan, 'reopen').map(action => actor.reopen(action)))
  const launched = await actor.launch(of(plan, 'launch'))
  const closed = await Promise.all(of(plan, 'close').map(action => actor.close(action)))
  const sealed = await Promise.all(of(plan, 'seal').map(action => actor.seal(action)))
  const refused = unsealed(plan, sealed)
  const terminated = await actor.terminate(
    of(plan, 'terminate').filter(({ instance }) => !refused.has(instance)),
  )
  const restarted = await actor.restart(of(plan, 'restart'))
  const resized = await Promise.all(of(plan, 'resize').map(action => actor.resize(action)))
  return [...reopened, ...launched, ...closed, ...sealed, ...terminated, ...restarted, ...resized]
}

/** Only what is sealed is terminated: a session may have come after the load was read. */
function unsealed(plan: Plan, outcomes: readonly Outcome[]): ReadonlySet<string> {
  const done = new Set(outcomes.flatMap(({ outcome, action }) => (outcome === 'done' ? [action] : [])))
  return new Set(of(plan, 'seal').flatMap(({ id, instance }) => (done.has(id) ? [] : [instance])))
}

/**
 * Shows the router every instance that may be routed to, and those that are gone. One that is sealed, not ready, or missing
 * from the target's list for a moment is not among them: the router takes it for closed and keeps its sessions.
 */
export async function route(
  world: World,
  fleet: string,
  inventory: Inventory,
  memory: Memory,
  isOurs: () => Promise<boolean>,
): Promise<void> {
  const { router } = world.ports(fleet)
  if (router === null) return
  const routed = routesOf(inventory, memory, world.clock.now())
  await withDeadline(world.clock, ROUTER_DEADLINE_MS, `route ${fleet}`, signal =>
    router.route(routed, signal, isOurs),
  )
}

/** For a mode that touches nothing: the router learns who is there, and tells nobody anything. */
export function watch(world: World, fleet: string, inventory: Inventory, memory: Memory): void {
  const { router } = world.ports(fleet)
  router?.watch?.(routesOf(inventory, memory, world.clock.now()))
}

export function routesOf({ instances }: Inventory, { marks, freeze }: Memory, at: EpochMs): RoutedInstance[] {
  const frozen = isFrozen(freeze, at)
  const here = new Set(instances.map(({ id }) => id))
  const gone = Object.entries(marks).flatMap(([id, { goneAt, incarnation, zone }]): RoutedInstance[] => {
    const isGone = goneAt !== null && !here.has(id) && !isFormerKey(id, incarnation)
    return isGone ? [{ id, incarnation, address: '', zone, admission: 'gone' }] : []
  })
  const listed = instances.flatMap((instance): RoutedInstance[] => {
    const { id, lifecycle, address, zone } = instance
    const mark = marks[id]
    if (mark === undefined) return []
    const { incarnation } = mark
    if (lifecycle === 'lost') return [{ id, incarnation, address: address ?? '', zone, admission: 'gone' }]
    if (address === null || lifecycle !== 'ready' || mark.seal === 'sealed') return []
    return [
      {
        id,
        incarnation,
        address,
        zone,
        admission: mayTakeSessions(instance, mark, frozen) ? 'open' : 'closed',
      },
    ]
  })
  return [...listed, ...gone]
}

/** One that is unhealthy takes none even before it is closed; but when so many are that one cause is likely, it goes on. */
function mayTakeSessions({ health, order }: Instance, { admission, seal }: Mark, frozen: boolean): boolean {
  if (admission === 'closed' || admission === 'closing' || seal !== 'none') return false
  return health !== 'unhealthy' || frozen || order === 'keep'
}

function of<K extends Action['kind']>(plan: Plan, kind: K): ActionOf<K>[] {
  return plan.actions.filter((action): action is ActionOf<K> => action.kind === kind)
}

class Actor {
  readonly #world: World
  readonly #target: Target
  readonly #router: SessionRouter | null

  readonly #incarnations: ReadonlyMap<string, string | null>

  constructor(
    world: World,
    target: Target,
    router: SessionRouter | null,
    incarnations: ReadonlyMap<string, string | null>,
  ) {
    this.#world = world
    this.#incarnations = incarnations
    this.#target = target
    this.#router = router
  }

  done(action: string, instance: string | null): Outcome {
    return { action, outcome: 'done', instance, at: this.#world.clock.now() }
  }

  failed(action: string, error: unknown): Outcome {
    const kind = error instanceof PluginError ? error.kind : 'unavailable'
    return { action, outcome: 'failed', kind, error: reasonOf(error), at: this.#world.clock.now() }
  }

  async reopen({ id, instance }: ActionOf<'reopen'>): Promise<Outcome> {
    return this.#routed(id, `reopen ${instance}`, (router, signal) => router.reopenInstance(instance, signal))
  }

  async close({ id, instance }: ActionOf<'close'>): Promise<Outcome> {
    return this.#routed(id, `close ${instance}`, async (router, signal) => {
      try {
        await router.closeInstance(instance, signal)
      } catch (error) {
        // What the router does not know gets no new session from it: that is what a close asks for.
        if (!(error instanceof PluginError && error.kind === 'not-found')) throw error
      }
    })
  }

  /** What the router does not know gets nothing from it, and is as good as sealed there. */
  async seal({ id, instance, force }: ActionOf<'seal'>): Promise<Outcome> {
    if (force === true) return this.done(id, null)
    return this.#routed(id, `seal ${instance}`, async (router, signal) => {
      try {
        await router.sealInstance(instance, signal)
      } catch (error) {
        if (!(error instanceof PluginError && error.kind === 'not-found')) throw error
      }
    })
  }

  async #routed(
    action: string,
    what: string,
    call: (router: SessionRouter, signal: AbortSignal) => Promise<void>,
  ): Promise<Outcome> {
    const router = this.#router
    if (router === null) return this.done(action, null)
    try {
      await withDeadline(this.#world.clock, ROUTER_DEADLINE_MS, what, signal => call(router, signal))
      return this.done(action, null)
    } catch (error) {
      return this.failed(action, error)
    }
  }

  async launch(actions: readonly ActionOf<'launch'>[]): Promise<Outcome[]> {
    if (actions.length === 0) return []
    const orders = actions.map(({ id, zone }) => ({ token: id, zone }))
    try {
      const results = await withDeadline(
        this.#world.clock,
        LAUNCH_DEADLINE_MS,
        `launch ${orders.length} instances`,
        signal => this.#target.launch(orders, signal),
      )
      return results.map(result =>
        result.ok
          ? this.done(result.token, result.instance)
          : this.failed(result.token, new PluginError(result.kind, result.error)),
      )
    } catch (error) {
      return actions.map(({ id }) => this.failed(id, error))
    }
  }

  async terminate(actions: readonly ActionOf<'terminate'>[]): Promise<Outcome[]> {
    return this.#each('terminate', actions, (victims, signal) => this.#target.terminate(victims, signal))
  }

  async restart(actions: readonly ActionOf<'restart'>[]): Promise<Outcome[]> {
    return this.#each('restart', actions, async (instances, signal) => {
      if (this.#target.restart === undefined) {
        throw new PluginError('misconfigured', 'this target cannot restart an instance')
      }
      return this.#target.restart(instances, signal)
    })
  }

  async resize({ id, count }: ActionOf<'resize'>): Promise<Outcome> {
    try {
      await withDeadline(this.#world.clock, LAUNCH_DEADLINE_MS, `resize to ${count}`, async signal => {
        if (this.#target.resize === undefined) {
          throw new PluginError('misconfigured', 'this target cannot be asked for a count')
        }
        await this.#target.resize(count, id, signal)
      })
      return this.done(id, null)
    } catch (error) {
      return this.failed(id, error)
    }
  }

  async #each(
    what: string,
    actions: readonly ActionOf<'terminate' | 'restart'>[],
    call: (victims: readonly Victim[], signal: AbortSignal) => Promise<readonly TerminateResult[]>,
  ): Promise<Outcome[]> {
    if (actions.length === 0) return []
    const victims = actions.map(({ instance }): Victim => {
      return { id: instance, incarnation: this.#incarnations.get(instance) ?? null }
    })
    const ids = victims.map(({ id }) => id).join(', ')
    try {
      const results = await withDeadline(this.#world.clock, TERMINATE_DEADLINE_MS, `${what} ${ids}`, signal =>
        call(victims, signal),
      )
      return actions.map(({ id, instance }) => {
        const result = results.find(candidate => candidate.instance === instance)
        if (result === undefined) return this.failed(id, new Error(`no answer for ${instance}`))
        return result.ok
          ? this.done(id, instance)
          : this.failed(id, new PluginError(result.kind, result.error))
      })
    } catch (error) {
      return actions.map(({ id }) => this.failed(id, error))
    }
  }
}
