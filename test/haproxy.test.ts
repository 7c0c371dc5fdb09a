/**
 * The story of examples/haproxy with a real HAProxy, a real daemon and real users: a crowd comes, most of it leaves, HAProxy is
 * reloaded in between, and whoever stays is served by the same instance throughout. Needs `haproxy` on the PATH.
 */
import { type ChildProcess, spawnSync } from 'node:child_process'
import { cpSync } from 'node:fs'
import { request } from 'node:http'
import path from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { converse } from '../src/plugins/routers/haproxy/conversation.ts'
import { type Folder, inFolder, REPOSITORY, type RunningDaemon } from './builders/real.ts'
import { until } from './builders/until.ts'

// Every wait below has a deadline of its own; this one is for several of them on a busy machine.
vi.setConfig({ testTimeout: 120_000 })

const REQUIRED = process.env.PLIMSOLL_REQUIRE_PEERS === '1'
const FOUND = spawnSync('haproxy', ['-v']).status === 0
const TITLE = FOUND || REQUIRED ? 'the example haproxy' : 'the example haproxy (haproxy is not installed)'

/** Users come back more often than this, or are gone. */
const EXPIRE = '6s'

/** At a pace for a test, and without ports. */
function hurry(folder: Folder): void {
  const haproxy = folder.read('haproxy.cfg')
  const quick = haproxy
    .replace('127.0.0.1:8090', 'unix@./front.sock')
    .replace('expire 20s', `expire ${EXPIRE}`)
  expect(quick).toContain('bind unix@./front.sock')
  expect(quick).toContain(`expire ${EXPIRE}`)
  folder.write('haproxy.cfg', quick)
  const config = folder.read('plimsoll.yaml')
  expect(config).toContain('127.0.0.1:7073')
  folder.write('plimsoll.yaml', config.replace('127.0.0.1:7073', '127.0.0.1:0'))
}

class User {
  readonly #front: string
  #cookie = ''
  readonly seen: string[] = []

  constructor(folder: Folder) {
    this.#front = folder.in('front.sock')
  }

  /** Answers the instance, or the status where it was none. */
  async visit(): Promise<string> {
    const { instance, cookie } = await new Promise<{ instance: string; cookie: string | undefined }>(
      (resolve, reject) => {
        const headers = { host: 'rooms', connection: 'close', cookie: this.#cookie }
        const asked = request({ socketPath: this.#front, headers }, response => {
          response.resume()
          const said = String(response.headers['x-instance'] ?? response.statusCode)
          resolve({ instance: said, cookie: response.headers['set-cookie']?.[0]?.split(';')[0] })
        })
        asked.on('error', reject)
        asked.end()
      },
    )
    this.#cookie = cookie ?? this.#cookie
    this.seen.push(instance)
    return instance
  }
}

interface Coming {
  stop(): Promise<void>
}

const VISIT_EVERY_MS = 100

const nextVisit = (): Promise<void> =>
  new Promise(begin => {
    setTimeout(begin, VISIT_EVERY_MS)
  })

/** Comes back every tenth of a second until told to stop. */
function keepComing(user: User, signal: AbortSignal): Coming {
  let goesOn = true
  const coming = (async () => {
    while (goesOn && !signal.aborted) {
      await user.visit().catch(error => {
        if (!signal.aborted) throw error
      })
      await nextVisit()
    }
  })()
  return {
    stop: () => {
      goesOn = false
      return coming
    },
  }
}

async function openOf(daemon: RunningDaemon): Promise<string[]> {
  const instances = await daemon.instances('rooms')
  return instances
    .filter(({ lifecycle, admission }) => lifecycle === 'ready' && admission === 'open')
    .map(({ id }) => id)
}

async function pidOf(folder: Folder): Promise<string | undefined> {
  const place = { socket: folder.in('admin.sock'), timeoutMs: 5_000, answerBytes: 100_000 }
  const [info = ''] = await converse(place, AbortSignal.timeout(5_000), ask => ask(['show info']))
  return /^Pid: (\d+)$/m.exec(info)?.[1]
}

function startHaproxy(folder: Folder): ChildProcess {
  return folder.start('haproxy', '-W', '-S', 'unix@./master.sock', '-f', 'haproxy.cfg')
}

describe.skipIf(!FOUND && !REQUIRED)(TITLE, () => {
  it('grows for a crowd and shrinks after it, and cuts nobody off, not even by a reload', async () => {
    const over = new AbortController()
    await inFolder(folder => story(folder, over.signal).finally(() => over.abort()))
  })
})

async function story(folder: Folder, signal: AbortSignal): Promise<void> {
  cpSync(path.join(REPOSITORY, 'examples/haproxy'), folder.path, { recursive: true })
  hurry(folder)
  const haproxy = startHaproxy(folder)
  const daemon = folder.run('plimsoll.yaml')
  await until('somebody is served', async () => (await new User(folder).visit()) !== '503')

  const crowd = Array.from({ length: 12 }, () => new User(folder))
  const coming: Coming[] = []
  for (const wave of [1, 2, 3]) {
    coming.push(...crowd.slice(coming.length, wave * 4).map(user => keepComing(user, signal)))
    await until(`there is room for wave ${wave}`, async () => (await openOf(daemon)).length > wave, 60_000)
  }
  const homes = crowd.map(user => user.seen.at(-1))

  const before = await pidOf(folder)
  haproxy.kill('SIGUSR2')
  await until('there is a new HAProxy process', async () => (await pidOf(folder)) !== before)
  const visits = crowd.map(user => user.seen.length)
  await until('everybody is served again', () =>
    crowd.every((user, i) => user.seen.length > (visits[i] ?? 0) && user.seen.at(-1) !== '503'),
  )

  // Two stay, on different instances; the others leave.
  const ada = 0
  const bob = homes.findIndex(home => home !== homes[ada])
  expect(bob).toBeGreaterThan(0)
  await Promise.all(coming.filter((_, i) => i !== ada && i !== bob).map(come => come.stop()))
  const told = await folder.plimsoll('set-capacity', 'rooms', '1', '--url', await daemon.url())
  expect(told).toMatchObject({ code: 0 })
  await until(
    'only the instances of the two are there, and one of them is closed',
    async () => {
      const instances = await daemon.instances('rooms')
      const ids = instances.map(({ id }) => id).toSorted()
      const closed = instances.filter(({ admission }) => admission === 'closed')
      return ids.join() === [homes[ada], homes[bob]].toSorted().join() && closed.length === 1
    },
    60_000,
  )
  const since = crowd.map(user => user.seen.length)
  await until('both have been back', () =>
    [ada, bob].every(i => (crowd[i]?.seen.length ?? 0) > (since[i] ?? 0) + 3),
  )
  await Promise.all([ada, bob].map(i => coming[i]?.stop()))

  for (const [i, user] of crowd.entries()) {
    const places = new Set(user.seen.filter(place => place !== '503'))
    expect({ user: i, places: [...places] }).toEqual({ user: i, places: [homes[i]] })
  }
  expect(await daemon.stop('SIGTERM')).toEqual({ code: 0, signal: null })
}
