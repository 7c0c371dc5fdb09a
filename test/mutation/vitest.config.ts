/**
 * The tests that mutation testing runs: those of the engine, and the table of deciding. Used by `npm run mutation`.
 *
 * Stryker's runner asks for tests by their full names, joined with spaces; Vitest 5 joins them with " > ". The plugin below
 * lets a space in what is asked for stand for either, or no test would ever run against a mutant.
 *
 * Example: `bounds at the end` asked for finds the test "at the end" of the group "bounds".
 */
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** A mutant is dead at its first failing test, so what is quick comes first: tables, then what reads files, then properties. */
class QuickFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return files.toSorted((a, b) => slowness(a) - slowness(b))
  }
}

function slowness({ moduleId }: TestSpecification): number {
  if (readFileSync(moduleId, 'utf8').includes("from 'fast-check'")) return 2
  return moduleId.includes('/src/') ? 0 : 1
}

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
    // A tenth of the cases of each property: a mutant that lives through so many is worth a look anyway.
    env: { FC_TIMES: '0.1' },
    setupFiles: ['test/seed.ts', 'test/mutation/no-shrinking.ts'],
    sequence: { sequencer: QuickFirst },
    isolate: false,
    testTimeout: 120_000,
  },
})
