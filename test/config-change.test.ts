/**
 * A file that is edited while the daemon runs: a good one is in force at the next tick, a bad one is told with its
 * place and changes nothing, and a corrected one is in force again.
 */
import { renameSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { stillRunning } from './builders/process-table.ts'
import { type Folder, freePort, inFolder, isFree, QUICKSTART, type RunningDaemon } from './builders/real.ts'
import { until } from './builders/until.ts'

// Every wait below has a deadline of its own; this one is for several of them on a busy machine.
vi.setConfig({ testTimeout: 90_000 })

const CONFIG = `plimsoll: 1
api: { listen: "127.0.0.1:0" }
state: { path: state.db }
metrics:
  orders: { source: push, kind: total }
fleets:
  web:
    target: { type: process, command: [node, app.mjs], health: { path: /health, every: 200ms } }
    router: { type: proxy, listen: "127.0.0.1:0" }
    capacity: { min: 1, max: 5 }
    rules:
      - { name: Grow, when: "last(orders) > 10", scale: { by: 1 } }
    every: 200ms
`

function shopIn(folder: Folder, config = CONFIG): void {
  folder.write('plimsoll.yaml', config)
  folder.copy(path.join(QUICKSTART, 'app.mjs'), 'app.mjs')
}

const open = (daemon: RunningDaemon, count: number, fleet = 'web') =>
  until(
    `${count} instances of ${fleet} are open`,
    async () => (await daemon.fleet(fleet)).capacity?.open === count,
  )

describe('a changed file', () => {
  it('is in force at the next tick, without touching what need not change', async () => {
    await inFolder(async folder => {
      shopIn(folder)
      const daemon = folder.run('plimsoll.yaml')
      await open(daemon, 1)
      const [first] = await daemon.instances('web')
      shopIn(folder, CONFIG.replace('min: 1', 'min: 3'))
      await open(daemon, 3)
      const change = await daemon.says(({ current, desired }) => current === 1 && desired === 3)
      expect(change.msg).toContain('because "capacity" asks for at least 3')
      expect((await daemon.instances('web')).map(({ id }) => id)).toContain(first?.id)
      await daemon.stop('SIGTERM')
    })
  })

  it('may be replaced by renaming, as editors do', async () => {
    await inFolder(async folder => {
      shopIn(folder)
      const daemon = folder.run('plimsoll.yaml')
      await open(daemon, 1)
      renameSync(
        folder.write('.plimsoll.yaml.swp', CONFIG.replace('min: 1', 'min: 2')),
        folder.in('plimsoll.yaml'),
      )
      await open(daemon, 2)
      await daemon.stop('SIGTERM')
    })
  })

  it('is told with its place when it is bad, changes nothing, and applies when it is corrected', async () => {
    await inFolder(async folder => {
      shopIn(folder)
      const daemon = folder.run('plimsoll.yaml')
      await open(daemon, 1)

      shopIn(
        folder,
        CONFIG.replace('min: 1, max: 5', 'min: 3, maks: 5').replace('last(orders)', 'last(oders)'),
      )
      const refused = await daemon.says(({ msg }) => msg.includes('is refused'))
      expect(refused.msg).toMatch(/^the changed configuration is refused, the one before stays in force:\n/)
      expect(refused.msg).toContain('plimsoll.yaml:10:25')
      expect(refused.msg).toContain('maks')
      expect(refused.msg).toMatch(/plimsoll\.yaml:12:\d+/)
      expect(refused.msg).toContain('"orders"')
      const { revision } = await daemon.fleet('web')
      await until('it ticks on', async () => ((await daemon.fleet('web')).revision ?? 0) > (revision ?? 0))
      expect(await daemon.fleet('web')).toMatchObject({ capacity: { open: 1 }, desired: 1 })

      shopIn(folder, CONFIG.replace('min: 1', 'min: 2'))
      await open(daemon, 2)
      await daemon.stop('SIGTERM')
    })
  })

  it('says that all is well again when a bad file becomes what it was, and tells the same mistake anew', async () => {
    await inFolder(async folder => {
      shopIn(folder)
      const daemon = folder.run('plimsoll.yaml')
      await open(daemon, 1)
      const refusals = () => daemon.lines().filter(({ msg }) => msg.includes('is refused')).length
      folder.write('plimsoll.yaml', '')
      await until('it is refused', () => refusals() === 1)
      shopIn(folder)
      await daemon.says(({ msg }) => msg.includes('as it is in force'))
      folder.write('plimsoll.yaml', '')
      await until('it is refused again', () => refusals() === 2)
      await daemon.stop('SIGTERM')
    })
  })

  it('may bring a fleet and take one away, which leaves nothing of it', async () => {
    await inFolder(async folder => {
      shopIn(folder)
      const daemon = folder.run('plimsoll.yaml')
      await open(daemon, 1)
      const webAddress = await daemon.address('web')
      const web = daemon.family()
      shopIn(folder, CONFIG.replace('  web:', '  api:'))
      await open(daemon, 1, 'api')
      await until('the instances of web are gone', () => stillRunning(web).length === 0)
      expect(await isFree(Number(new URL(webAddress).port))).toBe(true)
      await daemon.stop('SIGTERM')
    })
  })

  it('stays out of force when its plugins cannot start: the fleet goes on as it was', async () => {
    await inFolder(async folder => {
      const own = await freePort()
      const config = CONFIG.replace('proxy, listen: "127.0.0.1:0"', `proxy, listen: "127.0.0.1:${own}"`)
      shopIn(folder, config)
      const daemon = folder.run('plimsoll.yaml')
      await open(daemon, 1)
      const api = new URL(await daemon.url()).port
      // The port of the API itself is certainly taken.
      shopIn(folder, config.replace(`127.0.0.1:${own}`, `127.0.0.1:${api}`))
      const refused = await daemon.says(({ msg }) => msg.includes('is refused'))
      expect(refused.msg).toContain(`PLM-330 The proxy of fleet "web" cannot listen on 127.0.0.1:${api}`)
      await open(daemon, 1)
      await until('the proxy serves where it did', async () => (await fetch(`http://127.0.0.1:${own}/`)).ok)
      await daemon.stop('SIGTERM')
    })
  })

  it('is in force as it was written last, when it is written again and again', async () => {
    await inFolder(async folder => {
      shopIn(folder)
      const daemon = folder.run('plimsoll.yaml')
      await open(daemon, 1)
      for (const min of [2, 1, 3]) {
        const before = daemon.lines().length
        shopIn(
          folder,
          CONFIG.replace('min: 1', `min: ${min}`).replace('app.mjs]', `app.mjs, "version ${min}"]`),
        )
        // Once it was seen: the next change comes while this one, which replaces every instance, is under way.
        await until('a tick with this change', () => daemon.lines().length > before)
      }
      await until('the last one is in force', async () => (await daemon.fleet('web')).bounds?.lowest === 3)
      await open(daemon, 3)
      await until('only its instances are left', () => {
        const applications = daemon.family().filter(({ command }) => command.includes('app.mjs'))
        return applications.length === 3 && applications.every(({ command }) => command.endsWith('version 3'))
      })
      await daemon.stop('SIGTERM')
    })
  })

  it('cannot move the API or the state while it runs, and says that a new start is needed', async () => {
    await inFolder(async folder => {
      shopIn(folder)
      const daemon = folder.run('plimsoll.yaml')
      await open(daemon, 1)
      const port = await freePort()
      shopIn(
        folder,
        CONFIG.replace('api: { listen: "127.0.0.1:0" }', `api: { listen: "127.0.0.1:${port}" }`).replace(
          'min: 1',
          'min: 2',
        ),
      )
      await open(daemon, 2)
      const said = await daemon.says(({ msg }) => msg.includes('next start'))
      expect(said.msg).toMatch(/`api`.*next start/)
      expect(await isFree(port)).toBe(true)
      await daemon.stop('SIGTERM')
    })
  })

  it('does nothing when it is gone, and is in force when it is there again', async () => {
    await inFolder(async folder => {
      shopIn(folder)
      const daemon = folder.run('plimsoll.yaml')
      await open(daemon, 1)
      renameSync(folder.in('plimsoll.yaml'), folder.in('elsewhere.yaml'))
      expect((await daemon.says(({ msg }) => msg.includes('is refused'))).msg).toContain('PLM-100')
      shopIn(folder, CONFIG.replace('min: 1', 'min: 2'))
      await open(daemon, 2)
      await daemon.stop('SIGTERM')
    })
  })
})
