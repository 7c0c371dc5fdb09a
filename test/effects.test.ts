/**
 * Notifiers and custom actions of a whole Plimsoll, built from a configuration: real HTTP, a real state file, a restart.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createPlimsoll, type LoopEvent, type Plimsoll, type PlimsollOptions } from '../src/index.ts'
import { deadUrl, type Receiver, startReceiver } from '../src/plugins/notifiers/receiver.fixture.ts'
import { openSqliteStore } from '../src/plugins/stores/sqlite.ts'
import { openScene } from './builders/cli.ts'

let folder: string
let receiver: Receiver
const running: Plimsoll[] = []

beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'plimsoll-effects-'))
  receiver = await startReceiver()
})
afterEach(async () => {
  for (const plimsoll of running.splice(0)) await plimsoll.stop()
  await receiver.close()
  rmSync(folder, { recursive: true, force: true })
})

/** One fleet that is only advised, and whose rule runs and tells. */
function configOf(change: object = {}): PlimsollOptions['config'] {
  return {
    plimsoll: 1,
    state: { path: path.join(folder, 'state.db') },
    metrics: { orders: { source: 'push' } },
    fleets: {
      web: {
        target: { type: 'none', count: '2' },
        capacity: { min: 1, max: 9 },
        every: '100ms',
        rules: [{ name: 'Backlog', when: 'last(orders) > 100', run: ['provision'], notify: ['hook'] }],
      },
    },
    notifiers: { hook: { type: 'webhook', url: receiver.url, secret: 's3cret-of-ours', every: '0s' } },
    actions: { provision: { type: 'function' } },
    ...change,
  } as PlimsollOptions['config']
}

function isOf<T extends LoopEvent['type']>(
  event: LoopEvent,
  type: T,
): event is Extract<LoopEvent, { type: T }> {
  return event.type === type
}

interface Started {
  readonly plimsoll: Plimsoll
  readonly events: LoopEvent[]
  until<T extends LoopEvent['type']>(
    type: T,
    is?: (event: Extract<LoopEvent, { type: T }>) => boolean,
  ): Promise<Extract<LoopEvent, { type: T }>>
}

async function start(options: Omit<PlimsollOptions, 'config'>, config = configOf()): Promise<Started> {
  const plimsoll = await createPlimsoll({ ...options, config })
  running.push(plimsoll)
  const events: LoopEvent[] = []
  const waiting = new Set<() => void>()
  plimsoll.on('event', event => {
    events.push(event)
    for (const look of waiting) look()
  })
  await plimsoll.start()
  return {
    plimsoll,
    events,
    until: (type, is = () => true) =>
      new Promise(resolve => {
        const look = (): void => {
          const found = events.filter(event => isOf(event, type)).find(is)
          if (found === undefined) return
          waiting.delete(look)
          resolve(found)
        }
        waiting.add(look)
        look()
      }),
  }
}

async function journalled(id: string) {
  const store = await openSqliteStore(path.join(folder, 'state.db'), { readOnly: true })
  const entries = await store.readJournal({ fleet: 'web', limit: 1_000 })
  await store.close()
  return entries.flatMap(({ outcomes }) => outcomes.filter(({ action }) => action === id))
}

const backlog = (value: number) => [{ metric: 'orders', value, at: Date.now() }]

