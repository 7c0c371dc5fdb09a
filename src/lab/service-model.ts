/**
 * How a fleet serves load: what one instance can serve, how long it boots, what becomes of what finds no room.
 *
 * Example: `{ perInstance: 100, boot: { kind: 'constant', ms: 180000 }, excess: { kind: 'lost' }, ... }`: two ready instances serve 200
 * of a load of 250; 50 of it, a fifth, is lost.
 */

export type BootTime =
  | { readonly kind: 'constant'; readonly ms: number }
  /** Drawn at even chances between these points of the distribution: `shares` rise from 0 to 1, `ms` with them. */
  | { readonly kind: 'distribution'; readonly shares: readonly number[]; readonly ms: readonly number[] }

/** What becomes of load that finds no ready capacity. */
export type Excess =
  /** It is gone. */
  | { readonly kind: 'lost' }
  /**
   * It waits, and is served first when there is room. No more waits than the ready instances can serve in `longestMs`; what
   * comes then is refused.
   */
  | { readonly kind: 'queued'; readonly longestMs: number }

export interface ServiceModel {
  /** How much of the load one ready instance serves, in the load's own unit. Above 0. */
  readonly perInstance: number
  readonly boot: BootTime
  /** After it is ready, an instance serves at `warmupShare` of its capacity for so long. */
  readonly warmupMs: number
  readonly warmupShare: number
  readonly excess: Excess
  /** A released instance is paid for so much longer. */
  readonly drainMs: number
  /** A measurement is known so long after the bin it is of. */
  readonly metricDelayMs: number
  /** Time between two decisions. */
  readonly everyMs: number
  /** Ready when the replay begins; `null`: as many as the first bin needs. */
  readonly initial: number | null
}

/** The fewest instances that serve this load: at least one. */
export function instancesFor(load: number, perInstance: number): number {
  // A quotient such as 0.3 / 0.1 comes out a hair above its whole number.
  return Math.max(1, Math.ceil(load / perInstance - 1e-9))
}
