/**
 * The same number at all times, so many that a share of the bins finds room: what most fleets without an autoscaler are. It knows
 * the whole load beforehand, so it stands outside the competition.
 *
 * Example: by the minute, a highest load of 405 and 2.9 per instance: 140 instances, always. With the share 0.95: 38.
 */
import { instancesFor } from '../service-model.ts'
import { quantileOf } from '../standard-setting.ts'
import type { Baseline, BaselineSetting } from './baseline.ts'

function countOf(share: number, { load, perInstance }: BaselineSetting): number {
  return instancesFor(quantileOf(load, share), perInstance)
}

export const staticPeak: Baseline = {
  name: 'static',
  title: 'Static peak',
  source: 'None: so many instances as a quantile of the whole load needs',
  knob: {
    name: 'quantile',
    usual: 1,
    most: 1,
    grid: [0.5, 0.7, 0.8, 0.9, 0.95, 0.97, 0.98, 0.985, 0.99, 0.993, 0.995, 0.997, 0.998, 0.999, 0.9995, 1],
  },
  outOfCompetition: true,
  initial: countOf,
  create(knob, setting) {
    const count = countOf(knob, setting)
    return { name: 'static', next: () => count }
  },
}
