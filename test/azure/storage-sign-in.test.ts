/**
 * Who is named by account or endpoint is signed in to, by the default chain of `@azure/identity`: here as a managed identity, with tokens
 * that the emulator looks into.
 */
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest'
import { systemClock } from '../../src/plugins/clocks/system.ts'
import { createAzureQueueSource } from '../../src/plugins/sources/azure-queue.ts'
import { createAzureTableSource } from '../../src/plugins/sources/azure-table.ts'
import type { MetricQuery, MetricSource } from '../../src/ports/metric-source.ts'
import { ACCOUNT, type Azurite, startAzurite } from './azurite.ts'
import { selfSigned } from './certificate.ts'
import { openDoor } from './door.ts'
import { NO_ACCOUNT, queryOf } from './storage-rig.ts'

const trusted = getCACertificates('default')
const tls = selfSigned()
let azurite: Azurite
const ends: (() => unknown)[] = []

beforeAll(async () => {
  setDefaultCACertificates([...trusted, tls.cert])
  azurite = await startAzurite({ tls })
  const queue = azurite.queues.getQueueClient('orders')
  await queue.create()
  await queue.sendMessage('order')
  await azurite.tableWith('Load', [{ partitionKey: 'shop', rowKey: '1', At: new Date(), Orders: 5 }])
})
afterAll(async () => {
  await azurite.stop()
  setDefaultCACertificates(trusted)
})
afterEach(async () => {
  vi.unstubAllEnvs()
  for (const end of ends.splice(0).reverse()) await end()
})

/** Nobody looks at its signature; at whom it is for, everybody. */
function tokenFor(audience: string): string {
  const now = Math.floor(Date.now() / 1000)
  const claims = {
    aud: audience,
    iss: 'https://sts.windows.net/tenant',
    iat: now,
    nbf: now,
    exp: now + 3_600,
  }
  const parts = [{ alg: 'none', typ: 'JWT' }, claims].map(part =>
    Buffer.from(JSON.stringify(part)).toString('base64url'),
  )
  return `${parts.join('.')}.none`
}

async function signInWith(audience: string) {
  const door = await openDoor(tokenFor(audience))
  ends.push(() => door.close())
  for (const [name, value] of Object.entries(door.environment)) vi.stubEnv(name, value)
  return door
}

const QUEUE = () => ({
  ...NO_ACCOUNT,
  endpoint: `https://127.0.0.1:${azurite.ports.queue}/${ACCOUNT}/`,
  queue: 'orders',
  read: 'messages',
})
const TABLE = () => ({
  ...NO_ACCOUNT,
  endpoint: `https://127.0.0.1:${azurite.ports.table}/${ACCOUNT}`,
  table: 'Load',
  layout: 'any',
  partition: 'shop',
  time: 'At',
  timeAs: 'date',
  value: 'Orders',
  instance: null,
  where: null,
  lookBackMs: 3_600_000,
})

async function answer(source: MetricSource, query: MetricQuery) {
  ends.push(() => source.close())
  const to = Date.now() + 1_000
  const [said] = await source.read([query], { from: to - 600_000, to }, AbortSignal.timeout(20_000))
  return said
}

const queues = (context = {}) => createAzureQueueSource({ clock: systemClock, backOffMs: 1, ...context })
const tables = (context = {}) => {
  const clock = { ...systemClock, now: () => Date.now() + 1_000 }
  return createAzureTableSource({ clock, backOffMs: 1, ...context })
}

it('reads queues and tables as the identity it is given, with a token for storage', async () => {
  const door = await signInWith('https://storage.azure.com')
  expect(await answer(queues(), queryOf(QUEUE()))).toMatchObject({ samples: [{ value: 1 }] })
  expect(await answer(tables(), queryOf(TABLE()))).toMatchObject({ samples: [{ value: 5 }] })
  expect(new Set(door.resources)).toEqual(new Set(['https://storage.azure.com']))
})

it('says which role is needed where the identity may not', async () => {
  const token = tokenFor('https://management.azure.com')
  const credential = {
    getToken: async () => ({ token, expiresOnTimestamp: Date.now() + 3_600_000 }),
  }
  expect(await answer(queues({ credential }), queryOf(QUEUE()))).toEqual({
    gap: expect.stringMatching(
      /^PLM-763 .*Azure answered 40[13].* Storage Queue Data Reader on the storage account\.$/,
    ),
  })
  expect(await answer(tables({ credential }), queryOf(TABLE()))).toEqual({
    gap: expect.stringMatching(
      /^PLM-763 .*Azure answered 40[13].* Storage Table Data Reader on the storage account\.$/,
    ),
  })
})
