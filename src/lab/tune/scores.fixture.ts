/**
 * Scores for tests of a search, from the two numbers that matter there.
 *
 * Example: `scoresWith({ cost: 1.4, lost: 0.5 })` has nothing refused, no actions and no queue.
 */
import type { Scores } from '../scores.ts'

export function scoresWith({
  cost = 1,
  lost = 0,
  ...others
}: Partial<Scores> & { cost?: number; lost?: number }): Scores {
  return {
    timeShortPercent: 0,
    demandShortPercent: lost,
    timeQueuedPercent: 0,
    averageWaitMs: 0,
    refusedPercent: 0,
    lostPercent: lost,
    instanceHours: 100 * cost,
    neededInstanceHours: 90,
    oracleInstanceHours: 100,
    price: null,
    costVsNeededRatio: cost,
    costVsOracleRatio: cost,
    costVsStaticPeakRatio: cost / 3,
    thetaUPercent: 0,
    thetaOPercent: 0,
    tauUPercent: 0,
    tauOPercent: 0,
    upsilonPercent: 0,
    sigmaPercent: 0,
    actions: 0,
    actionsPerDay: 0,
    reversals: 0,
    ticksPerSecond: null,
    ...others,
  }
}
