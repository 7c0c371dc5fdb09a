/**
 * Runs one seed twice and compares: what differs between two runs of one seed cannot be looked into.
 *
 * Example: `await runSeed(7)` answers the story of seed 7, with the violation `replay` added when the second log differs.
 */
import { PLANTED, type PlantedName } from '../../src/lab/simulation/planted-faults.ts'
import { type Simulated, simulate, type Violation } from '../../src/lab/simulation/simulation.ts'
import { createMemoryStore } from '../../src/plugins/stores/memory.ts'
import { createMemorySessionLog } from '../../src/sessions/memory-log.ts'

export async function runOnce(seed: number, planted: PlantedName | null = null): Promise<Simulated> {
  return simulate({
    seed,
    store: createMemoryStore(),
    log: createMemorySessionLog(),
    ...(planted === null ? {} : { planted: PLANTED[planted]() }),
  })
}

export async function runSeed(seed: number, planted: PlantedName | null = null): Promise<Simulated> {
  const first = await runOnce(seed, planted)
  const second = await runOnce(seed, planted)
  const at = first.log.findIndex((line, index) => line !== second.log[index])
  if (at < 0 && first.log.length === second.log.length) return first
  const differs: Violation = {
    invariant: 'replay',
    what: `the runs part at line ${at}: ${JSON.stringify(first.log[at])} and ${JSON.stringify(second.log[at])}`,
    atMs: 0,
  }
  return { ...first, violations: [...first.violations, differs] }
}
