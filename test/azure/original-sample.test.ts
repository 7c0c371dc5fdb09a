/**
 * The scenario of the session-aware sample this project began with, with a scale set behind it: somebody adds and removes sessions in a console, and
 * the scale set follows. Real daemon, real console, from a configuration file on; Azure is a fake over TLS, with its usual faults.
 *
 * The sample decided by the load it had read before it closed an instance, and forgot everything when it ended. Here nobody's session ends
 * but by `remove`, through lost replies, a broken listing and the sudden end of the daemon.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { afterEach, expect, it, vi } from 'vitest'
import { z } from 'zod'
import { type Folder, inFolder, LAUNCHER, type RunningDaemon } from '../builders/real.ts'
import { until } from '../builders/until.ts'
import { FakeArm, GROUP, SCALE_SET, SUBSCRIPTION } from './arm.ts'
import { openDoor } from './door.ts'
import type { Exchange } from './fake-azure.ts'
import { Judge } from './judge.ts'
import { LOAD_BALANCER, openNetwork, PUBLIC_ADDRESS } from './network.ts'

vi.setConfig({ testTimeout: 180_000 })

const ends: (() => unknown)[] = []
afterEach(async () => {
  vi.unstubAllEnvs()
  for (const end of ends.splice(0).reverse()) await end()
})

const DELETION = z.object({ instanceIds: z.array(z.string()) })

class Scene {
  readonly arm: FakeArm
  readonly folder: Folder
  daemon: RunningDaemon
  /** Who is where, as the console said; only `remove` takes one away. */
  readonly book = new Map<string, string>()
  /** Names of instances in the order they were deleted. */
  readonly deleted: string[] = []
  /** Sessions of instances that were deleted with them. */
  readonly lost: string[] = []
  #console: ChildProcess | null = null
  #said = ''

  constructor(arm: FakeArm, folder: Folder) {
    this.arm = arm
    this.folder = folder
    this.daemon = folder.run('plimsoll.yaml')
  }

  hear({ method, url, body }: Exchange): void {
    if (method !== 'POST' || !/\/delete\?/i.test(url)) return
    for (const id of DELETION.parse(body).instanceIds) {
      const name = [...this.arm.vms.values()].find(
        vm => vm.instanceId.toLowerCase() === id.toLowerCase(),
      )?.name
      this.deleted.push(name ?? id)
      for (const [session, instance] of this.book) if (instance === name) this.lost.push(session)
    }
  }

  async openConsole(): Promise<void> {
    const url = await this.daemon.url()
    const child = spawn(process.execPath, [LAUNCHER, 'sessions', 'rooms', '--url', url, '--wait', '30s'], {
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    child.stdout.on('data', chunk => {
      this.#said += String(chunk)
    })
    child.stderr.on('data', chunk => {
      this.#said += String(chunk)
    })
    this.#console = child
    ends.push(() => child.exitCode ?? child.kill('SIGKILL'))
  }

  /** A line for the console, and what it answers. */
  async tell(line: string, answer: RegExp): Promise<RegExpExecArray> {
    this.#said = ''
    this.#console?.stdin?.write(`${line}\n`)
    return until(`"${line}" is answered, it said ${this.#said}`, () => answer.exec(this.#said), 40_000)
  }

  async add(): Promise<string> {
    const [, session = '', instance = ''] = await this.tell('add', /placed (\S+): 1 slot on (\S+)\n(?=\s*#)/)
    this.book.set(session, instance)
    return instance
  }

  async remove(session: string): Promise<void> {
    // From here on it may go.
    this.book.delete(session)
    await this.tell(`remove ${session}`, new RegExp(`ended ${session}\\n`))
  }

  async closeConsole(): Promise<void> {
    const child = this.#console
    if (child === null) return
    const ended = once(child, 'exit')
    child.stdin?.write('quit\n')
    expect(await ended).toEqual([0, null])
  }

  on(instance: string): string[] {
    return [...this.book].flatMap(([session, where]) => (where === instance ? [session] : []))
  }

  /** So many stay there; the others leave. */
  async leave(instance: string, staying: number): Promise<void> {
    for (const session of this.on(instance).slice(staying)) await this.remove(session)
  }

  async open(): Promise<string[]> {
    const all = await this.daemon.instances('rooms')
    return all.flatMap(({ id, lifecycle, admission }) =>
      lifecycle === 'ready' && admission === 'open' ? [id] : [],
    )
  }

  async untilOpen(count: number): Promise<string[]> {
    return until(`${count} are open`, async () => {
      const open = await this.open()
      return open.length === count && open
    })
  }

  async untilClosed(): Promise<string> {
    return until('one is closed', async () => {
      const all = await this.daemon.instances('rooms')
      const closed = all.filter(({ admission }) => admission === 'closed')
      return closed.length === 1 && closed[0]?.id
    })
  }

  raises(): number {
    return this.arm.asked.filter(({ method, status }) => method === 'PATCH' && status === 200).length
  }

  /** The sessions that there are, as a command tells. */
  async listed(): Promise<Map<string, string>> {
    const url = await this.daemon.url()
    const { code, out } = await this.folder.plimsoll('sessions', 'rooms', 'list', '--json', '--url', url)
    expect(code).toBe(0)
    const list = z.object({ sessions: z.array(z.object({ session: z.string(), instance: z.string() })) })
    return new Map(list.parse(JSON.parse(out)).sessions.map(({ session, instance }) => [session, instance]))
  }
}

function configuration({ endpoint }: FakeArm): string {
  return `plimsoll: 1
api: { listen: "127.0.0.1:0" }
state: { path: state.db }
fleets:
  rooms:
    target:
      type: azure-vmss
      subscription: ${SUBSCRIPTION}
      resourceGroup: ${GROUP}
      scaleSet: ${SCALE_SET}
      endpoint: "${endpoint}"
      address: "http://{computerName}:8080"
      exclusive: true
      ledger: true
      listingLag: 0s
      reach: { loadBalancer: ${LOAD_BALANCER}, show: "ssh -p {port} azureuser@{host}" }
    router: { type: broker }
    sessions: { slotsPerInstance: 3, reserve: 1 }
    capacity: { min: 1, max: 6 }
    cooldown: { out: 0s, in: 0s }
    stabilization: { out: 0s, in: 0s }
    every: 250ms
`
}

async function play(mode: FakeArm['mode'], story: (scene: Scene) => Promise<void>): Promise<void> {
  const arm = await FakeArm.start({ mode })
  ends.push(() => arm.stop())
  const door = await openDoor()
  ends.push(() => door.close())
  openNetwork(arm)
  const judge = await Judge.open()
  for (const [name, value] of Object.entries(door.environment)) vi.stubEnv(name, value)
  await inFolder(async folder => {
    vi.stubEnv('NODE_EXTRA_CA_CERTS', folder.write('cloud.pem', arm.cert))
    folder.write('plimsoll.yaml', configuration(arm))
    const scene = new Scene(arm, folder)
    arm.hear = exchange => {
      judge?.hear(exchange)
      scene.hear(exchange)
    }
    await story(scene)
    expect([scene.lost, arm.lowered]).toEqual([[], 0])
    expect((await judge?.verdict())?.complaints ?? []).toEqual([])
  })
}

const BROKEN = { status: 503, headers: { 'retry-after': '0' } }

for (const [mode, end] of [
  ['Uniform', 'SIGKILL'],
  ['Flexible', 'SIGTERM'],
] as const) {
  it(`sessions come and go in a console, and a ${mode} scale set follows without losing one`, async () => {
    await play(mode, async scene => {
      const { arm, folder } = scene
      await scene.untilOpen(1)
      expect(arm.capacity).toBe(1)

      // They arrive, and the count grows: ten and one free place are four instances.
      arm.faults.push(
        { method: 'PATCH', path: /./, what: 'lost' },
        { method: 'GET', path: /./, what: BROKEN },
      )
      await scene.openConsole()
      for (let n = 0; n < 10; n += 1) await scene.add()
      const four = await scene.untilOpen(4)
      expect([arm.capacity, new Set(scene.book.values())]).toEqual([4, new Set(four)])
      const raises = scene.raises()

      const { out } = await folder.plimsoll('instances', 'rooms', '--url', await scene.daemon.url())
      expect(out.match(/ssh -p \d+ azureuser@(\S+)/g)).toHaveLength(4)
      expect(out).toContain(`azureuser@${PUBLIC_ADDRESS}`)

      // Half of them leave: one of those with a single session is closed, and keeps it.
      const [fullest = '', ...others] = four.toSorted((a, b) => scene.on(b).length - scene.on(a).length)
      await scene.leave(fullest, 2)
      for (const other of others) await scene.leave(other, 1)
      const first = await scene.untilClosed()
      expect(others).toContain(first)
      expect([scene.on(first).length, scene.deleted, arm.vms.size]).toEqual([1, [], 4])
      expect(await scene.listed()).toEqual(scene.book)

      // They come back: it is opened again, and nothing is launched.
      for (let n = 0; n < 5; n += 1) expect(await scene.add()).not.toBe('')
      await scene.untilOpen(4)
      expect([scene.raises(), arm.vms.size, scene.deleted]).toEqual([raises, 4, []])

      // They leave again. The daemon ends, or is ended, and is started again; all is as it was.
      const [most = '', ...rest] = (await scene.open()).toSorted(
        (a, b) => scene.on(b).length - scene.on(a).length,
      )
      await scene.leave(most, 2)
      for (const other of rest) await scene.leave(other, 1)
      const closed = await scene.untilClosed()
      await scene.closeConsole()
      await scene.daemon.stop(end)
      scene.daemon = folder.run('plimsoll.yaml')
      expect(await until('it is back', () => scene.listed(), 90_000)).toEqual(scene.book)
      expect(await scene.untilClosed()).toBe(closed)
      expect([scene.deleted, arm.vms.size]).toEqual([[], 4])

      // The last one leaves: it is sealed, and deleted by its id, though the reply is lost.
      arm.faults.push({ method: 'POST', path: /\/delete$/, what: 'lost' })
      await scene.openConsole()
      await scene.leave(closed, 0)
      await until('it is gone', () => arm.vms.size === 3)
      expect([scene.deleted, arm.capacity, arm.faults]).toEqual([[closed], 3, []])
      const entries = await scene.daemon.journal('rooms', 200)
      const kinds = entries
        .toReversed()
        .flatMap(({ plan }) =>
          plan.actions.flatMap(({ kind, instance }) => (instance === closed ? [kind] : [])),
        )
      expect(kinds.slice(-3)).toEqual(['close', 'seal', 'terminate'])
      expect(await scene.listed()).toEqual(scene.book)
      expect(scene.book.size).toBe(4)

      await scene.closeConsole()
      expect(await scene.daemon.stop('SIGTERM')).toEqual({ code: 0, signal: null })
      expect([arm.vms.size, scene.raises()]).toEqual([3, raises])
    })
  })
}
