/**
 * All baselines, in the order they stand in tables.
 *
 * Example: `baselineNamed('hpa')?.create(0.8, setting)` decides as the Horizontal Pod Autoscaler with a target of 80 %.
 */
import { adapt } from './adapt.ts'
import { aws } from './aws.ts'
import { awsStep } from './aws-step.ts'
import { azure } from './azure.ts'
import type { Baseline } from './baseline.ts'
import { hist } from './hist.ts'
import { hpa } from './hpa.ts'
import { nomad } from './nomad.ts'
import { oracle } from './oracle.ts'
import { react } from './react.ts'
import { reg } from './reg.ts'
import { staticPeak } from './static.ts'

export const BASELINES: readonly Baseline[] = [
  hpa,
  aws,
  awsStep,
  azure,
  nomad,
  react,
  hist,
  reg,
  adapt,
  staticPeak,
  oracle,
]

export function baselineNamed(name: string): Baseline | null {
  return BASELINES.find(baseline => baseline.name === name) ?? null
}
