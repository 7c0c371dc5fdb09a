/**
 * One trace and one contender: its knob through its whole range, each setting played once, scored over all bins and over the
 * second half of them.
 *
 * Example: `hpa` has 37 targets, so 74 rows come of it.
 */
import type { Baseline, BaselineSetting } from '../../src/lab/baselines/baseline.ts'
import { oracleInstanceBins } from '../../src/lab/oracle.ts'
import {
  bootBinsOf,
  STANDARD_BOOT_MS,
  StandardCourse,
  type StandardScore,
  standardPerInstance,
} from '../../src/lab/standard-setting.ts'
import type { LoadFile } from './load-file.ts'

export type Half = 'all' | 'second'

export interface QualityRow {
  readonly trace: string
  readonly policy: string
  readonly knob: number
  readonly lostPercent: number
  readonly costRatio: number
  readonly half: Half
}

export function sweep({ name: trace, startAt, stepMs, load }: LoadFile, baseline: Baseline): QualityRow[] {
  const perInstance = standardPerInstance(load)
  const setting = { perInstance, stepMs, bootMs: STANDARD_BOOT_MS }
  const course = new StandardCourse(load, setting)
  const known: BaselineSetting = { ...setting, leadBins: bootBinsOf(setting), startAt, load }
  const rows: QualityRow[] = []
  for (const knob of baseline.knob.grid) {
    const { all, second } =
      baseline.name === 'oracle' ? exactly(course) : played(course, baseline, knob, known)
    rows.push({ trace, policy: baseline.name, knob, ...all, half: 'all' })
    rows.push({ trace, policy: baseline.name, knob, ...second, half: 'second' })
  }
  return rows
}

interface Scores {
  readonly all: StandardScore
  readonly second: StandardScore
}

function played(course: StandardCourse, baseline: Baseline, knob: number, known: BaselineSetting): Scores {
  course.run(baseline.create(knob, known), baseline.initial?.(knob, known))
  return course.scores()
}

/** The oracle is worked out, not played; the second half alone, with what it begins with there already. */
function exactly({ needed, setting }: StandardCourse): Scores {
  const bootBins = bootBinsOf(setting)
  const scoreOf = (bins: Int32Array): StandardScore => ({
    lostPercent: 0,
    costRatio: oracleInstanceBins(bins, bootBins) / bins.reduce((sum, count) => sum + count, 0),
  })
  return { all: scoreOf(needed), second: scoreOf(needed.subarray(needed.length >>> 1)) }
}
