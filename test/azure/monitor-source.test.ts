/**
 * The source `azure-monitor`: what it asks for at once, which bins it takes, and what becomes of everything that Azure does not answer.
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { metricSourceAcceptance } from '../../src/ports/metric-source.acceptance.ts'
import type { MetricAnswer } from '../../src/ports/metric-source.ts'
import { PLAN, SHOP, WEB } from './monitor.ts'
import { type Keys, MINUTE, type MonitorRig, monitorRig, NOON } from './monitor-rig.ts'

const CPU: Keys = { resource: WEB, metric: 'Percentage CPU' }
const FIRST = NOON - 10 * MINUTE

metricSourceAcceptance('the azure-monitor source', async () => {
  const rig = await monitorRig()
  const names: Readonly<Record<string, string>> = {
    first: 'Percentage CPU',
    second: 'Network In Total',
    luck: 'Percentage Luck',
  }
  const query = (fleet: string, metric: string) => ({
    fleet,
    metric: rig.spec({ resource: WEB, metric: names[metric] ?? metric, aggregation: 'average' }, metric),
  })
  rig.monitor.faults.push({ method: 'POST', path: /c0de/, what: 'silent', times: 99 })
  return {
    source: rig.source,
    now: () => rig.clock.at,
    query,
    offer: (metric, value) => rig.monitor.put(WEB, names[metric] ?? metric, NOON - 1, value),
    failing: query('web', 'luck'),
    hanging: {
      fleet: 'web',
      metric: rig.spec({ ...CPU, resource: WEB.replace('-000000000001', '-00000000c0de') }),
    },
    cleanUp: () => rig.stop(),
  }
})

describe('the azure-monitor source', () => {
  let rig: MonitorRig

  beforeEach(async () => {
    rig = await monitorRig()
  })
  afterEach(() => rig.stop())

  const calls = () => rig.monitor.count('POST', /metrics:getBatch/)
  const gapOf = (answer: MetricAnswer | undefined) =>
    answer !== undefined && 'gap' in answer ? answer.gap : null

  it('takes a bin as a sample at its last millisecond', async () => {
    rig.monitor.put(WEB, 'Percentage CPU', FIRST, 40)
    rig.monitor.put(WEB, 'Percentage CPU', FIRST + 30_000, 50)
    rig.monitor.put(WEB, 'Percentage CPU', FIRST + MINUTE, 60)
    expect(await rig.samples(CPU)).toEqual([
      { at: FIRST + MINUTE - 1, value: 45 },
      { at: FIRST + 2 * MINUTE - 1, value: 60 },
    ])
  })

  it('knows no zero where Azure has nothing, and nothing of a bin that has not ended', async () => {
    rig.monitor.put(WEB, 'Percentage CPU', NOON, 40)
    rig.clock.at = NOON + 30_000
    expect(await rig.samples(CPU)).toEqual([])
    rig.clock.at = NOON + MINUTE
    expect(await rig.samples(CPU)).toEqual([{ at: NOON + MINUTE - 1, value: 40 }])
  })

  it('leaves a bin that is younger than its delay for later, since Azure may add to it', async () => {
    rig.monitor.put(WEB, 'Percentage CPU', NOON - 3 * MINUTE, 40)
    rig.clock.at = NOON
    const late = { ...CPU, delay: '3m' }
    expect(await rig.samples(late)).toEqual([])
    rig.clock.at = NOON + MINUTE
    expect(await rig.samples(late)).toHaveLength(1)
  })

  it('asks for what can be asked for together in one call', async () => {
    rig.monitor.put(WEB, 'Percentage CPU', FIRST, 40, { VMName: 'web_0' })
    rig.monitor.put(WEB, 'Network In Total', FIRST, 1000)
    rig.monitor.put(WEB, 'Network In Total', FIRST, 500)
    rig.monitor.put(SHOP, 'Percentage CPU', FIRST, 70)
    const answers = await rig.read([
      CPU,
      { ...CPU, aggregation: 'maximum' },
      { resource: WEB, metric: 'Network In Total' },
      { resource: SHOP, metric: 'percentage cpu' },
      CPU,
    ])
    expect(calls()).toBe(1)
    expect(answers.map(answer => ('gap' in answer ? answer.gap : answer.samples[0]?.value))).toEqual([
      40, 40, 1500, 70, 40,
    ])
    await rig.read([CPU, { ...CPU, instance: 'VMName' }, { ...CPU, interval: '5m' }])
    expect(calls()).toBe(4)
  })

  it('names each of many instances', async () => {
    for (let index = 0; index < 30; index += 1) {
      rig.monitor.put(WEB, 'Percentage CPU', FIRST, index, { VMName: `web_${index}` })
    }
    const samples = await rig.samples({ ...CPU, instance: 'VMName' })
    expect(samples).toHaveLength(30)
    expect(samples).toContainEqual({ at: FIRST + MINUTE - 1, value: 29, instance: 'web_29' })
  })

  it('chooses by dimensions as Azure Monitor autoscale does, and splits by others', async () => {
    const received: Keys = { resource: PLAN, metric: 'BytesReceived' }
    for (const [instance, direction, value] of [
      ['RD01', 'In', 1],
      ['RD01', 'Out', 20],
      ["RD'02", 'In', 300],
      ['RD03', 'In', 4000],
    ] as const) {
      rig.monitor.put(PLAN, 'BytesReceived', FIRST, value, { Instance: instance, Direction: direction })
    }
    const told = async (keys: Keys) =>
      (await rig.samples({ ...received, ...keys })).map(({ value, instance, labels }) =>
        [instance, ...Object.values(labels ?? {}), value].filter(part => part !== undefined).join(' '),
      )
    expect(await told({})).toEqual(['4321'])
    expect(await told({ dimensions: { Instance: ['RD01', 'RD03'] } })).toEqual(['4021'])
    expect(await told({ dimensions: { Instance: { not: ["RD'02", 'RD03'] } } })).toEqual(['21'])
    expect(await told({ dimensions: { Instance: ['RD01'], Direction: { not: ['In'] } } })).toEqual(['20'])
    expect(await told({ splitBy: ['Direction'] })).toEqual(['In 4301', 'Out 20'])
    expect(await told({ instance: 'Instance', dimensions: { Instance: { not: ['RD03'] } } })).toEqual([
      'RD01 21',
      "RD'02 300",
    ])
    expect(await told({ instance: 'Instance', splitBy: ['Direction'] })).toEqual([
      'RD01 In 1',
      'RD01 Out 20',
      "RD'02 In 300",
      'RD03 In 4000',
    ])
  })

  it.each<[string, Keys, string]>([
    ['the grain, where Azure has such bins', { grain: '5m' }, 'PT5M'],
    ['the longest that fits into the grain', { grain: '45m' }, 'PT15M'],
    ['a day', { grain: '1d' }, 'P1D'],
    ['a minute', { grain: '90s' }, 'PT1M'],
    ['what is said', { grain: '1h', interval: '6h' }, 'PT6H'],
  ])('has bins as long as %s', async (_, keys, interval) => {
    rig.monitor.put(WEB, 'Percentage CPU', NOON - 2 * 86_400_000, 40)
    await rig.read([{ ...CPU, ...keys }], 3 * 86_400_000)
    expect(rig.monitor.queries.map(query => query.get('interval'))).toEqual([interval])
  })

  it('finds a metric by the name it was asked for by, whatever people call it and however ids are spelled', async () => {
    rig.monitor.shouts = true
    rig.monitor.put(PLAN, 'CpuPercentage', FIRST, 41.5)
    expect(await rig.samples({ resource: PLAN, metric: 'cpuPercentage' })).toHaveLength(1)
  })

  it('makes a gap of what Azure refuses, of that metric and of no other', async () => {
    rig.monitor.put(WEB, 'Percentage CPU', FIRST, 40)
    rig.monitor.put(SHOP, 'Percentage CPU', FIRST, 50)
    rig.monitor.troubles.set(SHOP, { code: 'InternalError', message: 'try again\nlater' })
    const answers = await rig.read([
      CPU,
      { resource: WEB, metric: 'Percentage Luck' },
      { resource: SHOP, metric: 'Percentage CPU' },
      { ...CPU, instance: 'Instance' },
    ])
    expect('samples' in (answers[0] ?? {})).toBe(true)
    expect(answers.slice(1).map(gapOf)).toEqual([
      expect.stringMatching(
        /^PLM-765 tried to read Percentage Luck of .*Failed to find metric configuration/,
      ),
      `PLM-788 Azure Monitor refused metric "Percentage CPU" of ${SHOP}: InternalError, try again later`,
      expect.stringContaining('does not support requested dimension Instance'),
    ])
  })

  it('says so where Azure passes over a resource, or does not name an instance', async () => {
    rig.monitor.unknown.add(SHOP)
    rig.monitor.put(WEB, 'Percentage CPU', FIRST, 40, { VMName: 'w'.repeat(201) })
    const [shop, web] = await rig.read([
      { resource: SHOP, metric: 'Percentage CPU' },
      { ...CPU, instance: 'VMName' },
    ])
    expect(gapOf(shop)).toBe(
      `PLM-789 Azure Monitor answered nothing about metric "Percentage CPU" of ${SHOP}`,
    )
    expect(gapOf(web)).toBe(
      'PLM-790 metric "Percentage CPU" has no dimension "VMName" with values of up to 200 characters; it has "vmname"',
    )
  })

  it('counts what Azure knows no instance of, as of nobody', async () => {
    rig.monitor.put(WEB, 'Percentage CPU', FIRST, 40, { VMName: 'web_0' })
    rig.monitor.put(WEB, 'Percentage CPU', FIRST, 10)
    expect(await rig.samples({ ...CPU, instance: 'VMName' })).toEqual([
      { at: FIRST + MINUTE - 1, value: 40, instance: 'web_0' },
      { at: FIRST + MINUTE - 1, value: 10 },
    ])
  })

  it('asks nothing while Azure wants to be left alone, and again after that', async () => {
    rig.monitor.put(WEB, 'Percentage CPU', FIRST, 40)
    rig.monitor.faults.push({
      method: 'POST',
      path: /./,
      what: { status: 429, headers: { 'retry-after': '30' } },
    })
    expect(gapOf((await rig.read([CPU]))[0])).toMatch(/^PLM-762 /)
    expect(gapOf((await rig.read([CPU]))[0])).toMatch(/^PLM-762 .* asked again in 30 s/)
    expect(calls()).toBe(1)
    rig.clock.at += 30_000
    expect(await rig.samples(CPU)).toHaveLength(1)
  })

  it('tries again where a connection breaks, and gives up in time where nothing comes', async () => {
    rig.monitor.put(WEB, 'Percentage CPU', FIRST, 40)
    rig.monitor.faults.push({ method: 'POST', path: /./, what: 'dropped', times: 2 })
    expect(await rig.samples(CPU)).toHaveLength(1)
    rig.monitor.faults.push({ method: 'POST', path: /./, what: 'silent', times: 9 })
    expect(gapOf((await rig.read([{ ...CPU, timeout: '100ms' }]))[0])).toMatch(/^PLM-761 .*no answer in time/)
  })

  it('reads no more at once than it can hold', async () => {
    const small = await monitorRig({ mostSamples: 5 })
    for (let index = 0; index < 6; index += 1) {
      small.monitor.put(WEB, 'Percentage CPU', FIRST + index * MINUTE, index)
    }
    expect(gapOf((await small.read([CPU]))[0])).toMatch(
      /^PLM-791 metric "Percentage CPU" has 6 values in its window/,
    )
    await small.stop()
  })

  it('asks for a day at most, however far back a window reaches', async () => {
    await rig.read([CPU], 30 * 86_400_000)
    expect(rig.monitor.queries.map(query => query.get('starttime'))).toEqual([
      new Date(NOON - 1440 * MINUTE).toISOString(),
    ])
  })

  it('says which packages to install where the clients are missing', async () => {
    const bare = await monitorRig({ loadSdk: () => Promise.reject(new Error('Cannot find package')) })
    expect(gapOf((await bare.read([CPU]))[0])).toMatch(
      /^PLM-760 the source azure-monitor needs .* Run `npm install @azure\/monitor-query-metrics @azure\/identity`/,
    )
    await bare.stop()
  })

  it('says how far behind Azure is, and when a delay is too short for that', async () => {
    const cpu = rig.spec({ ...CPU, delay: '3m' })
    const slow = await monitorRig({ metrics: () => [{ ...cpu, options: slow.spec(CPU).options }] })
    const check = () => slow.source.check(AbortSignal.timeout(20_000))
    expect(await check()).toEqual({
      ok: false,
      detail: 'cpu: no value in the last 30 bins of 1m; is it running, and is it of what is meant?',
    })
    for (let minute = 1; minute <= 20; minute += 1) {
      slow.monitor.put(WEB, 'Percentage CPU', NOON - minute * MINUTE, 40)
    }
    slow.monitor.delayMs = 200_000
    expect(await check()).toEqual({ ok: true, detail: 'cpu: the newest bin ended 4m ago' })
    slow.monitor.delayMs = 5.5 * MINUTE
    expect(await check()).toEqual({
      ok: true,
      detail: 'cpu: the newest bin ended 6m ago, which is more than its delay: set `delay: 5m`',
    })
    slow.monitor.faults.push({ method: 'POST', path: /./, what: { status: 403, code: 'Forbidden' } })
    expect(await check()).toMatchObject({
      ok: false,
      detail: expect.stringMatching(/^PLM-763 .*Monitoring Reader/),
    })
    await slow.stop()
  })
})
