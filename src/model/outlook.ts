/**
 * What is expected of a fleet's demand, as rules that look ahead see it: worked out beside the ticks from the demand so far, and
 * journalled with the observation, so that a decision can be replayed from what it saw.
 *
 * Example: demand is 4,100, an instance needs 195 s to help, and in all but the rarest cases demand stays below 4,650 until then:
 * `{ kind: 'serve', demand: 4100, capacity: 4650, leadMs: 195000, boot: 'measured', sloRatio: 0.995, servedRatio: 0.9961, learntMs: 604800000 }`.
 */
import type { EpochMs } from './time.ts'

export type BootKnown = 'measured' | 'stated' | 'usual'

export interface ServeOutlook {
  readonly kind: 'serve'
  /** Now, in the metric's own unit, of the whole fleet. */
  readonly demand: number
  /** Ready capacity to have when what is ordered now could be ready, in the same unit. At least `demand` unless demand falls. */
  readonly capacity: number
  /** From an order until what was ordered helps: boot time + one tick. */
  readonly leadMs: number
  /** Where the boot time comes from: of instances seen booting, from the file, or what is usual. */
  readonly boot: BootKnown
  readonly sloRatio: number
  /** Share of the recent demand that found ready capacity; `null` before there is enough. */
  readonly servedRatio: number | null
  /** How much past it has learnt from. */
  readonly learntMs: number
}

export interface ForecastOutlook {
  readonly kind: 'forecast'
  readonly demand: number
  /** The moment the forecast is for. */
  readonly for: EpochMs
  /** Forecast for then, and the quantile of it that was asked for. */
  readonly expected: number
  readonly atMost: number
  /** Which forecaster, or combination, said so. */
  readonly by: string
  /** Its recent error as a share of that of the better of last value and seasonal naive; `null` before there is enough. */
  readonly errorRatio: number | null
  /** `off`: it has lost against a simpler one lately and is not listened to. */
  readonly state: 'used' | 'off'
}

/** Nothing can be said yet, or now. */
export interface NoOutlook {
  readonly kind: 'none'
  /** What is missing, e.g. `21 h more of history for a season of a day`. */
  readonly waitsFor: string
}

export type Outlook = ServeOutlook | ForecastOutlook | NoOutlook
