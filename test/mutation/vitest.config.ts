/**
 * The tests that mutation testing runs: those of the engine, and the table of deciding. Used by `npm run mutation`.
 *
 * Stryker's runner asks for tests by their full names, joined with spaces; Vitest 5 joins them with " > ". The plugin below
 * lets a space in what is asked for stand for either, or no test would ever run against a mutant.
 *
 * Example: `bounds at the end` asked for finds the test "at the end" of the group "bounds".
 */
import { resolve } from 'node:path'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  root: resolve(import.meta.dirname, '../..'),
  plugins: [
    {
      name: 'names-with-spaces',
      configureVitest({ project }) {
        let pattern: RegExp | undefined
        Object.defineProperty(project.config, 'testNamePattern', {
          enumerable: true,
          configurable: true,
          get: () => pattern,
          set: (asked: RegExp | undefined) => {
            pattern = asked && new RegExp(asked.source.replaceAll(' ', '(?: > | )'), asked.flags)
          },
        })
      },
    },
  ],
  test: {
    include: ['src/engine/**/*.test.ts', 'test/decide-table.test.ts'],
    testTimeout: 30_000,
  },
})
