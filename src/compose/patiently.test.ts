import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, describe, expect, it } from 'vitest'
import { SimulatedClock } from '../../test/simulated/clock.ts'
import { compose } from '../compose.ts'
import { type Loaded, parseConfig } from '../config/load.ts'
import { PluginError } from '../ports/plugin.ts'
import { patiently } from './patiently.ts'

const ends: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

const LOCKED = new PluginError('unavailable', 'PLM-405 it is locked', { retryAfterMs: 1_000 })

describe('what a start does patiently', () => {
  it('is tried again less and less often, and waited for aloud once', async () => {
    const clock = new SimulatedClock(0)
    const [tries, heard]: [number[], string[]] = [[], []]
    const onWait = (because: string) => void heard.push(because)
    const done = patiently({ clock, forMs: 30_000, onWait }, async () => {
      tries.push(clock.now())
      if (tries.length < 6) throw LOCKED
      return 'opened'
    })
    await clock.advance(30_000)
    expect(await done).toBe('opened')
    expect(tries).toEqual([0, 250, 750, 1_750, 3_750, 5_750])
    expect(heard).toEqual(['PLM-405 it is locked; trying again for up to 30 s'])
  })

  it('is given up in the end, and says so', async () => {
    const clock = new SimulatedClock(0)
    const failed = patiently({ clock, forMs: 5_000 }, async () => {
      throw LOCKED
    })
    const told = expect(failed).rejects.toMatchObject({
      kind: 'unavailable',
      message: 'PLM-405 it is locked; given up after 5 s: once that is over, start again',
    })
    await clock.advance(5_000)
    await told
  })

  it('is not tried again for what does not pass, nor once nobody wants it any more', async () => {
    const clock = new SimulatedClock(0)
    const broken = new PluginError('misconfigured', 'PLM-402 it is damaged')
    const patience = { clock, forMs: 30_000 }
    await expect(patiently(patience, () => Promise.reject(broken))).rejects.toBe(broken)
    const stop = new AbortController()
    const waiting = patiently({ ...patience, signal: stop.signal }, () => Promise.reject(LOCKED))
    await clock.advance(100)
    stop.abort()
    await expect(waiting).rejects.toBe(LOCKED)
  })
})

describe('a start while another process holds the state file locked', () => {
  function folder(): string {
    const path = mkdtempSync(join(tmpdir(), 'plimsoll-locked-'))
    ends.push(() => rmSync(path, { recursive: true, force: true }))
    return path
  }

  function loaded(home: string): Loaded {
    const text =
      'plimsoll: 1\nstate: { path: state.db }\nfleets: { web: { target: { type: none }, capacity: { min: 1, max: 2 } } }\n'
    const result = parseConfig(text, { file: join(home, 'plimsoll.yaml'), env: {}, readFile: () => '' })
    if (!result.ok) throw new Error(JSON.stringify(result.problems))
    return result.loaded
  }

  /** The result lets go of it. */
  function lock(home: string): () => void {
    const other = new DatabaseSync(join(home, 'state.db'))
    other.exec('BEGIN IMMEDIATE')
    ends.push(() => other.close())
    return () => other.exec('ROLLBACK')
  }

  it('begins as soon as it is let go of, whether the file is new or was there', {
    timeout: 60_000,
  }, async () => {
    const home = folder()
    for (const turn of ['a new file', 'one that was there']) {
      const letGo = lock(home)
      const heard: string[] = []
      const onWait = (because: string): void => {
        heard.push(because)
        letGo()
      }
      const daemon = await compose(loaded(home), { patience: { onWait } })
      await daemon.start()
      await daemon.stop()
      expect([turn, heard]).toEqual([
        turn,
        [expect.stringMatching(/^PLM-405 .*locked.*; trying again for up to 30 s$/)],
      ])
    }
  })

  it('ends with the reason when it is not let go of', { timeout: 60_000 }, async () => {
    const home = folder()
    lock(home)
    const composed = compose(loaded(home), { patience: { forMs: 100 } })
    await expect(composed).rejects.toThrow(/PLM-405 cannot open .*state\.db.*; given up after 0\.1 s/)
  })
})
