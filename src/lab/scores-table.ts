/**
 * Scores of several contenders as the rows of one table, each with what it means, for the terminal, the page and JSON.
 *
 * Example: of two contenders with 0.4 % and 1.3 % lost, the first row is `{ key: 'lostPercent', values: [0.4, 1.3], ... }`.
 */
import type { ScoreRow } from './report/report.ts'
import type { Scores } from './scores.ts'

type Frame = Omit<ScoreRow, 'key' | 'values'>

const FRAMES: Readonly<Record<keyof Scores, Frame>> = {
  lostPercent: {
    label: 'lost',
    unit: '%',
    betterIs: 'lower',
    group: 'Service',
    isHeadline: true,
    means: 'Share of the load that found no ready capacity and is gone.',
  },
  refusedPercent: {
    label: 'refused',
    unit: '%',
    betterIs: 'lower',
    group: 'Service',
    means: 'Share of the load that was sent away because too much waited already.',
  },
  demandShortPercent: {
    label: 'above ready capacity',
    unit: '%',
    betterIs: 'lower',
    group: 'Service',
    means: 'Share of the load that exceeded the ready capacity of its moment, whatever became of it.',
  },
  timeShortPercent: {
    label: 'time with too few ready',
    unit: '%',
    betterIs: 'lower',
    group: 'Service',
    means: 'Share of the time in which fewer instances were ready than the load needed.',
  },
  timeQueuedPercent: {
    label: 'time with a queue',
    unit: '%',
    betterIs: 'lower',
    group: 'Service',
    means: 'Share of the time at whose end something waited for room.',
  },
  averageWaitMs: {
    label: 'average wait',
    unit: 'ms',
    betterIs: 'lower',
    group: 'Service',
    means: 'How long the load waited for room, averaged over all of it.',
  },
  instanceHours: {
    label: 'instance-hours',
    unit: 'h',
    betterIs: 'lower',
    group: 'Cost',
    isHeadline: true,
    means: 'Hours paid for, from order to release.',
  },
  price: {
    label: 'price',
    unit: '',
    betterIs: 'lower',
    group: 'Cost',
    means: 'Instance-hours at the stated price.',
  },
  costVsOracleRatio: {
    label: 'cost, of the oracle',
    unit: 'x',
    betterIs: 'lower',
    group: 'Cost',
    isHeadline: true,
    means: 'Hours paid for, per hour of one who knew the future and lost nothing.',
  },
  costVsStaticPeakRatio: {
    label: 'cost, of static peak',
    unit: 'x',
    betterIs: 'lower',
    group: 'Cost',
    means: 'Hours paid for, per hour of as many instances all the time as the highest load needs.',
  },
  costVsNeededRatio: {
    label: 'cost, of what was needed',
    unit: 'x',
    betterIs: 'lower',
    group: 'Cost',
    means: 'Hours paid for, per hour of exactly what each moment needed, had nothing to boot.',
  },
  oracleInstanceHours: {
    label: 'instance-hours of the oracle',
    unit: 'h',
    betterIs: 'neither',
    group: 'Cost',
    means: 'The least that would have lost nothing with the same boot time.',
  },
  neededInstanceHours: {
    label: 'instance-hours needed',
    unit: 'h',
    betterIs: 'neither',
    group: 'Cost',
    means: 'What each moment needed, had nothing to boot.',
  },
  thetaUPercent: {
    label: 'accuracy, under (thetaU)',
    unit: '%',
    betterIs: 'lower',
    group: 'Elasticity',
    means: 'Average shortfall as a share of what was needed.',
  },
  thetaOPercent: {
    label: 'accuracy, over (thetaO)',
    unit: '%',
    betterIs: 'lower',
    group: 'Elasticity',
    means: 'Average surplus as a share of what was needed.',
  },
  tauUPercent: {
    label: 'timeshare, under (tauU)',
    unit: '%',
    betterIs: 'lower',
    group: 'Elasticity',
    means: 'Share of the time with too few.',
  },
  tauOPercent: {
    label: 'timeshare, over (tauO)',
    unit: '%',
    betterIs: 'lower',
    group: 'Elasticity',
    means: 'Share of the time with more than needed.',
  },
  upsilonPercent: {
    label: 'instability (upsilon)',
    unit: '%',
    betterIs: 'lower',
    group: 'Elasticity',
    means: 'Share of the steps in which supply and need did not move the same way.',
  },
  sigmaPercent: {
    label: 'deviation (sigma)',
    unit: '%',
    betterIs: 'lower',
    group: 'Elasticity',
    means: 'The five measures above as one number: their 5-norm.',
  },
  actions: {
    label: 'actions',
    unit: '',
    betterIs: 'lower',
    group: 'Elasticity',
    means: 'Decisions that changed the count.',
  },
  actionsPerDay: {
    label: 'actions a day',
    unit: '',
    betterIs: 'lower',
    group: 'Elasticity',
    decimals: 1,
  },
  reversals: {
    label: 'reversals',
    unit: '',
    betterIs: 'lower',
    group: 'Elasticity',
    means: 'Actions the other way than the one before.',
  },
  ticksPerSecond: {
    label: 'simulated ticks a second',
    unit: '',
    betterIs: 'neither',
    group: 'Replay',
    decimals: 0,
  },
}

/** One column per contender, in their order. Rows that say nothing of any of them are left out. */
export function scoresTable(contenders: readonly Scores[]): readonly ScoreRow[] {
  const rows: ScoreRow[] = []
  for (const [key, frame] of Object.entries(FRAMES)) {
    if (!isScore(key)) continue
    const values = contenders.map(scores => scores[key])
    if (values.some(value => value !== null)) rows.push({ key, ...frame, values })
  }
  return rows
}

function isScore(key: string): key is keyof Scores {
  return key in FRAMES
}
