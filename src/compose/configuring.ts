/**
 * Puts a configuration in force that came over the API: checked like the file, kept as a version, and written over the
 * file (the text before stays beside it as `.backup`), so that a restart goes on with it. What cannot be written is not
 * put in force, and what cannot be put in force is not written.
 *
 * Example: `plimsoll apply new.yaml` against a daemon of plimsoll.yaml: plimsoll.yaml now holds the new text,
 * plimsoll.yaml.backup the old one, and the journal of acts says who and why.
 */
import { copyFile, realpath, rename, rm, stat, writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { formatProblems, type Loaded, type LoadResult } from '../config/load.ts'
import type { Configured, Configuring, ToldProblem } from '../loop/configuring.ts'
import type { By } from '../loop/operate.ts'
import type { LoopEvent } from '../loop/world.ts'
import type { Clock } from '../ports/clock.ts'
import type { StateStore } from '../ports/state-store.ts'
import { newReach } from './reach.ts'

export interface ConfigurationFile {
  readonly path: string
  /** Reads a text as if it stood in that file. */
  readonly parse: (text: string) => LoadResult
}

export interface ConfiguringWorld {
  readonly clock: Clock
  readonly store: StateStore
  /** `null`: the configuration was built in code. */
  readonly file: ConfigurationFile | null
  loaded(): Loaded
  /** Throws when its plugins cannot start; the one before stays. */
  putInForce(loaded: Loaded): Promise<void>
  emit(event: LoopEvent): void
}

/** Versions looked through for the beginning of a digest. */
const MOST_VERSIONS = 1000

export function createConfiguring(world: ConfiguringWorld): Configuring {
  const { store } = world

  async function take(
    text: string,
    by: By,
    trusted: boolean,
    act: 'applied' | 'rolled-back',
  ): Promise<Configured> {
    const { file } = world
    if (file === null) return { outcome: 'no-file' }
    const result = file.parse(text)
    if (!result.ok) {
      const told = formatProblems(result.problems, result.text, { colour: false }).trimEnd()
      return { outcome: 'refused', problems: result.problems.map(tell), told }
    }
    const { loaded } = result
    const before = world.loaded()
    const { digest } = loaded.spec
    const done = { digest, from: before.spec.digest, warnings: loaded.warnings.map(tell) }
    if (digest === before.spec.digest) return { outcome: 'unchanged', ...done }
    const reaches = trusted ? [] : newReach(before, loaded)
    if (reaches.length > 0) return { outcome: 'not-trusted', reaches }
    try {
      await replaceFile(file.path, text, () => world.putInForce(loaded))
    } catch (error) {
      return { outcome: 'failed', because: error instanceof Error ? error.message : String(error) }
    }
    const at = world.clock.now()
    const recorded = await store.recordAct({ act, fleet: null, at, ...by, digest, from: before.spec.digest })
    world.emit({ type: 'act', act: recorded })
    return { outcome: 'applied', ...done }
  }

  return {
    apply: (text, by, trusted) => take(text, by, trusted, 'applied'),

    async rollBack(version, by, trusted) {
      const known = await store.listSpecs(MOST_VERSIONS)
      const inForce = world.loaded().spec.digest
      const found =
        version === null
          ? known.filter(({ digest }) => digest !== inForce).slice(0, 1)
          : known.filter(({ digest }) => digest.startsWith(version))
      const [one, another] = found
      const text = one === undefined || another !== undefined ? null : await store.readSpec(one.digest)
      return text === null ? { outcome: 'no-such-version', known } : take(text, by, trusted, 'rolled-back')
    },

    versions: limit => store.listSpecs(limit),
  }
}

function tell({ code, severity, message, hint, line, column }: ToldProblem): ToldProblem {
  return { code, severity, message, hint, line, column }
}

/**
 * Written beside it first, which shows that it can be written at all; then `between`; then put in its place at once.
 * Where `between` throws, the file is as it was.
 */
async function replaceFile(named: string, text: string, between: () => Promise<void>): Promise<void> {
  const path = await realpath(resolve(named))
  const fresh = `${path}.${process.pid}.new`
  const { mode } = await stat(path)
  try {
    await writeFile(fresh, text, { mode })
    await copyFile(path, `${path}.backup`)
    await between()
    await rename(fresh, path)
  } finally {
    await rm(fresh, { force: true })
  }
}
