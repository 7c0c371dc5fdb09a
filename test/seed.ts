/**
 * Property tests draw the same cases every time, so that a change is what makes one fail; another seed draws others,
 * and `FC_TIMES` so many times as many. A case found that way becomes a row of a table test, and then the fix follows.
 *
 * Example: `FC_SEED=7 FC_TIMES=20 npx vitest run test/properties.test.ts` tries cases nobody has tried before.
 */
import fc from 'fast-check'

const times = Number(process.env.FC_TIMES ?? 1)

/** How many cases a property that is worth `count` draws. */
export function runs(count: number): number {
  return Math.ceil(count * times)
}

fc.configureGlobal({ seed: Number(process.env.FC_SEED ?? 20_261_121), numRuns: runs(100) })
