/**
 * Runs one seed twice and compares: what differs between two runs of one seed cannot be looked into.
 *
 * Example: `await runSeed({ seed: 7, planted: null, cloud: 'plain' })` answers the story of seed 7, with the violation `replay` added when the second log differs.
 */
import { PLANTED, type PlantedName } from '../../src/lab/simulation/planted-faults.ts'
import { type Simulated, simulate, type Violation } from '../../src/lab/simulation/simulation.ts'
import { createMemoryStore } from '../../src/plugins/stores/memory.ts'
import { createMemorySessionLog } from '../../src/sessions/memory-log.ts'
import { ScaleSetCloud } from './scale-set-cloud.ts'

/** `plain`: the simulation's own. `scale-set`: Azure's target on the fake resource manager. */
export const CLOUDS = ['plain', 'scale-set'] as const
export type CloudName = (typeof CLOUDS)[number]

export interface Story {
  readonly seed: number
  readonly planted: PlantedName | null
  readonly cloud: CloudName
}

export async function runOnce({ seed, planted, cloud }: Story): Promise<Simulated> {
  return simulate({
    seed,
    store: createMemoryStore(),
    log: createMemorySessionLog(),
    ...(planted === null ? {} : { planted: PLANTED[planted]() }),
    ...(cloud === 'plain' ? {} : { cloud: options => new ScaleSetCloud(options) }),
  })
}

export async function runSeed(story: Story): Promise<Simulated> {
  const first = await runOnce(story)
  const second = await runOnce(story)
  const at = first.log.findIndex((line, index) => line !== second.log[index])
  if (at < 0 && first.log.length === second.log.length) return first
  const differs: Violation = {
    invariant: 'replay',
    what: `the runs part at line ${at}: ${JSON.stringify(first.log[at])} and ${JSON.stringify(second.log[at])}`,
    atMs: 0,
  }
  return { ...first, violations: [...first.violations, differs] }
}
