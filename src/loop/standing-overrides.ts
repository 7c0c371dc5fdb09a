/**
 * The overrides in force at a tick. Those whose time is over are ended here, with a record of it. While nothing changes
 * the same array is given again, so that what was compiled for it is found again.
 *
 * Example: `set-capacity web 12 --for 2h` at noon: the tick at 14:00:03 deletes it, records that it ended, and goes by the
 * file again.
 */
import { isInForce, NO_OVERRIDES, type Override } from '../model/override.ts'
import type { EpochMs } from '../model/time.ts'
import type { World } from './world.ts'

/** @param known what it answered before */
export async function standingOverrides(
  world: World,
  fleet: string,
  at: EpochMs,
  known: readonly Override[],
): Promise<readonly Override[]> {
  const stored = await world.store.readOverrides(fleet)
  for (const override of stored) {
    if (!isInForce(override, at)) await end(world, override, at)
  }
  const standing = stored.filter(override => isInForce(override, at))
  if (standing.length === 0) return NO_OVERRIDES
  return isSame(standing, known) ? known : standing
}

async function end({ store, emit }: World, override: Override, at: EpochMs): Promise<void> {
  const { fleet, id } = override
  const why = 'its time was over'
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
