/**
 * Who is swept: ours and the baselines. Ours is the rule kind `serve`, decided by the production `decide`; its knob is the share of
 * the demand that is to find ready capacity.
 *
 * Example: `contendersNamed(['hpa'])` is the one; without names it is all but the second flavour of AWS, which has to be asked for.
 */
import type { Baseline } from '../../src/lab/baselines/baseline.ts'
import { BASELINES } from '../../src/lab/baselines/registry.ts'
import { createOurs } from '../../src/lab/serve-contender.ts'

const ASKED_FOR = 'aws-step'

const OURS: Baseline = {
  name: 'ours',
  title: 'Plimsoll serve',
  source: 'docs/rules.md',
  knob: {
    name: 'SLO',
    usual: 0.995,
    grid: [
      0.5, 0.7, 0.8, 0.85, 0.9, 0.92, 0.94, 0.95, 0.96, 0.97, 0.975, 0.98, 0.985, 0.99, 0.9925, 0.995, 0.9965,
      0.998, 0.9985, 0.999, 0.9993, 0.9995, 0.9998, 0.9999, 0.99995, 0.99998, 0.99999, 0.999999, 0.9999999,
      0.99999999,
    ],
  },
  outOfCompetition: false,
  create: createOurs,
}

/** @throws Error on a name that nobody has */
export function contendersNamed(names: readonly string[] | null): readonly Baseline[] {
  const all = [OURS, ...BASELINES]
  if (names === null) return all.filter(({ name }) => name !== ASKED_FOR)
  return names.map(name => {
    const named = all.find(contender => contender.name === name)
    if (named === undefined) {
      throw new Error(
        `There is no "${name}" to sweep. There are: ${all.map(contender => contender.name).join(', ')}.`,
      )
    }
    return named
  })
}
