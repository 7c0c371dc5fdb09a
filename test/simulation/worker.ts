/**
 * One of the threads among which the seeds are divided: answers each seed it is given.
 *
 * Example: given `{ seed: 7, planted: null }`, it posts what `runSeed(7)` answers, without the log.
 */
import { parentPort } from 'node:worker_threads'
import type { PlantedName } from '../../src/lab/simulation/planted-faults.ts'
import { runSeed } from './run-seed.ts'

parentPort?.on('message', async ({ seed, planted }: { seed: number; planted: PlantedName | null }) => {
  parentPort?.postMessage({ ...(await runSeed(seed, planted)), log: [] })
})
