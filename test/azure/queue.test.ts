/** What the source `azure-queue` says of real queues, and of what goes wrong on the way to them. */
import {
  AccountSASPermissions,
  AccountSASResourceTypes,
  AccountSASServices,
  generateAccountSASQueryParameters,
  type QueueClient,
  SASProtocol,
  StorageSharedKeyCredential,
} from '@azure/storage-queue'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../src/plugins/clocks/system.ts'
import { type AzureQueueContext, createAzureQueueSource } from '../../src/plugins/sources/azure-queue.ts'
import type { MetricAnswer, MetricQuery, MetricSource } from '../../src/ports/metric-source.ts'
import { ACCOUNT, type Azurite, KEY, startAzurite } from './azurite.ts'
import { type Between, openBetween } from './between.ts'
import { accountOf, NO_ACCOUNT, names, queryOf } from './storage-rig.ts'

let azurite: Azurite
let between: Between
let source: MetricSource
const sources: MetricSource[] = []
const nextName = names('queue-')

beforeAll(async () => {
  azurite = await startAzurite()
  between = await openBetween(azurite.ports.queue)
})
afterAll(async () => {
  between.close()
  await azurite.stop()
})
beforeEach(() => {
  source = open()
})
afterEach(async () => {
  for (const each of sources.splice(0)) await each.close()
})

function open(context: Partial<AzureQueueContext> = {}): MetricSource {
  const opened = createAzureQueueSource({ clock: systemClock, backOffMs: 1, ...context })
  sources.push(opened)
  return opened
}

async function queueWith(
  messages: number,
  client?: (queue: QueueClient) => Promise<unknown>,
): Promise<string> {
  const name = nextName()
  const queue = azurite.queues.getQueueClient(name)
  await queue.create()
  for (let n = 0; n < messages; n += 1) await queue.sendMessage(`order ${n}`)
  await client?.(queue)
  return name
}

function metricOf(
  queue: string,
  read = 'messages',
  options: Readonly<Record<string, unknown>> = {},
): MetricQuery {
  return queryOf({ ...accountOf(azurite, { queue: between.port }), queue, read, ...options })
}

async function ask(...queries: readonly MetricQuery[]): Promise<readonly MetricAnswer[]> {
  const to = Date.now()
  return source.read(queries, { from: to - 60_000, to }, AbortSignal.timeout(20_000))
}

function saidBy(answer: MetricAnswer | undefined): number | string {
  if (answer === undefined) return 'no answer'
  return 'gap' in answer ? answer.gap : (answer.samples[0]?.value ?? 'no sample')
}

async function valuesOf(...queries: readonly MetricQuery[]): Promise<(number | string)[]> {
  return (await ask(...queries)).map(saidBy)
}

function callsFor(queue: string): string[] {
  return between.seen.filter(line => line.includes(`/${queue}`))
}

describe('how long a queue is', () => {
  it('is the messages in it, those that consumers hold too', async () => {
    const queue = await queueWith(3, client => client.receiveMessages({ numberOfMessages: 2 }))
    expect(await valuesOf(metricOf(queue))).toEqual([3])
  })

  it('is 0 of an empty queue', async () => {
    expect(await valuesOf(metricOf(await queueWith(0)))).toEqual([0])
  })

  it('is asked once, however many metrics and fleets want it', async () => {
    const queue = await queueWith(2)
    const before = callsFor(queue).length
    expect(await valuesOf(metricOf(queue), metricOf(queue), metricOf(queue))).toEqual([2, 2, 2])
    expect(callsFor(queue).length - before).toBe(1)
  })
})

describe('how long its oldest message has waited', () => {
  it('is counted from when it came, by the clock of the account', async () => {
    const queue = await queueWith(2)
    const [age] = await valuesOf(metricOf(queue, 'age'))
    expect(age).toBeGreaterThanOrEqual(0)
    expect(age).toBeLessThan(30)
    const later = { ...systemClock, now: () => Date.now() + 3_600_000 }
    source = open({ clock: later })
    const to = later.now()
    const [of] = await source.read(
      [metricOf(queue, 'age')],
      { from: to - 60_000, to },
      AbortSignal.timeout(20_000),
    )
    expect(saidBy(of)).toBeLessThan(30)
  })

  it('is 0 where nothing waits', async () => {
    expect(await valuesOf(metricOf(await queueWith(0), 'age'))).toEqual([0])
  })

  it('is not known where consumers hold every message', async () => {
    const queue = await queueWith(2, client => client.receiveMessages({ numberOfMessages: 2 }))
    const [age, messages] = await valuesOf(metricOf(queue, 'age'), metricOf(queue))
    expect(age).toMatch(/^PLM-795 the queue queue-\d+ has about 2 messages, and none that can be seen/)
    expect(messages).toBe(2)
  })

  it('is not known either where all are delayed', async () => {
    const queue = await queueWith(0, client => client.sendMessage('later', { visibilityTimeout: 600 }))
    expect((await valuesOf(metricOf(queue, 'age')))[0]).toMatch(/^PLM-795 .* about 1 messages/)
  })

  it('shares the count with a metric of the same queue', async () => {
    const queue = await queueWith(0)
    const before = callsFor(queue).length
    expect(await valuesOf(metricOf(queue, 'age'), metricOf(queue))).toEqual([0, 0])
    expect(callsFor(queue).length - before).toBe(2)
  })

  it('takes no message from those who work on them, and puts none off', async () => {
    const queue = await queueWith(1)
    await valuesOf(metricOf(queue, 'age'))
    const { receivedMessageItems } = await azurite.queues.getQueueClient(queue).receiveMessages()
    expect(receivedMessageItems.map(({ dequeueCount }) => dequeueCount)).toEqual([1])
  })
})