describe('a rule that runs and tells', () => {
  it('calls the function once, tells the receiver in spite of its first refusal, and journals the outcome', async () => {
    receiver.answerNext({ status: 503 })
    const asked: string[] = []
    const { plimsoll, until } = await start({
      actions: {
        provision: ({ id }) => {
          asked.push(id)
          return 'queue created'
        },
      },
    })
    plimsoll.push(backlog(500))
    const ran = await until('ran')
    const sent = await until('delivery', ({ state }) => state === 'sent')
    expect(ran).toMatchObject({
      run: { rule: 'Backlog' },
      outcome: { outcome: 'done', output: 'queue created' },
    })
    expect(JSON.parse(receiver.taken[0]?.body ?? '')).toMatchObject({ event: 'rule', id: sent.notice })
    expect(receiver.posts).toHaveLength(2)
    await until('tick', ({ report }) => report.at > ran.outcome.at)
    await until('tick', ({ report }) => report.at > ran.outcome.at + 100)
    await plimsoll.stop()
    expect(asked).toEqual([ran.run.id])
    expect(await journalled(ran.run.id)).toMatchObject([{ outcome: 'done', output: 'queue created' }])
  })

  it('is not repeated by a restart in the middle of it', async () => {
    const asked: string[] = []
    const provision = ({ id }: { id: string }, signal: AbortSignal) => {
      asked.push(id)
      return new Promise<string>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
    }
    const first = await start({ actions: { provision } })
    first.plimsoll.push(backlog(500))
    await first.until('delivery')
    await first.plimsoll.stop()
    const second = await start({ actions: { provision } })
    const ran = await second.until('ran')
    second.plimsoll.push(backlog(600))
    await second.until('tick', ({ report }) => report.at > ran.outcome.at + 200)
    await second.plimsoll.stop()
    expect(asked).toEqual([ran.run.id])
    expect(await journalled(ran.run.id)).toMatchObject([{ outcome: 'failed', kind: 'interrupted' }])
  })
})

describe('the doctor', () => {
  it('asks every notifier and action, and nothing is sent or run', async () => {
    const scene = openScene()
    const gone = await deadUrl()
    scene.file(
      'plimsoll.yaml',
      JSON.stringify({
        plimsoll: 1,
        api: { listen: '127.0.0.1:0' },
        fleets: { web: { target: { type: 'none', count: '2' }, capacity: { min: 1, max: 9 } } },
        notifiers: {
          hook: { type: 'webhook', url: receiver.url },
          chat: { type: 'slack', url: gone },
          mail: {
            type: 'email',
            to: 'ops@example.org',
            from: 'plimsoll@example.org',
            smtp: gone.replace('http://', 'smtp://ops:hidden-word@').replace('/hook', ''),
          },
          pager: { type: 'command', command: ['./no-such-pager'] },
        },
        actions: {
          provision: { type: 'command', command: ['true'] },
          ticket: { type: 'webhook', url: receiver.url, timeout: '5s' },
        },
      }),
    )
    const { out } = await scene.run(['doctor', 'plimsoll.yaml', '--json'])
    scene.end()
    const findings: { what: string; ok: boolean; detail: string }[] = JSON.parse(out).findings
    const verdicts = findings
      .filter(({ what }) => /^(notifier|action) /.test(what))
      .map(({ what, ok, detail }) => `${what} ${ok ? 'ok' : detail.slice(0, 7)}`)
    expect(verdicts).toEqual([
      'notifier hook ok',
      'notifier chat PLM-385',
      'notifier mail PLM-390',
      'notifier pager PLM-350',
      'action provision ok',
      'action ticket ok',
    ])
    expect(out).not.toContain('hidden-word')
    expect(receiver.posts).toEqual([])
  })
})

describe('a host program', () => {
  it("gives notifiers of its own, which are told what the configuration's are", async () => {
    const told: string[] = []
    let heard = (): void => undefined
    const first = new Promise<void>(resolve => {
      heard = resolve
    })
    const { plimsoll } = await start({
      actions: {
        provision: () => {
          throw new Error('no quota')
        },
      },
      notifiers: {
        mine: {
          check: async () => ({ ok: true, detail: 'in this process' }),
          close: async () => undefined,
          send: async ({ event, title }) => {
            told.push(`${event}: ${title}`)
            heard()
          },
        },
      },
    })
    plimsoll.push(backlog(500))
    await first
    expect(told).toEqual(['failed: web failed to run provision'])
  })

  it('that does not give the function its configuration names is told so at the start (PLM-389)', async () => {
    await expect(start({})).rejects.toThrow(/PLM-389 action "provision" is a function/)
  })
})
