/**
 * Does so much fail at once that one cause is likely? Then everything destructive is held back, and adding goes on. It ends
 * when the cause is gone or an operator says so; when it lasts, mending goes on one at a time. Pure.
 *
 * Example: 3 of 5 instances unhealthy at `maxUnhealthy: 40%` is a freeze; 1 of 2 is not: of a single one nothing is known
 * of a shared cause.
 */
import type { Freeze, RepairSpec } from '../model/health.ts'
import type { Instance } from '../model/inventory.ts'
import type { Mark, Memory } from '../model/memory.ts'
import type { EpochMs } from '../model/time.ts'
import { isSick } from './health.ts'

/** So many rounds of launches in a row that came to nothing. */
const FRUITLESS_ROUNDS = 8
/** After that the next is tried no sooner, and then one at a time. */
const FRUITLESS_WAIT_MS = 300_000
/** Fewer replacements than this are no pattern. */
const FEW_REPLACED = 3

/** What is under way now; `null` when nothing is held. */
export function isFrozen(freeze: Freeze | null, at: EpochMs): freeze is Freeze {
  return freeze !== null && at < freeze.until
}

/** Its time is over and its cause is not: one at a time. */
export function goesSlowly(freeze: Freeze | null, at: EpochMs): boolean {
  return freeze !== null && at >= freeze.until
}

interface Scene {
  readonly at: EpochMs
  readonly repair: RepairSpec
  /** An operator said to go on. */
  readonly unfreeze: boolean
  readonly instances: readonly Instance[]
}

type Cause = Pick<Freeze, 'cause' | 'because'> & { readonly newest?: EpochMs; readonly forMs?: number }

export function brake(scene: Scene, memory: Pick<Memory, 'freeze' | 'repairs' | 'marks'>): Freeze | null {
  const found = scene.unfreeze ? null : findCause(scene, memory)
  if (found === null) return null
  const { freeze } = memory
  const { at, repair } = scene
  const { cause, because, newest, forMs = repair.freezeMs } = found
  const goesOn = freeze !== null && freeze.cause === cause && (newest === undefined || newest < freeze.until)
  return goesOn ? { ...freeze, because } : { since: at, cause, because, until: at + forMs }
}

function findCause(scene: Scene, memory: Pick<Memory, 'repairs' | 'marks'>): Cause | null {
  const serving = scene.instances.filter(
    ({ id, lifecycle, listed, sealed }) =>
      lifecycle === 'ready' && listed && !sealed && (memory.marks[id]?.goneAt ?? null) === null,
  )
  const most = Math.max(1, serving.length * scene.repair.maxUnhealthyRatio)
  return (
    manySick(scene, serving, most) ??
    replacementsFail(scene, memory, serving) ??
    manySilent(scene, serving, most)
  )
}

/** One that was closed long ago and still drains fell ill by itself. */
function manySick({ at, repair }: Scene, serving: readonly Instance[], most: number): Cause | null {
  const sick = serving.filter(
    ({ health, closedAt }) => isSick(health) && (closedAt === null || at - closedAt < repair.freezeMs),
  ).length
  if (sick <= most) return null
  return {
    cause: 'unhealthy',
    because: `${sick} of ${serving.length} instances are unhealthy at once, which looks like one shared cause`,
  }
}

function replacementsFail(
  { at, repair }: Scene,
  { repairs, marks }: Pick<Memory, 'repairs' | 'marks'>,
  serving: readonly Instance[],
): Cause | null {
  const recent = repairs.filter(({ at: begun }) => at - begun < repair.freezeMs)
  const lastGood = lastLasting(marks, at)
  const rounds = new Set(
    recent.flatMap(({ how, at: begun }) => (how === 'never-ready' && begun > lastGood ? [begun] : [])),
  )
  if (rounds.size >= FRUITLESS_ROUNDS) {
    const last = recent.findLast(({ how }) => how === 'never-ready')?.because ?? ''
    const because = `${rounds.size} rounds of launches in a row gave no instance that lasted; the last: ${last}`
    const forMs = Math.min(repair.freezeMs, FRUITLESS_WAIT_MS)
    return { cause: 'replacements-fail', because, newest: Math.max(...rounds), forMs }
  }
  const replaced = recent.filter(({ how }) => how === 'replace')
  const many = Math.max(FEW_REPLACED, serving.length * repair.maxUnhealthyRatio)
  if (replaced.length <= many || !serving.some(({ health }) => isSick(health))) return null
  const because = `${replaced.length} unhealthy instances were replaced of late, and there are unhealthy ones again`
  return { cause: 'replacements-fail', because, newest: replaced.at(-1)?.at ?? 0 }
}

/** An instance that ends this soon after it was ready has not lasted. */
export const LASTS_MS = 10_000

/** When the newest instance that lasted had become ready. */
function lastLasting(marks: Readonly<Record<string, Mark>>, at: EpochMs): EpochMs {
  let last = 0
  for (const { readyAt, goneAt } of Object.values(marks)) {
    if (readyAt !== null && goneAt === null && at - readyAt >= LASTS_MS) last = Math.max(last, readyAt)
  }
  return last
}

/** A router hears of an instance after it is ready: only those it could know by now count. */
function manySilent({ at }: Scene, serving: readonly Instance[], most: number): Cause | null {
  const asked = serving.filter(
    ({ load, readyAt }) => load.kind !== 'untracked' && readyAt !== null && readyAt < at,
  )
  const silent = asked.filter(({ load }) => load.kind === 'unknown').length
  if (silent === 0 || (silent < asked.length && silent <= most)) return null
  return {
    cause: 'silent',
    because: `the load of ${silent} of ${asked.length} instances is unknown at once`,
  }
}
