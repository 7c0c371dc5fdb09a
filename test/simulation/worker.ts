/**
 * One of the threads among which the seeds are divided: answers each seed it is given.
 *
 * Example: given `{ seed: 7, planted: null, cloud: 'plain' }`, it posts what `runSeed` answers, without the log.
 */
import { parentPort } from 'node:worker_threads'
import { runSeed, type Story } from './run-seed.ts'

parentPort?.on('message', async (story: Story) => {
  parentPort?.postMessage({ ...(await runSeed(story)), log: [] })
})
