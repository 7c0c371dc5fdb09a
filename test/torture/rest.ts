/**
 * The pace of the torture: clients that stay for a while, a torturer who lets some time pass. Nothing is waited *for* this way.
 *
 * Example: `await rest(2_000, signal)` answers true after two seconds, or false as soon as it is called off.
 */
import { setTimeout as pause } from 'node:timers/promises'

/** `false`: called off. */
export async function rest(ms: number, signal?: AbortSignal): Promise<boolean> {
  return pause(ms, true, signal === undefined ? {} : { signal }).catch(() => false)
}
