import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    setupFiles: ['test/seed.ts'],
    testTimeout: 60_000,
    hookTimeout: 30_000,
    // What is waited for comes at once, or late on a busy machine; the usual second is over before that.
    expect: { poll: { timeout: 15_000 } },
    // Most tests wait for processes and sockets more than they compute: a worker for each core.
    maxWorkers: availableParallelism(),
  },
})
