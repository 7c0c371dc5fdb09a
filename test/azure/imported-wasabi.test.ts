/**
 * Rules of the Application Block on queue and counters, brought along and run: from XML over the written file to a daemon that
 * recommends, beside a storage account of the emulator that fills.
 */
import { afterEach, expect, it, vi } from 'vitest'
import { rulesXml, servicesXml } from '../../src/importers/wasabi/xml.fixture.ts'
import { type Folder, inFolder } from '../builders/real.ts'
import { until } from '../builders/until.ts'
import { type Azurite, startAzurite } from './azurite.ts'
import { wadRow } from './table-rows.ts'

const CPU = '\\Processor(_Total)\\% Processor Time'
const QUEUE = 'q-orders'

const ends: (() => unknown)[] = []
afterEach(async () => {
  vi.unstubAllEnvs()
  for (const end of ends.splice(0).reverse()) await end()
})

const rule = (name: string, condition: string, by: string, rank: number) =>
  `<rule name="${name}" enabled="true" rank="${rank}"><when>${condition}</when><actions><scale target="web" by="${by}"/></actions></rule>`

/** Switched off as a whole at home, as one does before others take over: so it recommends. */
const RULES = rulesXml({
  attributes: 'enabled="false"',
  reactive: [
    rule('Backlog', '<greater operand="queue" than="10"/>', '2', 10),
    rule('Hot', '<greater operand="cpu" than="75"/>', '1', 5),
    rule('Quiet', '<all><less operand="queue" than="1"/><less operand="cpu" than="20"/></all>', '-1', 1),
  ].join('\n'),
  operands: `<queueLength alias="queue" queue="orders" timespan="00:05:00" aggregate="Last"/><performanceCounter alias="cpu" source="web" performanceCounterName="${CPU}" timespan="00:05:00" aggregate="Max"/>`,
})

const services = (connection: string) =>
  servicesXml({
    roles: '<role alias="web" roleName="Shop.Web" wadStorageAccountName="data"/>',
    accounts: `<storageAccount alias="data" connectionString="${connection}"><queues><queue alias="orders" queueName="${QUEUE}"/></queues></storageAccount>`,
  })

async function account(): Promise<Azurite> {
  const azurite = await startAzurite()
  ends.push(() => azurite.stop())
  await azurite.queues.getQueueClient(QUEUE).create()
  await azurite.tableWith('WADPerformanceCountersTable', [])
  return azurite
}

/** What diagnostics write of two instances, and of another role, which is none of ours. */
async function measure(azurite: Azurite, value: number): Promise<void> {
  const at = Date.now()
  const table = azurite.table('WADPerformanceCountersTable')
  for (const before of [30_000, 60_000]) {
    for (const instance of ['Shop.Web_IN_0', 'Shop.Web_IN_1']) {
      const row = wadRow({ at: at - before, counter: CPU, value, role: 'Shop.Web', instance })
      await table.upsertEntity({ ...row }, 'Replace')
    }
    const other = wadRow({
      at: at - before,
      counter: CPU,
      value: 99,
      role: 'Shop.Jobs',
      instance: 'Jobs_IN_0',
    })
    await table.upsertEntity({ ...other }, 'Replace')
  }
}

/** The written file, looked at more often than an operator has to. */
async function imported(folder: Folder, azurite: Azurite): Promise<string> {
  folder.write('rules.xml', RULES)
  folder.write('services.xml', services(azurite.connection()))
  const written = await folder.plimsoll(
    'import',
    'wasabi',
    'rules.xml',
    'services.xml',
    '-o',
    'plimsoll.yaml',
  )
  expect([written.code, written.err]).toEqual([0, ''])
  expect(written.out).toContain('environment variable STORAGE_DATA')
  const unset = await folder.plimsoll('validate', 'plimsoll.yaml')
  expect([unset.code, unset.err + unset.out]).toEqual([2, expect.stringMatching(/PLM-126.*STORAGE_DATA/)])
  vi.stubEnv('STORAGE_DATA', azurite.connection())
  const valid = await folder.plimsoll('validate', 'plimsoll.yaml')
  expect([valid.code, valid.out]).toEqual([0, expect.stringContaining('plimsoll.yaml is valid')])
  const text = folder.read('plimsoll.yaml')
  for (const secret of ['Eby8', 'AccountKey']) expect(text).not.toContain(secret)
  return text
    .replaceAll('every: 1m', 'every: 500ms')
    .replace('preset: wasabi\n', 'preset: wasabi\n    every: 250ms\n')
    .replace('plimsoll: 1\n', 'plimsoll: 1\napi: { listen: "127.0.0.1:0" }\n')
}

it('recommends more when the queue fills, and when the counters rise', async () => {
  const azurite = await account()
  await inFolder(async folder => {
    folder.write('quick.yaml', await imported(folder, azurite))
    await measure(azurite, 30)
    const doctor = await folder.plimsoll('doctor', 'quick.yaml')
    expect(doctor.out).toMatch(/source azure-queue.*queue: 0/)
    expect(doctor.out).toMatch(/source azure-table.*cpu: 4 rows, the newest \d+ s old/)

    const daemon = folder.run('quick.yaml')
    const count = JSON.stringify({ samples: [{ metric: 'web_instances', value: 3 }] })
    expect((await daemon.post('/v1/samples', count)).status).toBe(202)
    const recommends = (desired: number, because: RegExp) =>
      until(`${desired} because of ${because}`, async () => {
        const fleet = await daemon.fleet('web')
        return fleet.current === 3 && fleet.desired === desired && because.test(fleet.because ?? '')
      })
    await recommends(3, /./)

    const queue = azurite.queues.getQueueClient(QUEUE)
    for (let order = 0; order < 30; order += 1) await queue.sendMessage(`order ${order}`)
    await recommends(5, /Backlog/)

    await queue.clearMessages()
    await recommends(3, /./)
    await measure(azurite, 95)
    await recommends(4, /Hot/)

    expect(await daemon.stop('SIGTERM')).toEqual({ code: 0, signal: null })
    expect(JSON.stringify(daemon.lines()) + daemon.errors()).not.toContain('Eby8')
  })
})

it('takes what it cannot read for unknown, not for nothing to do', async () => {
  const azurite = await account()
  await inFolder(async folder => {
    folder.write('quick.yaml', await imported(folder, azurite))
    await azurite.stop()
    const daemon = folder.run('quick.yaml')
    const count = JSON.stringify({ samples: [{ metric: 'web_instances', value: 3 }] })
    expect((await daemon.post('/v1/samples', count)).status).toBe(202)
    const told = await until('the reasons are told', async () => {
      const { out } = await folder.plimsoll('explain', 'web', '--url', await daemon.url())
      return ['queue q-orders', 'table WADPerformanceCountersTable'].every(what =>
        new RegExp(`PLM-761 tried to [a-z ]*${what}`).test(out.replace(/\s+/g, ' ')),
      )
        ? out
        : null
    })
    expect(told).not.toMatch(/Eby8|AccountKey/)
    expect(await daemon.fleet('web')).toMatchObject({ current: 3, desired: 3 })
    expect(await daemon.stop('SIGTERM')).toEqual({ code: 0, signal: null })
  })
})
