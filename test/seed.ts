/**
 * Property tests draw the same cases every time, so that a change is what makes one fail; another seed draws others.
 *
 * Example: `FC_SEED=7 npx vitest run src/engine` tries cases nobody has tried before.
 */
import fc from 'fast-check'

fc.configureGlobal({ seed: Number(process.env.FC_SEED ?? 20_261_121) })