describe('ways in', () => {
  const signature = (options: { readonly permissions?: string; readonly expiresOn?: Date } = {}) =>
    generateAccountSASQueryParameters(
      {
        expiresOn: options.expiresOn ?? new Date(Date.now() + 3_600_000),
        permissions: AccountSASPermissions.parse(options.permissions ?? 'r'),
        protocol: SASProtocol.HttpsAndHttp,
        resourceTypes: AccountSASResourceTypes.parse('sco').toString(),
        services: AccountSASServices.parse('qt').toString(),
      },
      new StorageSharedKeyCredential(ACCOUNT, KEY),
    ).toString()
  const address = (sas: string) => `http://127.0.0.1:${azurite.ports.queue}/${ACCOUNT}?${sas}`

  it('are a connection string, also with a signature, and an address with one', async () => {
    const queue = await queueWith(4)
    const sas = signature()
    const withSignature = `QueueEndpoint=http://127.0.0.1:${azurite.ports.queue}/${ACCOUNT};SharedAccessSignature=${sas}`
    const connections = [azurite.connection(), withSignature, address(sas)]
    const queries = connections.map(connection => metricOf(queue, 'messages', { connection }))
    expect(await valuesOf(...queries)).toEqual([4, 4, 4])
  })

  it.each([
    ['a wrong key', () => azurite.connection().replace('Eby8', 'Ebz8')],
    ['a signature that is over', () => address(signature({ expiresOn: new Date(Date.now() - 60_000) }))],
    ['a signature that may not read', () => address(signature({ permissions: 'w' }))],
    ['a signature of somebody else', () => address(signature().replace(/sig=.{8}/, 'sig=AAAAAAAA'))],
  ])('%s is told, and nothing of it repeated', async (_, make) => {
    const connection = make()
    const queue = await queueWith(1)
    const [gap] = await valuesOf(metricOf(queue, 'messages', { connection }))
    expect(gap).toMatch(
      /^PLM-799 tried to count the messages of the queue queue-\d+ .*: Azure answered 403, .* may it read\?$/,
    )
    const secret = /(?:AccountKey|sig)=([^;&]+)/.exec(connection)?.[1] ?? 'nothing'
    expect(gap).not.toContain(secret.slice(0, 12))
  })

  it.each([
    ['nonsense, as a secret', { connection: 'this-is-no-connection' }],
    ['an address without a signature', { connection: 'https://shopdata.queue.core.windows.net/?sv=1&si=2' }],
    ['an address that is none', { connection: 'https://?sig=1' }],
    ['a connection string without a key', { connection: 'AccountName=shopdata;QueueEndpoint=what' }],
    ['nothing', { connection: null }],
  ])('%s is refused before anything is asked', async (_, options) => {
    const [gap] = await valuesOf(metricOf('orders', 'messages', options))
    expect(gap).toMatch(/^PLM-794 .*nothing was asked\. Write `account`/)
    if (options.connection !== null) expect(gap).not.toContain(options.connection)
  })

  it('by name and cloud make an address to which one signs in, never without TLS', async () => {
    source = open({ credential: { getToken: () => Promise.resolve(null) } })
    const options = { ...NO_ACCOUNT, endpoint: `http://127.0.0.1:${azurite.ports.queue}/${ACCOUNT}` }
    const [gap] = await valuesOf(queryOf({ ...options, queue: 'orders', read: 'messages' }))
    expect(gap).toMatch(/^PLM-76[13] .*(TLS|https)/i)
  })

  it('without the clients say how to install them', async () => {
    const nobody = () => Promise.reject(new Error("Cannot find package '@azure/storage-queue'"))
    source = open({ loadSdk: nobody })
    const said = /^PLM-760 the source azure-queue .*`npm install @azure\/storage-queue @azure\/identity`/
    expect((await valuesOf(metricOf('orders')))[0]).toMatch(said)
  })
})

