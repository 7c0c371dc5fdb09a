/**
 * A daemon that ends, however it ends, leaves no instance; the next one goes on where it stopped: revision, journal,
 * cooldown. And an instance that ends by itself is noticed and replaced.
 */
import { chmodSync, existsSync, mkdirSync, symlinkSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { startReceiver } from '../src/plugins/notifiers/receiver.fixture.ts'
import { isRunning, stillRunning } from './builders/process-table.ts'
import {
  type Folder,
  inFolder,
  LAUNCHER,
  QUICKSTART,
  REPOSITORY,
  type RunningDaemon,
} from './builders/real.ts'
import { until } from './builders/until.ts'

// Every wait below has a deadline of its own; this one is for several of them on a busy machine.
vi.setConfig({ testTimeout: 90_000 })

/** One posted order per instance wanted: `orders` 3 makes a fleet of 3, one at a time. */
const CONFIG = `plimsoll: 1
api: { listen: "127.0.0.1:0" }
state: { path: state.db }
metrics:
  orders: { source: push, kind: total, staleAfter: 10m }
fleets:
  web:
    target: { type: process, command: [node, app.mjs], health: { path: /health, every: 200ms }, stopGrace: 5s }
    router: { type: proxy, listen: "127.0.0.1:0" }
    capacity: { min: 1, max: 5 }
    rules:
      - { name: Grow, when: "last(orders) > instances", scale: { by: 1 } }
      - { name: Shrink, when: "last(orders) < instances", scale: { by: -1 } }
    cooldown: { out: 0s, in: 10m }
    stabilization: { out: 0s, in: 0s }
    every: 200ms
`

function shopIn(folder: Folder, config = CONFIG): void {
  folder.write('plimsoll.yaml', config)
  folder.copy(path.join(QUICKSTART, 'app.mjs'), 'app.mjs')
}

async function push(daemon: RunningDaemon, orders: number): Promise<void> {
  const answer = await daemon.post(
    '/v1/samples',
    JSON.stringify({ samples: [{ metric: 'orders', value: orders }] }),
  )
  expect(answer).toMatchObject({ status: 202 })
}

const open = (daemon: RunningDaemon, count: number, withinMs?: number) =>
  until(
    `${count} instances are open`,
    async () => {
      const { capacity } = await daemon.fleet('web')
      return capacity?.open === count && capacity.pending === 0
    },
    withinMs,
  )

/** The lease of a daemon that ended by force runs out after this at the latest. */
const TAKEN_OVER_MS = 45_000

/** Process ids of the application itself. */
const applications = (daemon: RunningDaemon) =>
  daemon.family().filter(({ command }) => command.endsWith('app.mjs'))

const newest = async (daemon: RunningDaemon) => {
  const [entry] = await daemon.journal('web', 1)
  if (entry === undefined) throw new Error('nothing is in the journal')
  return entry
}

describe('a second start', () => {
  it('goes on from the stored state: samples, cooldown, revision and journal', async () => {
    await inFolder(async folder => {
      shopIn(folder)
      const first = folder.run('plimsoll.yaml')
      await push(first, 3)
      await open(first, 3)
      const before = await newest(first)
      expect(await first.stop('SIGTERM')).toEqual({ code: 0, signal: null })

      const second = folder.run('plimsoll.yaml')
      // No order was posted to this one: three are wanted because the first was told so.
      await open(second, 3)
      const after = await newest(second)
      expect(after.revision).toBeGreaterThan(before.revision)
      expect(after.decision.desired).toBe(3)
      const revisions = (await second.journal('web', 200)).map(entry => entry.revision)
      expect(new Set(revisions).size).toBe(revisions.length)
      expect(revisions).toContain(before.revision)
      expect((await folder.plimsoll('history', 'web', '--all', '-n', '1000')).out).toContain(
        'because "Grow" fired',
      )

      // The last change was the first daemon's, and its ten minutes are not over.
      await push(second, 1)
      const held = await until('the shrink is held', async () => {
        const { decision } = await newest(second)
        return decision.because.includes('cooldown') ? decision : null
      })
      expect(held.desired).toBe(3)
      expect(held.because).toMatch(/"Shrink" fired.*cooldown: held for another (9|10)m/)
      await second.stop('SIGTERM')
    })
  })

  it('takes no instance of the first for its own, and reports none as lost', async () => {
    await inFolder(async folder => {
      shopIn(folder, CONFIG.replace('min: 1', 'min: 2'))
      const first = folder.run('plimsoll.yaml')
      await open(first, 2)
      const names = (await first.instances('web')).map(({ id }) => id)
      await first.stop('SIGTERM')

      const second = folder.run('plimsoll.yaml')
      await open(second, 2)
      expect((await second.instances('web')).filter(({ id }) => names.includes(id))).toEqual([])
      expect(second.lines().filter(line => line.msg.includes('was lost'))).toEqual([])
      await second.stop('SIGTERM')
    })
  })
})

describe.concurrent('a daemon that is ended by force', () => {
  it('leaves no instance, and the next start goes on', async () => {
    await inFolder(async folder => {
      shopIn(folder)
      const first = folder.run('plimsoll.yaml')
      await push(first, 2)
      await open(first, 2)
      const before = await newest(first)
      const family = first.family()
      expect(applications(first)).toHaveLength(2)

      expect(await first.stop('SIGKILL')).toEqual({ code: null, signal: 'SIGKILL' })
      await until('its instances are gone', () => stillRunning(family).length === 0)

      const second = folder.run('plimsoll.yaml')
      await open(second, 2, TAKEN_OVER_MS)
      const after = await newest(second)
      expect(after.revision).toBeGreaterThan(before.revision)
      expect(applications(second)).toHaveLength(2)
      expect(await (await fetch(await second.address('web'))).text()).toMatch(/^Hello from web-/)
      expect(await second.stop('SIGTERM')).toEqual({ code: 0, signal: null })
    })
  })

  it('is not waited for: what it had just launched is launched anew', async () => {
    await inFolder(async folder => {
      shopIn(folder, CONFIG.replace('min: 1', 'min: 2').replace('every: 200ms\n', 'every: 5s\n'))
      const first = folder.run('plimsoll.yaml')
      // Launched and answered, and not yet listed: the next tick is still to come.
      await first.says(({ current, desired }) => current === 0 && desired === 2)
      const family = first.family()
      await first.stop('SIGKILL')
      await until('its instances are gone', () => stillRunning(family).length === 0)

      const second = folder.run('plimsoll.yaml')
      await second.says(({ output }) => output === true, TAKEN_OVER_MS)
      await open(second, 2)
      expect(applications(second)).toHaveLength(2)
      await second.stop('SIGTERM')
    })
  })

  it('loses no notice: the one that takes over tells what its receiver had refused, once, under the same id', async () => {
    const receiver = await startReceiver()
    const idOf = ({ body }: { body: string }): unknown => JSON.parse(body).id
    try {
      await inFolder(async folder => {
        const advised = CONFIG.replace(/target: .*/, "target: { type: none, count: '2' }")
          .replace(/ {4}router: .*\n/, '')
          .replace(
            'when: "last(orders) > instances", scale: { by: 1 }',
            'when: "last(orders) > 100", notify: [hook]',
          )
        shopIn(
          folder,
          `${advised}notifiers: { hook: { type: webhook, url: "${receiver.url}", on: [rule] } }\n`,
        )
        // It is away for as long as the first lives, and tells nobody when to come back.
        receiver.answerNext(...Array.from({ length: 200 }, () => ({ status: 503 })))
        const first = folder.run('plimsoll.yaml')
        await push(first, 500)
        await until('the first has tried', () => receiver.posts.length > 0)
        await first.stop('SIGKILL')
        expect(receiver.taken).toEqual([])

        receiver.answerAll()
        // Both stand by until the lease of the first has run out; one of them takes it.
        const [second, third] = [folder.run('plimsoll.yaml'), folder.run('plimsoll.yaml')]
        await until('it is told', () => receiver.taken.length > 0, TAKEN_OVER_MS)
        await Promise.all([second.stop('SIGTERM'), third.stop('SIGTERM')])
        expect(receiver.taken.map(idOf)).toEqual([receiver.posts.map(idOf)[0]])

        const fourth = folder.run('plimsoll.yaml')
        await until('it has ticked', async () => (await fourth.fleet('web')).lastTick?.outcome === 'ticked')
        await fourth.stop('SIGTERM')
        expect(receiver.taken).toHaveLength(1)
      })
    } finally {
      await receiver.close()
    }
  })

  it('ends at the second Ctrl-C, without waiting for what is under way, and still leaves no instance', async () => {
    await inFolder(async folder => {
      shopIn(folder)
      const daemon = folder.run('plimsoll.yaml')
      await open(daemon, 1)
      const address = await daemon.address('web')
      const underWay = await until('the proxy serves', async () => {
        const answer = await fetch(`${address}/slow?ms=60000`)
        return answer.ok ? answer : null
      })
      const cut = expect(underWay.text()).rejects.toThrow()
      const family = daemon.family()
      daemon.signal('SIGINT')
      await daemon.says(line => line.msg.startsWith('stopping: '))
      // Signals that come within a second are one wish (a terminal and npm both pass it on): press until it is heard.
      const pressing = setInterval(() => isRunning(daemon.pid) && daemon.signal('SIGINT'), 100)
      try {
        expect(await daemon.exit).toEqual({ code: 1, signal: null })
      } finally {
        clearInterval(pressing)
      }
      await cut
      await until('its instances are gone', () => stillRunning(family).length === 0)
    })
  })
})

describe('an instance that ends by itself', () => {
  it('is noticed, told, and replaced', async () => {
    await inFolder(async folder => {
      shopIn(folder, CONFIG.replace('min: 1', 'min: 2'))
      const daemon = folder.run('plimsoll.yaml')
      await open(daemon, 2)
      const before = (await daemon.instances('web')).map(({ id }) => id)
      const [victim] = applications(daemon)
      if (victim === undefined) throw new Error('there is no instance')
      process.kill(victim.pid, 'SIGKILL')

      const told = await daemon.says(line => line.msg.includes(' was lost: '))
      expect(told.msg).toMatch(/^web-\S+ was lost: .*SIGKILL/)
      const lost = told.msg.split(' ')[0] ?? ''
      expect(before).toContain(lost)
      await until('another has taken its place', async () => {
        const now = await daemon.instances('web')
        const ready = now.filter(({ lifecycle }) => lifecycle === 'ready')
        return ready.length === 2 && now.every(({ id }) => id !== lost)
      })
      expect(applications(daemon)).toHaveLength(2)
      await daemon.stop('SIGTERM')
    })
  })

  it('is replaced too when only its guard was ended by force', async () => {
    await inFolder(async folder => {
      shopIn(folder)
      const daemon = folder.run('plimsoll.yaml')
      await open(daemon, 1)
      const family = daemon.family()
      const [guard] = family.filter(({ command }) => command.includes('child-guard'))
      if (guard === undefined) throw new Error('there is no guard')
      process.kill(guard.pid, 'SIGKILL')
      await daemon.says(line => line.msg.includes(' was lost: '))
      await until('guard and application are gone', () => stillRunning(family).length === 0)
      await open(daemon, 1)
      await daemon.stop('SIGTERM')
    })
  })
})

describe('two daemons with one state file', () => {
  it('never act both: the second stands by until the first is gone', async () => {
    await inFolder(async folder => {
      shopIn(folder)
      const first = folder.run('plimsoll.yaml')
      await open(first, 1)
      const second = folder.run('plimsoll.yaml')
      await second.says(line => line.msg.includes('standing by: another process holds the lease'))
      expect(applications(second)).toEqual([])
      await first.stop('SIGTERM')
      await open(second, 1)
      await second.stop('SIGTERM')
    })
  })
})

describe('a daemon under a Node that is too old', () => {
  it('ends in order when the launcher that passes its signals on is ended by force', async () => {
    await inFolder(async folder => {
      shopIn(folder)
      // A package of its own, whose pinned Node is another binary than the one that poses as Node 20.
      folder.copy(LAUNCHER, 'package/bin/plimsoll.js')
      folder.copy(path.join(REPOSITORY, 'package.json'), 'package/package.json')
      symlinkSync(path.join(REPOSITORY, 'dist'), folder.in('package/dist'))
      mkdirSync(folder.in('package/node_modules/node/bin'), { recursive: true })
      const pinned = folder.write(
        'package/node_modules/node/bin/node',
        `#!/bin/sh\nexec ${JSON.stringify(process.execPath)} "$@"\n`,
      )
      chmodSync(pinned, 0o755)
      const posing = 'Object.defineProperty(process.versions,"node",{value:"20.20.2"})'
      const launcher = folder.start(
        process.execPath,
        ...['--import', `data:text/javascript,${posing}`],
        ...[folder.in('package/bin/plimsoll.js'), 'run', 'plimsoll.yaml'],
      )
      const family = await until('an instance runs', () => {
        const found = folder.familyOf(launcher)
        return found.some(({ command }) => command.endsWith('app.mjs')) ? found : null
      })
      launcher.kill('SIGKILL')
      await until('daemon and instances are gone', () => stillRunning(family).length === 0)
    })
  })
})

describe('a daemon whose output nobody reads any more', () => {
  it('goes on when the pipe is closed, and ends in order when it is told to', async () => {
    await inFolder(async folder => {
      shopIn(folder)
      const daemon = folder.run('plimsoll.yaml')
      await open(daemon, 1)
      daemon.closeOutput()
      // Each of these is something to say.
      await push(daemon, 2)
      await open(daemon, 2)
      await push(daemon, 3)
      await open(daemon, 3)
      expect(await daemon.stop('SIGTERM')).toEqual({ code: 0, signal: null })
      expect(daemon.errors()).toBe('')
    })
  })

  it('finishes what is under way when its terminal is closed', async ({ skip }) => {
    if (process.platform !== 'linux' || !existsSync('/usr/bin/script'))
      return skip('there is no script(1) to make a terminal')
    await inFolder(async folder => {
      shopIn(folder)
      const command = `${process.execPath} ${LAUNCHER} run plimsoll.yaml 2> errors.txt`
      const terminal = folder.start('/usr/bin/script', '-qfc', command, 'shown.txt')
      const shown = await until('it shows where it answers', () => {
        const [, address] = /fleet web answers at (http:\S+)/.exec(folder.read('shown.txt')) ?? []
        return address
      })
      const underWay = await until('the proxy serves', async () => {
        const answer = await fetch(`${shown}/slow?ms=1500`)
        return answer.ok ? answer : null
      })
      const family = folder.familyOf(terminal)
      // As closing the window does: the terminal is gone and the daemon is sent SIGHUP.
      terminal.kill('SIGKILL')
      expect(await underWay.text()).toMatch(/^Hello from web-/)
      await until('nothing is left', () => stillRunning(family).length === 0)
      expect(folder.read('errors.txt')).toBe('')
    })
  })
})

describe('without any signal', () => {
  it('ends by itself after the time it was given, like after Ctrl-C', async () => {
    await inFolder(async folder => {
      shopIn(folder)
      const daemon = folder.run('plimsoll.yaml', '--for', '1500ms')
      await open(daemon, 1)
      const family = daemon.family()
      expect(await daemon.exit).toEqual({ code: 0, signal: null })
      expect(stillRunning(family)).toEqual([])
    })
  })
})
