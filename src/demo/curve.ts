/**
 * The shape of a day in a shop, squeezed into 100 s: quiet at night, a ramp in the morning, the peak at midday, a
 * shoulder in the evening, and once in the afternoon a flash crowd. The same every time, so that a demonstration is.
 *
 * Example: it begins at 05:30 with 10 requests/s; 26 s later it is 12:00 and 90/s; from 33 s on the flash crowd
 * takes it above 140/s within 2 s and ebbs away; 61 s after the start, at 20:00, it is 45/s, and 78 s after it night.
 */

/** One day takes this long. */
export const DAY_MS = 100_000
/** Where in the day a load begins: at 05:30, shortly before the morning ramp. */
const BEGIN_HOUR = 5.5
const HOUR_MS = DAY_MS / 24

/** Hour of the day and requests per second, joined by smooth steps. */
const SHAPE: readonly (readonly [hour: number, rate: number])[] = [
  [0, 10],
  [6, 10],
  [9, 60],
  [12, 90],
  [14, 80],
  [17, 40],
  [20, 45],
  [24, 10],
]

const FLASH_HOUR = 13.5
const FLASH_RISE_MS = 2_000
const FLASH_EBB_MS = 6_000
const FLASH_RATE = 70

/** Requests per second, `elapsedMs` after the load began. */
export function rateAt(elapsedMs: number): number {
  const hour = hourAt(elapsedMs)
  return steadyRate(hour) + flashRate((hour - FLASH_HOUR) * HOUR_MS)
}

/** Hour of the day, 0 to 24. */
export function hourAt(elapsedMs: number): number {
  return (elapsedMs / HOUR_MS + BEGIN_HOUR) % 24
}

function steadyRate(hour: number): number {
  for (let i = 1; i < SHAPE.length; i++) {
    const [from, low] = SHAPE[i - 1] ?? [0, 0]
    const [to, high] = SHAPE[i] ?? [24, 0]
    if (hour <= to) return low + (high - low) * smooth((hour - from) / (to - from))
  }
  return SHAPE[0]?.[1] ?? 0
}

/** Up in a straight line, down by half about every four seconds. */
function flashRate(sinceMs: number): number {
  if (sinceMs <= 0) return 0
  if (sinceMs < FLASH_RISE_MS) return FLASH_RATE * (sinceMs / FLASH_RISE_MS)
  const left = Math.exp(-(sinceMs - FLASH_RISE_MS) / FLASH_EBB_MS)
  return left < 0.02 ? 0 : FLASH_RATE * left
}

function smooth(share: number): number {
  return share * share * (3 - 2 * share)
}
