/**
 * Daemons that are ended by force and started again at once, as a supervisor would. What each says goes to a file.
 *
 * Example: `daemons.endByForce(0)` ends the first with SIGKILL; its next life begins at once, and is `daemons.pid(0)`.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { openSync } from 'node:fs'
import path from 'node:path'
import { LAUNCHER } from '../builders/real.ts'
import type { TortureLog } from './log.ts'
import { rest } from './rest.ts'
import type { Scene } from './scene.ts'

/** One that cannot start, since its store refuses, is not started a hundred times a second. */
const START_AGAIN_MS = 250
const ORDERLY_END_MS = 60_000

export class Daemons {
  readonly #scene: Scene
  readonly #log: TortureLog
  readonly #running: (ChildProcess | null)[]
  readonly #expected = new Set<ChildProcess>()
  #stopping = false
  /** Ended though nobody had ended them: a store that refused at the start. */
  endedByThemselves = 0

  constructor(scene: Scene, log: TortureLog) {
    this.#scene = scene
    this.#log = log
    this.#running = scene.files.map(() => null)
  }

  get count(): number {
    return this.#running.length
  }

  start(which: number): void {
    const { folder, files } = this.#scene
    const output = openSync(path.join(folder, `daemon-${which}.log`), 'a')
    const argv = [LAUNCHER, 'run', files[which] ?? '']
    const child = spawn(process.execPath, argv, {
      cwd: folder,
      stdio: ['ignore', output, output],
      env: { ...environment(), ...this.#scene.scaleSet?.environment },
    })
    this.#running[which] = child
    child.once('exit', (code, signal) => {
      if (this.#running[which] === child) this.#running[which] = null
      if (this.#stopping) return
      const wasUs = this.#expected.delete(child)
      if (!wasUs) {
        this.endedByThemselves += 1
        this.#log.say(`daemon ${which} ended by itself: ${code ?? signal}`)
      }
      void rest(wasUs ? 0 : START_AGAIN_MS).then(() => {
        if (!this.#stopping) this.start(which)
      })
    })
  }

  /** `null`: between two lives. */
  pid(which: number): number | null {
    return this.#running[which]?.pid ?? null
  }

  /** `false`: there was nothing to end. */
  endByForce(which: number): boolean {
    const child = this.#running[which]
    if (child == null || child.pid === undefined) return false
    this.#expected.add(child)
    return child.kill('SIGKILL')
  }

  /** As an operator would; answers how many had to be ended by force. */
  async stop(): Promise<number> {
    this.#stopping = true
    const ends = this.#running.flatMap(child => (child === null ? [] : [endInOrder(child)]))
    return (await Promise.all(ends)).filter(ended => !ended).length
  }
}

async function endInOrder(child: ChildProcess): Promise<boolean> {
  if (child.exitCode !== null || child.signalCode !== null) return true
  const exit = once(child, 'exit')
  child.kill('SIGTERM')
  let inTime = true
  const late = setTimeout(() => {
    inTime = false
    child.kill('SIGKILL')
  }, ORDERLY_END_MS)
  await exit
  clearTimeout(late)
  return inTime
}

function environment(): NodeJS.ProcessEnv {
  const { NODE_OPTIONS: _options, VITEST: _vitest, ...rest } = process.env
  return Object.fromEntries(Object.entries(rest).filter(([name]) => !name.startsWith('PLIMSOLL_')))
}
