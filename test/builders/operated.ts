/**
 * A real daemon with a real API, a real state file and a configuration file in a temporary folder; only its target is
 * made up, so that nothing runs. For what operators do by hand.
 *
 * Example: `const scene = await openOperated('notify')`, `await scene.until(entry => entry.approval !== null)`.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Api, createApi } from '../../src/api/api.ts'
import { compose, type Daemon } from '../../src/compose.ts'
import { configurationFile } from '../../src/config/load.ts'
import type { JournalEntry } from '../../src/model/journal.ts'
import type { Mode } from '../../src/model/spec.ts'
import { systemClock } from '../../src/plugins/clocks/system.ts'
import { SimulatedFleet } from '../simulated/fleet.ts'

export interface Operated {
  readonly folder: string
  readonly file: string
  readonly fleet: SimulatedFleet
  readonly url: string
  readonly daemon: Daemon
  text(): string
  /** Says how many orders there are from now on, and lets the fleet tick. */
  orders(value: number): void
  /** The first tick from now on (or the last) that is as wished. */
  until(wished: (entry: JournalEntry) => boolean): Promise<JournalEntry>
  /** Ends the process's part, and starts anew on the same files. */
  restart(): Promise<void>
  end(): Promise<void>
}

export interface OperatedOptions {
  readonly token?: string
  /** Instead of the usual text. */
  readonly text?: string
}

interface Running {
  readonly daemon: Daemon
  readonly api: Api
  readonly url: string
}

const DEADLINE_MS = 15_000

export function operatedText({ mode = 'scale', max = 9, token = '' } = {}): string {
  return `plimsoll: 1
api: { listen: "127.0.0.1:0"${token === '' ? '' : `, token: "${token}"`} }
metrics:
  orders: { source: push, every: 1s, kind: total, staleAfter: 1h }
fleets:
  web:
    target: { type: pretend }
    every: 1s
    capacity: { min: 2, max: ${max} }
    cooldown: { out: 0s, in: 0s }
    rules:
      - { name: up, rank: 10, when: "last(orders) > 100", scale: { by: 1 } }
      - { name: far up, rank: 5, when: "last(orders) > 1000", scale: { by: 3 } }
    mode: ${mode}
`
}

export async function openOperated(mode: Mode, options: OperatedOptions = {}): Promise<Operated> {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-operated-'))
  const file = join(folder, 'plimsoll.yaml')
  writeFileSync(file, options.text ?? operatedText({ mode, ...options }))
  const fleet = new SimulatedFleet(systemClock)

  async function start(): Promise<Running> {
    const configuration = configurationFile(file, { targets: ['pretend'] })
    const result = configuration.parse(readFileSync(file, 'utf8'))
    if (!result.ok) throw new Error(result.problems.map(({ message }) => message).join('; '))
    const { loaded } = result
    const daemon = await compose(loaded, {
      plugins: { targets: { pretend: () => fleet.target } },
      file: configuration,
    })
    await daemon.start()
    const api = await createApi(daemon, { ...loaded.api, dashboardRoot: null })
    return { daemon, api, url: (await api.listen()).url }
  }

  async function stop(): Promise<void> {
    await running.api.close()
    await running.daemon.stop()
  }

  let running = await start()
  return {
    folder,
    file,
    fleet,
    get url() {
      return running.url
    },
    get daemon() {
      return running.daemon
    },
    text: () => readFileSync(file, 'utf8'),
    orders(value) {
      const { daemon } = running
      daemon.push([{ metric: 'orders', value, at: daemon.clock.now() }])
    },
    until: wished => untilTick(running.daemon, wished),
    async restart() {
      await stop()
      running = await start()
    },
    async end() {
      await stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

function untilTick(daemon: Daemon, wished: (entry: JournalEntry) => boolean): Promise<JournalEntry> {
  return new Promise((resolve, reject) => {
    const latest = daemon.latest('web')
    if (latest !== null && wished(latest)) return resolve(latest)
    const unsubscribe = daemon.subscribe(event => {
      if (event.type !== 'tick' || event.report.outcome !== 'ticked' || !wished(event.report.entry)) return
      clearTimeout(deadline)
      unsubscribe()
      resolve(event.report.entry)
    })
    const deadline = setTimeout(() => {
      unsubscribe()
      reject(new Error(`no such tick; the last: ${daemon.latest('web')?.decision.because}`))
    }, DEADLINE_MS)
    daemon.wake('web')
  })
}
