/**
 * Carries out a plan, adding before taking away. Every action answers with an outcome; nothing here decides anything,
 * and nothing is retried: what failed is planned again by the next tick.
 *
 * Example: reopen web-3, launch two (one call), close web-9, seal and terminate web-7; a refused launch is an outcome
 * `failed`, and the other still counts.
 */

import type { Inventory } from '../model/inventory.ts'
import type { Memory } from '../model/memory.ts'
import type { Action, Outcome, Plan } from '../model/plan.ts'
import { PluginError } from '../ports/plugin.ts'
import type { SessionRouter } from '../ports/session-router.ts'
import type { Target } from '../ports/target.ts'
import { reasonOf, withDeadline } from './deadline.ts'
import type { World } from './world.ts'

const LAUNCH_DEADLINE_MS = 60_000
const TERMINATE_DEADLINE_MS = 60_000
const ROUTER_DEADLINE_MS = 5_000

type ActionOf<K extends Action['kind']> = Extract<Action, { kind: K }>

export async function act(world: World, plan: Plan): Promise<readonly Outcome[]> {
  const { target, router } = world.ports(plan.fleet)
  const actor = new Actor(world, target, router)
  const reopened = await Promise.all(of(plan, 'reopen').map(action => actor.reopen(action)))
  const launched = await actor.launch(of(plan, 'launch'))
  const closed = await Promise.all(of(plan, 'close').map(action => actor.close(action)))
  const sealed = of(plan, 'seal').map(({ id }): Outcome => actor.done(id, null))
  const terminated = await actor.terminate(of(plan, 'terminate'))
  return [...reopened, ...launched, ...closed, ...sealed, ...terminated]
}

/** Shows the router every instance that may be routed to; what is sealed, lost or not ready is not among them. */
export async function route(
  world: World,
  fleet: string,
  inventory: Inventory,
  memory: Memory,
): Promise<void> {
  const { router } = world.ports(fleet)
  if (router === null) return
  const routed = inventory.instances.flatMap(({ id, lifecycle, health, address }) => {
    const mark = memory.marks[id]
    if (address === null || lifecycle !== 'ready' || mark === undefined || mark.sealed) return []
    const closed = mark.admission === 'closed' || mark.admission === 'closing' || health === 'unhealthy'
    return [{ id, address, admission: closed ? ('closed' as const) : ('open' as const) }]
  })
  await withDeadline(world.clock, ROUTER_DEADLINE_MS, `route ${fleet}`, signal =>
    router.route(routed, signal),
  )
}

function of<K extends Action['kind']>(plan: Plan, kind: K): ActionOf<K>[] {
  return plan.actions.filter((action): action is ActionOf<K> => action.kind === kind)
}

class Actor {
  readonly #world: World
  readonly #target: Target
  readonly #router: SessionRouter | null

  constructor(world: World, target: Target, router: SessionRouter | null) {
    this.#world = world
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
    if (actions.length === 0) return []
    const ids = actions.map(({ instance }) => instance)
    try {
      const results = await withDeadline(
        this.#world.clock,
        TERMINATE_DEADLINE_MS,
        `terminate ${ids.join(', ')}`,
        signal => this.#target.terminate(ids, signal),
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
