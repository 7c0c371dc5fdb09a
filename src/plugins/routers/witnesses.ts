/**
 * Several routers of one fleet as one, each a witness of its sessions: what is closed is closed on all of them, and an
 * instance is empty only when all of them say so.
 *
 * Example: the broker knows no session on rooms-3, the balancer still has a connection to it: its load is 1, and it is not
 * sealed.
 */
import type { Load } from '../../model/inventory.ts'
import type { EpochMs } from '../../model/time.ts'
import { type CheckResult, PluginError } from '../../ports/plugin.ts'
import type { EndedGroup, RoutedInstance, SessionRouter } from '../../ports/session-router.ts'

/**
 * @param routers two or more. They are sealed in this order, so those whose users may come back by themselves (a proxy with
 * cookies) come before those that place every session themselves.
 */
export function createWitnesses(routers: readonly SessionRouter[]): SessionRouter {
  return new Witnesses(routers)
}

type Answer = 'done' | 'not-found'

class Witnesses implements SessionRouter {
  readonly #routers: readonly SessionRouter[]

  constructor(routers: readonly SessionRouter[]) {
    this.#routers = routers
  }

  async route(
    instances: readonly RoutedInstance[],
    signal: AbortSignal,
    isOurs?: () => Promise<boolean>,
  ): Promise<void> {
    await all(this.#routers.map(router => router.route(instances, signal, isOurs)))
  }

  watch(instances: readonly RoutedInstance[]): void {
    for (const router of this.#routers) router.watch?.(instances)
  }

  async readLoads(signal: AbortSignal): Promise<ReadonlyMap<string, Load>> {
    const told = await all(this.#routers.map(router => router.readLoads(signal)))
    const ids = new Set(told.flatMap(loads => [...loads.keys()]))
    return new Map([...ids].map(id => [id, together(told.map(loads => loads.get(id)))]))
  }

  async closeInstance(instance: string, signal: AbortSignal): Promise<void> {
    known(await all(this.#routers.map(router => answerOf(router.closeInstance(instance, signal)))), instance)
  }

  /** On all or on none: where one refuses, the others are closed again. */
  async reopenInstance(instance: string, signal: AbortSignal): Promise<void> {
    const reopened = this.#routers.map(router => answerOf(router.reopenInstance(instance, signal)))
    try {
      known(await all(reopened), instance)
    } catch (error) {
      // The next list that says "closed" closes what is not closed by this.
      await Promise.allSettled(this.#routers.map(router => router.closeInstance(instance, signal)))
      throw error
    }
  }

  async sealInstance(instance: string, signal: AbortSignal): Promise<void> {
    // A look beforehand, so that none is sealed where another still holds something.
    const load = (await this.readLoads(signal)).get(instance)
    if (load?.kind === 'known' && load.slots > 0) {
      throw notEmpty(instance, `one of its routers knows of ${load.slots} slots in use`)
    }
    if (load?.kind === 'unknown') throw notEmpty(instance, load.because)
    const answers: Answer[] = []
    for (const router of this.#routers) answers.push(await answerOf(router.sealInstance(instance, signal)))
    known(answers, instance)
  }

  waiting(): number {
    return this.#routers.reduce((sum, router) => sum + (router.waiting?.() ?? 0), 0)
  }

  /** Those of the one that places them: what others count as a session has no end that they would tell. */
  takeEnded(since: EpochMs): readonly EndedGroup[] {
    return this.#routers.flatMap(router => router.takeEnded?.(since) ?? [])
  }

  subscribe(wake: () => void): () => void {
    const unsubscribes = this.#routers.map(router => router.subscribe?.(wake))
    return () => {
      for (const unsubscribe of unsubscribes) unsubscribe?.()
    }
  }

  async check(signal: AbortSignal): Promise<CheckResult> {
    const checks = await all(this.#routers.map(router => router.check(signal)))
    return { ok: checks.every(({ ok }) => ok), detail: checks.map(({ detail }) => detail).join('; ') }
  }

  async close(): Promise<void> {
    await all(this.#routers.map(router => router.close()))
  }
}

/** Lets all end before the first failure is told, so that nothing goes on behind the caller's back. */
async function all<T>(calls: readonly Promise<T>[]): Promise<T[]> {
  const results = await Promise.allSettled(calls)
  const failed = results.find(result => result.status === 'rejected')
  if (failed !== undefined) throw failed.reason
  return results.flatMap(result => (result.status === 'fulfilled' ? [result.value] : []))
}

/** What a router does not know gets nothing from it. */
async function answerOf(call: Promise<void>): Promise<Answer> {
  try {
    await call
    return 'done'
  } catch (error) {
    if (error instanceof PluginError && error.kind === 'not-found') return 'not-found'
    throw error
  }
}

function known(answers: readonly Answer[], instance: string): void {
  if (answers.includes('done')) return
  throw new PluginError('not-found', `PLM-382 None of the fleet's routers knows an instance "${instance}".`)
}

function notEmpty(instance: string, because: string): PluginError {
  return new PluginError(
    'conflict',
    `PLM-383 ${instance} was not sealed: ${because}. All its routers must find it empty.`,
  )
}

/** The largest; unknown where one of them does not know, and where one that never heard of it is all that keeps it from being empty. */
function together(told: readonly (Load | undefined)[]): Load {
  const unknown = told.find(load => load?.kind === 'unknown')
  if (unknown !== undefined) return unknown
  const loads = told.filter(load => load?.kind === 'known')
  const [first] = loads
  if (first === undefined) return told.find(load => load !== undefined) ?? NEVER_HEARD
  const slots = Math.max(...loads.map(load => load.slots))
  if (slots === 0 && told.includes(undefined)) return NEVER_HEARD
  const remaining = loads.flatMap(({ remainingMs }) => remainingMs ?? [])
  const worth = loads.flatMap(load => load.worth ?? [])
  return {
    kind: 'known',
    slots,
    at: Math.min(...loads.map(({ at }) => at)),
    ...(remaining.length === 0 ? {} : { remainingMs: Math.max(...remaining) }),
    ...(worth.length === 0 ? {} : { worth: Math.max(...worth) }),
  }
}

const NEVER_HEARD: Load = Object.freeze({ kind: 'unknown', because: 'not every router knows of it yet' })
