/**
 * Scores as rows of a report: what is told, in which unit, and which way is better.
 *
 * Example: `scoreRows([own, hpa])[0]` is `{ key: 'lostPercent', label: 'load lost', unit: '%', betterIs: 'lower', values: [0.42, 1.3] }`.
 */
import type { Scores } from '../scores.ts'
import type { ScoreRow } from './report.ts'

type Row = Omit<ScoreRow, 'values' | 'key'>

const ROWS: readonly (readonly [keyof Scores, Row])[] = [
  [
    'lostPercent',
    row(
      'Service',
      'load lost',
      '%',
      'lower',
      'Share of the load that found no ready capacity and was gone.',
      true,
    ),
  ],
  [
    'refusedPercent',
    row('Service', 'load refused', '%', 'lower', 'Share of the load that could not wait either.'),
  ],
  [
    'demandShortPercent',
    row(
      'Service',
      'load above capacity',
      '%',
      'lower',
      'Share of the load that exceeded the ready capacity of its moment.',
    ),
  ],
  [
    'timeShortPercent',
    row(
      'Service',
      'time with too few',
      '%',
      'lower',
      'Share of the time in which fewer were ready than needed.',
      true,
    ),
  ],
  [
    'timeQueuedPercent',
    row('Service', 'time with a queue', '%', 'lower', 'Share of the time in which load waited for room.'),
  ],
  ['averageWaitMs', row('Service', 'average wait', 'ms', 'lower', "Over all load, by Little's law.")],
  ['instanceHours', row('Cost', 'instance-hours', 'h', 'lower', 'Paid for, from the order on.')],
  ['price', row('Cost', 'price', '', 'lower', 'Instance-hours times the price of one.')],
  [
    'neededInstanceHours',
    row('Cost', 'of what is needed', 'h', 'neither', 'What the load of each bin needs, without boot times.'),
  ],
  [
    'oracleInstanceHours',
    row(
      'Cost',
      'of the oracle',
      'h',
      'neither',
      'The least that could have served all of it, knowing the future, with the same boot time.',
    ),
  ],
  [
    'costVsOracleRatio',
    row(
      'Cost',
      'cost, oracle = 1',
      'x',
      'lower',
      'Held against the least that could have served all of it, knowing the future, with the same boot time.',
      true,
    ),
  ],
  [
    'costVsNeededRatio',
    row('Cost', 'cost, needed = 1', 'x', 'lower', 'Held against what each bin needs, without boot times.'),
  ],
  [
    'costVsStaticPeakRatio',
    row(
      'Cost',
      'cost, static peak = 1',
      'x',
      'lower',
      'Held against what the highest bin needs, all the time.',
    ),
  ],
  ['actions', row('Calm', 'changes of the count', '', 'lower')],
  ['actionsPerDay', row('Calm', 'changes a day', '', 'lower', undefined, true)],
  ['reversals', row('Calm', 'reversals', '', 'lower', 'Changes the other way than the one before.')],
  [
    'thetaUPercent',
    row('Elasticity', 'shortfall (theta U)', '%', 'lower', 'Average shortfall as a share of what is needed.'),
  ],
  [
    'thetaOPercent',
    row('Elasticity', 'surplus (theta O)', '%', 'lower', 'Average surplus as a share of what is needed.'),
  ],
  ['tauUPercent', row('Elasticity', 'time short (tau U)', '%', 'lower')],
  ['tauOPercent', row('Elasticity', 'time above (tau O)', '%', 'lower')],
  [
    'upsilonPercent',
    row(
      'Elasticity',
      'instability (upsilon)',
      '%',
      'lower',
      'Share of the steps in which supply and need do not move the same way.',
    ),
  ],
  ['sigmaPercent', row('Elasticity', 'deviation (sigma)', '%', 'lower', 'The 5-norm of the five above.')],
  [
    'ticksPerSecond',
    {
      ...row('Replay', 'decisions a second', '', 'neither', 'On this computer, by the clock on the wall.'),
      decimals: 0,
      isAside: true,
    },
  ],
]

/** A row that says nothing (no price, no queue) is left out. */
export function scoreRows(columns: readonly Scores[]): readonly ScoreRow[] {
  return ROWS.flatMap(([key, row]) => {
    const values = columns.map(scores => scores[key])
    const isSilent =
      values.every(value => value === null) || (isOptional(key) && values.every(value => value === 0))
    const isHeadline = key === goneKey(columns) || (row.isHeadline === true && key !== 'lostPercent')
    return isSilent ? [] : [{ ...row, key, values, isHeadline }]
  })
}

/** Of the two ways to be turned away, the one that happens: where load may wait, what cannot is refused. */
function goneKey(columns: readonly Scores[]): keyof Scores {
  const [own] = columns
  const isRefused = own?.lostPercent === 0 && columns.some(({ refusedPercent }) => refusedPercent > 0)
  return isRefused ? 'refusedPercent' : 'lostPercent'
}

function isOptional(key: keyof Scores): boolean {
  return key === 'refusedPercent' || key === 'timeQueuedPercent' || key === 'averageWaitMs'
}

function row(
  group: string,
  label: string,
  unit: string,
  betterIs: Row['betterIs'],
  means?: string,
  isHeadline = false,
): Row {
  return { group, label, unit, betterIs, isHeadline, ...(means === undefined ? {} : { means }) }
}
