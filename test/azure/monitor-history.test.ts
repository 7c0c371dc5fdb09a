/**
 * What Azure Monitor kept, played by the real command line: `--history azure-monitor` of backtest, diff, tune and fit, signed in as a managed identity
 * and over real TLS.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import tls from 'node:tls'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { z } from 'zod'
import { SCALE_SET, setting } from '../../src/importers/azure/azure.fixture.ts'
import { NOON, openScene, type Scene } from '../builders/cli.ts'
import { type Door, openDoor } from './door.ts'
import { FakeMonitor, PLAN, WEB } from './monitor.ts'

const MINUTE = 60_000
const DAY = 1440 * MINUTE

const trusted = tls.getCACertificates('default')

let monitor: FakeMonitor
let door: Door
let scene: Scene

beforeEach(async () => {
  monitor = await FakeMonitor.start(() => NOON)
  tls.setDefaultCACertificates([...trusted, monitor.cert])
  door = await openDoor()
  for (const [name, value] of Object.entries(door.environment)) vi.stubEnv(name, value)
  scene = openScene()
  scene.file('web.yaml', file())
})
afterEach(async () => {
  vi.unstubAllEnvs()
  tls.setDefaultCACertificates(trusted)
  scene.end()
  door.close()
  await monitor.stop()
})

function file(metric = `resource: ${WEB}, metric: Percentage CPU`, up = 70): string {
  return `plimsoll: 1
metrics:
  cpu: { source: azure-monitor, ${metric}, endpoint: "${monitor.endpoint}" }
fleets:
  web:
    target: { type: azure-vmss, subscription: 00000000-0000-4000-8000-000000000001, resourceGroup: fleet-rg, scaleSet: web }
    capacity: { min: 1, max: 10 }
    rules:
      - { name: Out, when: "avg(cpu, 10m) > ${up}%", scale: { by: 1 } }
      - { name: In, when: "avg(cpu, 10m) < 30%", scale: { by: -1 } }
    cooldown: { out: 5m, in: 5m }
    stabilization: { out: 0s, in: 0s }
`
}

/** Two VMs that are busy by day and idle by night. */
function putDays(from: number, to: number, everyMs = 5 * MINUTE): void {
  for (let at = from; at < to; at += everyMs) {
    const value = 55 + 40 * Math.sin((at / DAY) * 2 * Math.PI)
    for (const name of ['web_0', 'web_1']) monitor.put(WEB, 'Percentage CPU', at, value, { VMName: name })
  }
}

const played = (...argv: string[]) =>
  scene.run(['backtest', 'web.yaml', '--history', 'azure-monitor', ...argv])

const Report = z.looseObject({
  facts: z.looseObject({ Record: z.string() }),
  notes: z.array(z.string()),
  contenders: z.array(z.looseObject({ name: z.string() })),
  scores: z.looseObject({ instanceHours: z.looseObject({ values: z.record(z.string(), z.number()) }) }),
})

async function report(...argv: string[]) {
  const { code, out, err } = await played(...argv, '--json')
  expect([code, err]).toEqual([0, ''])
  return Report.parse(JSON.parse(out))
}

