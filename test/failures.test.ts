/**
 * Failures that no single part can show: a tick that ends early, a demonstration without a fleet to send requests to.
 */
import { describe, expect, it } from 'vitest'
import { Controller } from '../src/loop/controller.ts'
import type { TickReport } from '../src/loop/world.ts'
import { createMemoryStore } from '../src/plugins/stores/memory.ts'
import { PluginError } from '../src/ports/plugin.ts'
import type { StateStore } from '../src/ports/state-store.ts'
import { openScene } from './builders/cli.ts'
import { fleetSpec } from './builders/spec.ts'
import { simulatedWorld } from './simulated/world.ts'

const INTERVAL_MS = 15_000

/** A store whose commits fail as long as there is something to throw. */
function failing(error: unknown): { store: StateStore; mend(): void } {
  const store = createMemoryStore()
  let thrown: unknown = error
  const commit: StateStore['commit'] = async given => {
    if (thrown !== null) throw thrown
    return store.commit(given)
  }
  return {
    store: { ...store, commit },
    mend: () => {
      thrown = null
    },
  }
}

describe('a tick that fails', () => {
  it.each([
    {
      code: 'PLM-600',
      because: 'the world outside does not let it',
      error: new PluginError('unavailable', 'PLM-403 no space is left'),
    },
    { code: 'PLM-601', because: 'of a defect', error: new TypeError('it is not a function') },
  ])(
    'because $because is reported with $code, acts on nothing, and the next one goes on',
    async ({ code, error }) => {
      const { store, mend } = failing(error)
      const { world, clock, events, fleet } = simulatedWorld(fleetSpec({ min: 1 }), { store })
      const reports = (): TickReport[] =>
        events.flatMap(event => (event.type === 'tick' ? [event.report] : []))
      const controller = new Controller(world)
      await controller.apply(world.spec())

      await clock.advance(INTERVAL_MS)
      expect(reports().at(-1)).toMatchObject({ outcome: 'failed', code, error: error.message })
      expect(fleet.ids()).toEqual([])

      mend()
      await clock.advance(2 * INTERVAL_MS)
      expect(reports().at(-1)).toMatchObject({ outcome: 'ticked' })
      expect(fleet.ids()).toEqual(['web-1'])
      await controller.stop()
    },
  )
})

describe('a demonstration', () => {
  it('needs a fleet behind the built-in proxy, or with a session broker (PLM-515), and ends what was started', async () => {
    const scene = openScene()
    scene.file(
      'plimsoll.yaml',
      'plimsoll: 1\napi: { listen: "127.0.0.1:0" }\nfleets: { web: { capacity: { min: 0, max: 1 } } }\n',
    )
    const { code, err } = await scene.run(['run', 'plimsoll.yaml', '--demo-load'])
    scene.end()
    expect(err).toContain('PLM-515')
    expect(code).toBe(2)
  })
})
