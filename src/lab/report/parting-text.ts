/**
 * A parting of two sets of rules in words: when, what each wanted, and why.
 *
 * Example: `18 Nov 14:05 to 19 Nov 01:05`, `before 17, after 30`, and of each what it had said last.
 */
import { formatDay, formatMinute } from '../../pictures/zone-time.ts'
import type { CourseDecision } from '../course.ts'
import type { Parting } from '../parting.ts'

export const BEFORE = 'before'
export const AFTER = 'after'

/** `18 Nov 14:05 to 19 Nov 01:05`: the second day only where it is another one. */
export function spanOfParting({ from, to }: Parting, timeZone: string): string {
  const [day, lastDay] = [formatDay(from, timeZone), formatDay(to, timeZone)]
  return `${day} ${formatMinute(from, timeZone)} to ${lastDay === day ? '' : `${lastDay} `}${formatMinute(to, timeZone)}`
}

/** `before 17, after 7, up to 20 apart`. */
export function countsOfParting({ before, after, widest }: Parting): string {
  const most = Math.abs(widest) === Math.abs(after - before) ? '' : `, up to ${Math.abs(widest)} apart`
  return `${BEFORE} ${before}, ${AFTER} ${after}${most}`
}

export function reasonText(said: CourseDecision | null): string {
  return said?.because ?? 'it had changed nothing yet'
}

/** `and 35 lesser ones`; empty where all are told. */
export function untoldText(untold: number): string {
  return untold === 0 ? '' : `and ${untold} lesser ${untold === 1 ? 'one' : 'ones'}`
}