describe('a look at every metric', () => {
  const checked = (...queries: readonly MetricQuery[]) =>
    open({ metrics: () => queries.map(({ metric }) => metric) }).check(AbortSignal.timeout(10_000))

  it('tells what each is', async () => {
    const queue = await queueWith(3)
    const all = { ok: true, detail: expect.stringMatching(/^backlog: 3; backlog: \d$/) }
    expect(await checked(metricOf(queue), metricOf(queue, 'age'))).toEqual(all)
  })

  it('is not well where one is not to be had', async () => {
    const queue = await queueWith(3)
    expect(await checked(metricOf(queue), metricOf('no-such-queue'))).toEqual({
      ok: false,
      detail: expect.stringMatching(/^backlog: 3; backlog: PLM-764 tried to count/),
    })
  })
})

describe('what goes wrong', () => {
  it('with one queue is a gap of that queue alone', async () => {
    const good = await queueWith(5)
    const bad = await queueWith(6)
    between.always(`/${bad}`, { status: 503, headers: { 'retry-after': '30' } })
    const [missing, throttled, value] = await valuesOf(
      metricOf('no-such-queue'),
      metricOf(bad),
      metricOf(good),
    )
    between.always(`/${bad}`, null)
    expect(missing).toMatch(/^PLM-764 .*no-such-queue .*Are account, cloud and queue right\?$/)
    expect(throttled).toMatch(/^PLM-762 .*queue-\d+/)
    expect(value).toBe(5)
  })

  it('is tried again at once where a connection breaks, or Azure asks to come back soon', async () => {
    const queue = await queueWith(7)
    between.meets('cut', { status: 503, headers: { 'retry-after': '0' } })
    expect(await valuesOf(metricOf(queue))).toEqual([7])
    between.meets({ status: 429, headers: { 'retry-after': '0' } }, { status: 500 })
    expect(await valuesOf(metricOf(queue))).toEqual([7])
    between.meets('cut-answer')
    expect(await valuesOf(metricOf(queue, 'age'))).toEqual([expect.any(Number)])
  })

  it('is a gap where it lasts, after three tries', async () => {
    const queue = await queueWith(8)
    const before = callsFor(queue).length
    between.meets('cut', 'cut', 'cut')
    expect((await valuesOf(metricOf(queue)))[0]).toMatch(/^PLM-761 tried to count the messages/)
    expect(callsFor(queue).length - before).toBe(3)
  })

  it('is not asked again before Azure wants it, and then is', async () => {
    const queue = await queueWith(9)
    const clock = { ...systemClock, ahead: 0, now: () => Date.now() + clock.ahead }
    source = open({ clock })
    between.meets({ status: 503, headers: { 'retry-after': '60' } })
    expect((await valuesOf(metricOf(queue)))[0]).toMatch(/^PLM-762 /)
    const before = callsFor(queue).length
    expect((await valuesOf(metricOf(queue)))[0]).toMatch(/^PLM-762 did not count the messages .* 60 s/)
    expect(callsFor(queue).length).toBe(before)
    clock.ahead = 61_000
    expect(await valuesOf(metricOf(queue))).toEqual([9])
  })

  it('takes no longer than the deadline of a call', async () => {
    const queue = await queueWith(1)
    between.meets('hang')
    expect((await valuesOf(metricOf(queue, 'messages', { timeoutMs: 50 })))[0]).toMatch(
      /^PLM-761 .*no answer in time/,
    )
    expect(callsFor(queue)).toHaveLength(1)
  })

  it('with many that say nothing holds up the others no longer than it must', async () => {
    const good = await queueWith(2)
    between.always('/silent-', 'hang')
    const silent = Array.from({ length: 20 }, (_, n) =>
      metricOf(`silent-${n}`, 'messages', { timeoutMs: 100 }),
    )
    const values = await valuesOf(...silent, metricOf(good))
    between.always('/silent-', null)
    expect(values.pop()).toBe(2)
    expect(values.every(value => /no answer in time/.test(`${value}`))).toBe(true)
    expect(callsFor('silent-')).toHaveLength(20)
  })

  it('by options that no configuration has is a gap of that metric', async () => {
    const queue = await queueWith(1)
    const [gap, value] = await valuesOf(metricOf(queue, 'length'), metricOf(queue))
    expect(gap).toMatch(/^PLM-366 metric "backlog" has options its source cannot use/)
    expect(value).toBe(1)
  })

  it('for everyone is a gap while the account is gone, and heals when it is back', async () => {
    const [first, second] = await Promise.all([startAzurite(), startAzurite()])
    const way = await openBetween(first.ports.queue)
    for (const each of [first, second]) await each.queues.getQueueClient('orders').create()
    await second.queues.getQueueClient('orders').sendMessage('order')
    const query = metricOf('orders', 'messages', { connection: first.connection({ queue: way.port }) })
    expect(await valuesOf(query)).toEqual([0])
    await first.stop()
    expect((await valuesOf(query))[0]).toMatch(/^PLM-761 .*Can this machine reach Azure/)
    way.leadTo(second.ports.queue)
    expect(await valuesOf(query)).toEqual([1])
    way.close()
    await second.stop()
  })
})
