/**
 * Made-up records of load: a daily wave with a little noise, the same every time.
 *
 * Example: `loadCsv({ hours: 24, everyMinutes: 5 })` is a header and 288 rows `2026-11-21T00:00:00.000Z,431`.
 */
import { seededRandom } from '../../src/lab/simulation/seeded-random.ts'

const MINUTE = 60_000
/** A Saturday, midnight. */
export const MIDNIGHT = Date.parse('2026-11-21T00:00:00Z')

export interface MadeLoad {
  readonly hours: number
  readonly everyMinutes: number
  /** Lowest in the night, highest at noon; 100 to 900 unless said. */
  readonly low?: number
  readonly high?: number
}

/** Whole numbers, one per bin. */
export function loadOf({ hours, everyMinutes, low = 100, high = 900 }: MadeLoad): number[] {
  const random = seededRandom(7)
  const noise = () => (random.next() - 0.5) * 0.1 * (high - low)
  return Array.from({ length: (hours * 60) / everyMinutes }, (_, bin) => {
    const share = (1 - Math.cos((2 * Math.PI * bin * everyMinutes) / 1440)) / 2
    return Math.max(0, Math.round(low + (high - low) * share + noise()))
  })
}

/** One column called requests. */
export function loadCsv(made: MadeLoad): string {
  return csv(
    ['requests'],
    loadOf(made).map(load => [load]),
    made.everyMinutes,
  )
}

/** What a fleet of so many instances, each full at 150, would have measured: cpu in percent, and the count. */
export function utilizationCsv(made: MadeLoad, instances: number): string {
  const rows = loadOf(made).map(load => [
    Math.min(100, Math.round((100 * load) / (150 * instances))),
    instances,
  ])
  return csv(['cpu', 'instances'], rows, made.everyMinutes)
}

export function csv(
  columns: readonly string[],
  rows: readonly (readonly number[])[],
  everyMinutes: number,
): string {
  const lines = rows.map((row, bin) =>
    [new Date(MIDNIGHT + bin * everyMinutes * MINUTE).toISOString(), ...row].join(','),
  )
  return `${['timestamp', ...columns].join(',')}\n${lines.join('\n')}\n`
}
