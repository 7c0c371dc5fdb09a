/**
 * The overrides in force at a tick. Those whose time is over, or whose instance is gone, are ended here, with a record of
 * it. While nothing changes the same array is given again, so that what was compiled for it is found again.
 *
 * Example: `set-capacity web 12 --for 2h` at noon: the tick at 14:00:03 deletes it, records that it ended, and goes by the
 * file again.
 */
import type { Memory } from '../model/memory.ts'
import { isInForce, NO_OVERRIDES, type Override } from '../model/override.ts'
import type { EpochMs } from '../model/time.ts'
import type { World } from './world.ts'

/**
 * @param known what it answered before
 * @param marks as the last tick left them
 */
export async function standingOverrides(
  world: World,
  fleet: string,
  at: EpochMs,
  known: readonly Override[],
  marks: Memory['marks'],
): Promise<readonly Override[]> {
  const stored = await world.store.readOverrides(fleet)
  const standing: Override[] = []
  for (const override of stored) {
    const why = whyOver(override, at, marks)
    if (why === null) standing.push(override)
    else await end(world, override, at, why)
  }
  if (standing.length === 0) return NO_OVERRIDES
  return isSame(standing, known) ? known : standing
}

/** `null`: it stands. Whoever has the id of a gone instance later is another one. */
function whyOver(override: Override, at: EpochMs, marks: Memory['marks']): string | null {
  if (!isInForce(override, at)) return 'its time was over'
  const { change } = override
  const mark = change.kind === 'instance' ? marks[change.instance] : undefined
  if (change.kind !== 'instance' || mark === undefined) return null
  const isMeant = mark.goneAt === null && isSameIncarnation(change.incarnation, mark.incarnation)
  return isMeant ? null : 'its instance is gone'
}

export function isSameIncarnation(
  meant: string | null | undefined,
  there: string | null | undefined,
): boolean {
  return meant === undefined || meant === null || there === undefined || there === null || meant === there
}

async function end({ store, emit }: World, override: Override, at: EpochMs, why: string): Promise<void> {
  const { fleet, id } = override
  const act = await store.deleteOverride(fleet, id, {
    act: 'ended',
    fleet,
    at,
    who: 'plimsoll',
    why,
    override,
  })
  if (act !== null) emit({ type: 'act', act })
}

function isSame(some: readonly Override[], others: readonly Override[]): boolean {
  return some.length === others.length && some.every(({ id }, index) => others[index]?.id === id)
}
