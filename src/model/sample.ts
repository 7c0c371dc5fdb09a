/**
 * One measurement. `instance` is absent for a measurement of the fleet as a whole.
 *
 * Example: `{ at: 1795262340000, value: 83.2, instance: 'web-1' }`.
 */
import type { EpochMs } from './time.ts'

export interface Sample {
  readonly at: EpochMs
  readonly value: number
  readonly instance?: string
}
