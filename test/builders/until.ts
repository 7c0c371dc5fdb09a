/**
 * Waits until something is so, by looking again and again, often at first, until a deadline. For conditions that announce themselves
 * nowhere: a process that is gone, a fleet of three.
 *
 * Example: `await until('three instances', async () => (await count()) === 3)`; `probe` answers what it found, or
 * null, undefined or false for "not yet"; what it throws counts as "not yet" and is told when the time is up, except
 * `Hopeless`, which ends the wait.
 */
const FIRST_LOOK_MS = 2
const LOOK_EVERY_MS = 25
/** So many looks in a row that see the same make it stand still. */
const STILL_LOOKS = 8

/** What is waited for will never be. */
export class Hopeless extends Error {}

export async function until<T>(
  what: string,
  probe: () => T | Promise<T>,
  withinMs = 20_000,
): Promise<Exclude<T, null | undefined | false>> {
  const deadline = performance.now() + withinMs
  let pauseMs = FIRST_LOOK_MS
  for (let last = ''; ; ) {
    try {
      const found = await probe()
      if (isFound(found)) return found
      last = ''
    } catch (error) {
      if (error instanceof Hopeless) throw error
      last = `; the last look said: ${error instanceof Error ? error.message : String(error)}`
    }
    if (performance.now() > deadline) throw new Error(`not within ${withinMs / 1000} s: ${what}${last}`)
    const nextLookMs = pauseMs
    await new Promise(resolve => setTimeout(resolve, nextLookMs))
    pauseMs = Math.min(LOOK_EVERY_MS, 2 * pauseMs)
  }
}

/** Waits until something does not change any more, which nothing ever announces; answers what it stands at. */
export async function untilStill<T>(what: string, read: () => T): Promise<T> {
  let last = read()
  let same = 0
  await until(what, () => {
    const now = read()
    same = now === last ? same + 1 : 0
    last = now
    return same >= STILL_LOOKS
  })
  return last
}

function isFound<T>(found: T): found is Exclude<T, null | undefined | false> {
  return found !== null && found !== undefined && found !== false
}
