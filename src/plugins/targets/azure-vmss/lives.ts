/**
 * Which life of a VM is it? A VM that is deallocated and started again keeps its `vmId`, and what was meant for the former life
 * must not reach the new one. So starts are counted, in a file beside Plimsoll's state, before Azure is asked for each.
 *
 * Example: VM `6f1c` was launched (incarnation `6f1c`), deallocated, and is to be started for the order `web/42/1`: the file says
 * `{ "6f1c": { "life": 1, "state": "starting", "token": "web/42/1", ... } }`, and only then is Azure asked. It comes up as `6f1c.1`, whatever
 * becomes of the reply and of us; a termination of `6f1c` that was on its way answers `gone`.
 *
 * Azure itself has nothing to tell two lives apart: tags of a Uniform instance cannot be written, and the times in its view change with
 * every update. A file is kept as long as the fleet's memory, which is all that knows of incarnations.
 */
import { mkdir, open, readFile, rename } from 'node:fs/promises'
import { dirname } from 'node:path'
import { z } from 'zod'
import { PluginError } from '../../../ports/plugin.ts'
import type { Vm } from './vm-state.ts'

/**
 * `out`: it is an instance of the fleet. `parking`: asked to deallocate, and not seen deallocated yet. `parked`: seen so. `starting`: to be started,
 * and not seen up yet.
 */
export type LifeState = 'out' | 'parking' | 'parked' | 'starting'

export interface Life {
  /** How often it was started again. */
  readonly life: number
  readonly state: LifeState
  /** What it was started for. */
  readonly token: string | null
  readonly name: string
  /** Since when, by our clock. */
  readonly at: number
}

export type Lives = ReadonlyMap<string, Life>

const FIRST: Life = { life: 0, state: 'out', token: null, name: '', at: 0 }
/** More VMs than two scale sets have: those that changed longest ago are forgotten. */
const MOST = 2_000

const bookSchema = z.object({
  version: z.literal(1),
  vms: z.record(
    z.string().max(100),
    z.object({
      life: z.number().int().min(0),
      state: z.enum(['out', 'parking', 'parked', 'starting']),
      token: z.string().max(500).nullable(),
      name: z.string().max(100),
      at: z.number(),
    }),
  ),
})

export class LivesBook {
  readonly #path: string | null
  #remembered: Lives | null = null
  #turn: Promise<unknown> = Promise.resolve()

  /** @param path null: only remembered as long as this runs */
  constructor(path: string | null) {
    this.#path = path
  }

  /**
   * Read each time: another Plimsoll may have written it meanwhile.
   * @returns null where nothing was ever written
   * @throws PluginError PLM-771 when it cannot be read
   */
  async read(): Promise<Lives | null> {
    if (this.#path === null) return this.#remembered
    let text: string
    try {
      text = await readFile(this.#path, 'utf8')
    } catch (error) {
      if (isMissing(error)) return null
      throw this.#failed('read', error)
    }
    try {
      return new Map(Object.entries(bookSchema.parse(JSON.parse(text)).vms))
    } catch (error) {
      throw this.#failed('read', error)
    }
  }

  /**
   * Written down before it answers; one change after the other.
   * @throws PluginError PLM-771 when it cannot be written: then nothing was changed
   */
  change(edit: (lives: Map<string, Life>) => void): Promise<Lives> {
    const changed = this.#turn.then(async () => {
      const lives = new Map(await this.read())
      edit(lives)
      const kept = newest(lives)
      await this.#write(kept)
      return kept
    })
    this.#turn = changed.catch(() => {})
    return changed
  }

  async #write(lives: Lives): Promise<void> {
    this.#remembered = lives
    if (this.#path === null) return
    const draft = `${this.#path}.${process.pid}.new`
    try {
      await mkdir(dirname(this.#path), { recursive: true, mode: 0o700 })
      const file = await open(draft, 'w', 0o600)
      try {
        await file.writeFile(JSON.stringify({ version: 1, vms: Object.fromEntries(lives) }))
        await file.sync()
      } finally {
        await file.close()
      }
      await rename(draft, this.#path)
    } catch (error) {
      throw this.#failed('write', error)
    }
  }

  #failed(what: string, error: unknown): PluginError {
    const saw = error instanceof Error ? error.message.replace(/\s+/g, ' ').slice(0, 200) : String(error)
    return new PluginError(
      'misconfigured',
      `PLM-771 could not ${what} ${this.#path}, which says how often each VM was started again (${saw}). Nothing was asked of Azure. Mend it; or, with Plimsoll stopped, delete it and the fleet's memory with it: what is deallocated then counts as kept for later.`,
      { cause: error },
    )
  }
}

export function lifeOf({ vmId }: Pick<Vm, 'vmId'>, lives: Lives | null): Life {
  return (vmId === null ? undefined : lives?.get(vmId)) ?? FIRST
}

export function incarnationOf({ vmId }: Pick<Vm, 'vmId'>, { life }: Life): string | null {
  return vmId === null || life === 0 ? vmId : `${vmId}.${life}`
}

/** It is up, or on its way up. */
export function isUp({ power }: Pick<Vm, 'power'>): boolean {
  return power === 'running' || power === 'starting'
}

export function isDeallocated({ power }: Pick<Vm, 'power'>): boolean {
  return power === 'deallocated'
}

function newest(lives: Lives): Lives {
  if (lives.size <= MOST) return lives
  return new Map([...lives].sort(([, a], [, b]) => b.at - a.at).slice(0, MOST))
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}