describe('--history azure-monitor', () => {
  it('plays days that Azure kept against the rules, beside what was there then', async () => {
    putDays(NOON - 3 * DAY, NOON, MINUTE)
    // Of nobody that Azure knows.
    monitor.put(WEB, 'Percentage CPU', NOON - DAY, 50)
    const { facts, notes, scores } = await report('--from', '2d')
    expect(facts.Record).toMatch(/^Azure Monitor: 2877 bins of 1 min from 19 Nov 2026 12:00/)
    expect(notes).toContain('Demand is column "cpu", which is per instance, times the recorded instances.')
    // Two VMs for two days, less the three minutes that Azure may still add to.
    expect(scores.instanceHours.values['as recorded']).toBeCloseTo((2 * 2877) / 60, 6)
    expect(door.resources).toContain('https://management.azure.com')
  })

  it('asks for a day at once, for the metric and for who told it', async () => {
    putDays(NOON - DAY, NOON, MINUTE)
    await report('--from', '2d')
    const asked = monitor.queries.map(query => [
      query.get('starttime'),
      query.get('endtime'),
      query.get('filter') ?? '',
    ])
    expect(asked.sort()).toEqual([
      ['2026-11-19T12:00:00.000Z', '2026-11-20T12:00:00.000Z', ''],
      ['2026-11-19T12:00:00.000Z', '2026-11-20T12:00:00.000Z', "VMName eq '*'"],
      ['2026-11-20T12:00:00.000Z', '2026-11-21T11:57:00.000Z', ''],
      ['2026-11-20T12:00:00.000Z', '2026-11-21T11:57:00.000Z', "VMName eq '*'"],
    ])
  })

  it('asks a large fleet for less at once', async () => {
    putDays(NOON - DAY, NOON)
    scene.file('web.yaml', file().replace('max: 10', 'max: 200'))
    await report('--from', '1d')
    // 100,000 values of 200 instances.
    const begins = monitor.queries
      .filter(query => query.get('filter') !== null)
      .map(query => (Date.parse(query.get('starttime') ?? '') - (NOON - DAY)) / MINUTE)
    expect(begins).toEqual([0, 500, 1000])
  })

  it('says what nobody kept, and never fills it', async () => {
    putDays(NOON - DAY, NOON - 10 * 60 * MINUTE, MINUTE)
    putDays(NOON - 9 * 60 * MINUTE, NOON, MINUTE)
    const { facts, notes } = await report('--from', '2d')
    expect(facts.Record).toContain('1437 bins')
    expect(notes.join('\n')).toContain('nothing was kept before 2026-11-20T12:00:00.000Z; begun there')
    expect(notes.join('\n')).toContain('60 bins of "cpu" without a value')
  })

  it('waits as long as Azure asks, and goes on', async () => {
    putDays(NOON - DAY, NOON)
    scene.file('web.yaml', file(`resource: ${WEB}, metric: Percentage CPU, interval: 5m`))
    monitor.faults.push({ method: 'POST', path: /./, what: 'dropped', times: 4 })
    expect((await report('--from', '1d')).facts.Record).toContain('287 bins of 5 min')
    expect(monitor.faults).toEqual([])
  })

  it('takes several series of a plan together, and coarser bins where they are asked for', async () => {
    for (let at = NOON - DAY; at < NOON; at += MINUTE) {
      for (const [instance, value] of [
        ['RD01', 40],
        ['RD02', 60],
        ['RD03', 80],
      ] as const) {
        monitor.put(PLAN, 'CpuPercentage', at, value, { Instance: instance })
      }
    }
    scene.file('web.yaml', file(`resource: ${PLAN}, metric: CpuPercentage, instance: Instance`))
    const { facts, scores } = await report('--from', '1d', '--step', '5m')
    expect(facts.Record).toContain('287 bins of 5 min')
    expect(scores.instanceHours.values['as recorded']).toBeCloseTo((3 * 287 * 5) / 60, 6)
  })

  it('plays without the count of instances where Azure does not tell it, and says so', async () => {
    monitor.put(PLAN, 'BytesReceived', NOON - 120 * MINUTE, 5_000, { Instance: 'RD01', Direction: 'In' })
    monitor.put(PLAN, 'BytesReceived', NOON - 10 * MINUTE, 5_000, { Instance: 'RD01', Direction: 'In' })
    scene.file('web.yaml', file(`resource: ${PLAN}, metric: BytesReceived`).replaceAll('%"', '"'))
    const { code, out, err } = await played('--from', '3h', '--model', 'per-instance=1000')
    expect([code, err]).toEqual([0, ''])
    expect(out).toContain('"instances" could not be read and is left out: nothing was kept of it')
  })

  it('plays what was imported from Azure, as it was imported', async () => {
    putDays(NOON - 2 * DAY, NOON)
    scene.file('web.json', JSON.stringify(setting()))
    expect((await scene.run(['import', 'azure', 'web.json', '-o', 'imported.yaml'])).code).toBe(0)
    const text = readFileSync(join(scene.cwd, 'imported.yaml'), 'utf8').replaceAll(SCALE_SET, WEB)
    scene.file('imported.yaml', text.replace('region: westeurope', `endpoint: "${monitor.endpoint}"`))
    expect((await scene.run(['validate', 'imported.yaml'])).code).toBe(0)
    const { code, out, err } = await scene.run([
      ...['backtest', 'imported.yaml', '--history', 'azure-monitor', '--from', '2d'],
    ])
    expect([code, err, out]).toEqual([0, '', expect.stringMatching(/^web on Azure Monitor/)])
  })

  it('compares two files, tunes and fits on the same record', async () => {
    putDays(NOON - 2 * DAY, NOON)
    scene.file('web.yaml', file(`resource: ${WEB}, metric: Percentage CPU, interval: 5m`))
    scene.file('next.yaml', file(`resource: ${WEB}, metric: Percentage CPU, interval: 5m`, 60))
    const history = ['--history', 'azure-monitor', '--from', '2d']
    const compared = await scene.run(['diff', 'web.yaml', 'next.yaml', ...history])
    expect([compared.code, compared.err]).toEqual([0, ''])
    expect(compared.out).toContain('avg(cpu, 10m) > 70% -> avg(cpu, 10m) > 60%')
    expect(compared.out).toContain('before')
    const tuned = await scene.run([
      ...['tune', 'web.yaml', ...history, '--vary', 'rules.Out.threshold=60..80'],
      ...['--budget', '3', '--workers', '1'],
    ])
    expect([tuned.code, tuned.out]).toEqual([0, expect.stringContaining('Azure Monitor')])
    const fitted = await scene.run(['fit', 'web.yaml', ...history, '--load', 'cpu', '--utilization', 'cpu'])
    expect([fitted.code, fitted.out]).toEqual([0, expect.stringContaining('Azure Monitor')])
  })

  it.each<[string, readonly string[], string | null, RegExp]>([
    [
      'a source that keeps nothing',
      ['--history', 'proxy'],
      null,
      /PLM-501: --history proxy: what keeps its metrics is azure-monitor/,
    ],
    ['two records', ['--trace', 'day.csv'], null, /PLM-501: Give one of --trace, --journal and --history/],
    [
      'more than Azure keeps',
      ['--from', '94d'],
      null,
      /PLM-821: Azure Monitor: it keeps metrics for 93 days, since 2026-08-20T12:00/,
    ],
    [
      'a time that was not',
      ['--from', '2026-11-20', '--to', '2026-11-19'],
      null,
      /PLM-509: --to is not after --from/,
    ],
    [
      'a metric that Azure does not have',
      [],
      `resource: ${WEB}, metric: Percentage Luck`,
      /PLM-822: Azure Monitor: .*could not be read, tried 1 time: PLM-765/,
    ],
    ['a time of which nothing was kept', [], null, /PLM-823: Azure Monitor: nothing was kept of cpu between/],
    [
      'a step that bins do not make',
      ['--step', '90s'],
      null,
      /PLM-824: Azure Monitor: its bins are 1 min long, and 90 s is no multiple .* give 2m\./,
    ],
  ])('refuses %s', async (_, argv, metric, message) => {
    if (metric !== null) scene.file('web.yaml', file(metric))
    const { code, out, err } = await played(...argv)
    expect([code, out]).toEqual([2, ''])
    expect(err.replace(/\s+/g, ' ')).toMatch(message)
  })

  it('refuses a fleet that reads nothing from there, and a fit without a file', async () => {
    scene.file(
      'web.yaml',
      file().replace(/cpu: \{.*\}/, 'cpu: { source: push, kind: perInstance, unit: percent }'),
    )
    expect((await played()).err).toMatch(
      /PLM-820: Azure Monitor: no rule of "web" reads a metric with source: azure-monitor; they read cpu \(push\)/,
    )
    expect((await scene.run(['fit', '--history', 'azure-monitor'])).err).toMatch(/PLM-501: Say whose history/)
  })

  it('gives up where Azure stays away', async () => {
    monitor.faults.push({
      method: 'POST',
      path: /./,
      what: { status: 429, headers: { 'retry-after': '3600' } },
      times: 99,
    })
    const { code, err } = await played('--from', '1d')
    expect([code, err.replace(/\s+/g, ' ')]).toEqual([
      2,
      expect.stringMatching(/PLM-822: .*tried \d times?: PLM-762/),
    ])
  })
})
