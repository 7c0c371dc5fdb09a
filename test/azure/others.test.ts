/**
 * A scale set that others act on too: Azure's automatic repairs and zone rebalancing, its autoscale, and whoever lowers the capacity. And what else is
 * done to single instances: restarts in place, launches by zone.
 */

import { afterEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../src/plugins/clocks/system.ts'
import type { AzureVmssContext } from '../../src/plugins/targets/azure-vmss.ts'
import { victims } from '../../src/ports/target.acceptance.ts'
import type { LaunchResult, TerminateResult } from '../../src/ports/target.ts'
import type { FakeVm } from './arm.ts'
import { type AzureRig, azureRig, type RigOptions } from './rig.ts'

const signal = AbortSignal.timeout(120_000)
const rigs: AzureRig[] = []
const MODES = ['Uniform', 'Flexible'] as const

async function rigOf(options: RigOptions, context: AzureVmssContext = {}): Promise<AzureRig> {
  const rig = await azureRig(options, context)
  rigs.push(rig)
  return rig
}

afterEach(async () => {
  for (const rig of rigs.splice(0)) await rig.stop()
})

const order = (token: string, zone: string | null = null) => ({ token, zone })

function told(results: readonly (LaunchResult | TerminateResult)[]): string[] {
  return results.map(result => {
    if (!result.ok) return `${result.kind} ${result.error.slice(0, 7)}`
    return 'state' in result ? result.state : 'launched'
  })
}

async function filled(rig: AzureRig, count: number): Promise<readonly FakeVm[]> {
  await rig.target.launch(
    Array.from({ length: count }, (_, n) => order(`first/${n}`)),
    signal,
  )
  await ready(rig, count)
  return [...rig.arm.vms.values()]
}

async function ready(rig: AzureRig, count: number): Promise<void> {
  await rig.settle(
    instances => instances.length === count && instances.every(({ lifecycle }) => lifecycle === 'ready'),
  )
}

/** As a tick does: it looks, and keeps in order what there is. */
async function tick({ target }: AzureRig) {
  const instances = await target.listInstances(signal)
  await target.tend?.(signal)
  return instances
}

const guarded = ({ arm }: AzureRig) =>
  [...arm.vms.values()].filter(vm => vm.protection?.protectFromScaleIn === true).map(vm => vm.name)
const PROTECT = { method: 'PUT', path: /virtualMachines\/[^/]+$/i }

describe.each(MODES)('protection of a %s scale set', mode => {
  it('is set on those that are ready, five in a tick, and holds against others', async () => {
    const rig = await rigOf({ mode, protect: true })
    const vms = await filled(rig, 7)
    await tick(rig)
    expect(guarded(rig)).toHaveLength(5)
    await tick(rig)
    expect(guarded(rig)).toHaveLength(7)
    await tick(rig)
    expect(rig.arm.count('PUT', PROTECT.path)).toBe(7)
    const own = rig.arm.addVm()
    expect(rig.arm.scaleInByOther()?.name).toBe(own.name)
    expect(rig.arm.scaleInByOther()).toBeNull()
    expect((await rig.target.check(signal)).detail).toContain('7 of 7 protected from scale-in by others')

    const [first] = vms
    expect(told(await rig.target.terminate(victims(first?.name ?? ''), signal))).toEqual(['terminating'])
  })

  it('is lifted from one that is unhealthy, so that Azure repairs it', async () => {
    const rig = await rigOf({ mode, protect: true })
    rig.arm.repairs = { state: 'Running', gracePeriod: 'PT10M' }
    const [sick, well] = await filled(rig, 2)
    await tick(rig)
    if (sick !== undefined) sick.health = 'unhealthy'
    expect(rig.arm.repairUnhealthy()).toEqual([])
    await tick(rig)
    expect(guarded(rig)).toEqual([well?.name])
    expect(rig.arm.repairUnhealthy()).toHaveLength(1)
  })

  it('is lifted from one that is kept deallocated, which goes first then', async () => {
    const rig = await rigOf({ mode, protect: true, scaleIn: 'deallocate' })
    const [first, second] = await filled(rig, 2)
    await tick(rig)
    await rig.target.terminate(victims(first?.name ?? ''), signal)
    await rig.settle(instances => instances.length === 1)
    await tick(rig)
    expect(guarded(rig)).toEqual([second?.name])
    expect(rig.arm.scaleInByOther()?.name).toBe(first?.name)
  })

  it('that fails is told, tried again in a minute, and disturbs nothing', async () => {
    let now = 1_000_000
    const rig = await rigOf({ mode, protect: true }, { clock: { ...systemClock, now: () => now } })
    const [vm] = await filled(rig, 1)
    rig.arm.faults.push({ ...PROTECT, what: { status: 403, code: 'AuthorizationFailed' } })
    await rig.target.listInstances(signal)
    await expect(rig.target.tend?.(signal)).rejects.toThrow(/PLM-774 could not protect .*PLM-763/)
    expect(await tick(rig)).toMatchObject([{ id: vm?.name, lifecycle: 'ready' }])
    expect([guarded(rig), rig.arm.count('PUT', PROTECT.path)]).toEqual([[], 1])
    expect((await rig.target.check(signal)).detail).toContain('PLM-774')
    now += 60_000
    await tick(rig)
    expect(guarded(rig)).toEqual([vm?.name])
    expect((await rig.target.check(signal)).detail).not.toContain('PLM-774')
  })

  it('is left for later while Azure allows few calls', async () => {
    let now = 1_000_000
    const rig = await rigOf({ mode, protect: true }, { clock: { ...systemClock, now: () => now } })
    await filled(rig, 1)
    rig.arm.remaining = 'Microsoft.Compute/GetVMScaleSetVM3Min;9'
    await rig.target.listInstances(signal)
    await rig.target.tend?.(signal)
    expect(guarded(rig)).toEqual([])
    rig.arm.remaining = ''
    now += 60_000
    await tick(rig)
    expect(guarded(rig)).toHaveLength(1)
  })
})

it('leaves a stronger protection that somebody else set as it is', async () => {
  const rig = await rigOf({ protect: true })
  const [vm] = await filled(rig, 1)
  if (vm !== undefined) vm.protection = { protectFromScaleSetActions: true }
  await tick(rig)
  if (vm !== undefined) vm.health = 'unhealthy'
  await tick(rig)
  expect(rig.arm.count('PUT', PROTECT.path)).toBe(0)
})

describe.each(MODES)('automatic repairs of a %s scale set', mode => {
  it('contradict exclusive: true, which is said once and not followed', async () => {
    const said: string[] = []
    const rig = await rigOf({ mode, exclusive: true }, { log: line => said.push(line) })
    rig.arm.repairs = { state: 'Running', gracePeriod: 'PT10M' }
    expect(rig.target.capabilities.exclusive).toBe(true)
    await rig.target.listInstances(signal)
    await rig.target.listInstances(signal)
    expect(rig.target.capabilities.exclusive).toBe(false)
    expect(said).toEqual([expect.stringMatching(/^PLM-773 exclusive: true .*automatic repairs of scale set/)])
    expect(await rig.target.check(signal)).toMatchObject({
      ok: false,
      detail: expect.stringMatching(/^PLM-773 /),
    })
  })

  it('do not, where others are allowed for', async () => {
    const rig = await rigOf({ mode, exclusive: false })
    rig.arm.repairs = { state: 'Running', gracePeriod: 'PT10M' }
    rig.arm.rebalances = true
    const { ok, detail } = await rig.target.check(signal)
    expect(ok).toBe(true)
    expect(detail).toContain('automatic repairs and automatic zone rebalancing of Azure act on it too')
  })

  it('are given time, and then ours take over', async () => {
    let now = 1_000_000
    const rig = await rigOf({ mode }, { clock: { ...systemClock, now: () => now } })
    rig.arm.health = 'healthy'
    rig.arm.repairs = { state: 'Running', gracePeriod: 'PT1H' }
    const [sick] = await filled(rig, 2)
    if (sick !== undefined) sick.health = 'unhealthy'
    const healthOf = async () => {
      const one = (await rig.target.listInstances(signal)).find(({ id }) => id === sick?.name)
      return [one?.lifecycle, one?.health, one?.detail]
    }
    expect(await healthOf()).toEqual([
      'ready',
      'unknown',
      expect.stringContaining("Azure's automatic repairs see to it; after 90 min"),
    ])
    now += 5_400_000
    expect(await healthOf()).toEqual(['ready', 'unhealthy', expect.any(String)])
  })

  it('that are suspended leave it to ours at once, where Azure tells', async () => {
    const rig = await rigOf({ mode })
    rig.arm.repairs = { state: 'Suspended', gracePeriod: 'PT10M' }
    const [sick] = await filled(rig, 1)
    if (sick !== undefined) sick.health = 'unhealthy'
    const [instance] = await rig.target.listInstances(signal)
    expect(instance?.health).toBe(mode === 'Uniform' ? 'unhealthy' : 'unknown')
  })

  it('launch the successor themselves: an order meanwhile is not launched beside it', async () => {
    const rig = await rigOf({ mode })
    rig.arm.repairs = { state: 'Running', gracePeriod: 'PT10M' }
    const [sick] = await filled(rig, 2)
    // Deleted first, and its successor only launched when Azure is asked to fill up.
    if (sick !== undefined) Object.assign(sick, { provisioning: 'Deleting', left: 50 })
    expect(told(await rig.target.launch([order('next/1')], signal))).toEqual(['launched'])
    expect([rig.arm.capacity, rig.arm.vms.size]).toEqual([2, 3])
  })

  it.each([true, false])('replace one, whether under its id (%s) or another', async keepsId => {
    const rig = await rigOf({ mode })
    rig.arm.repairs = { state: 'Running', gracePeriod: 'PT10M' }
    const [sick] = await filled(rig, 2)
    const [before] = await rig.target.listInstances(signal)
    if (sick !== undefined) sick.health = 'unhealthy'
    rig.arm.repairUnhealthy({ keepsId })
    await ready(rig, 2)
    const after = await rig.target.listInstances(signal)
    expect(after.map(({ incarnation }) => incarnation)).not.toContain(before?.incarnation)
    expect(after.some(({ id }) => id === before?.id)).toBe(keepsId)
    const late = [{ id: before?.id ?? '', incarnation: before?.incarnation ?? null }]
    expect(told(await rig.target.terminate(late, signal))).toEqual(['gone'])
    expect([rig.arm.vms.size, rig.arm.capacity]).toEqual([2, 2])
  })
})

it('takes zone rebalancing for another actor too', async () => {
  const rig = await rigOf({ exclusive: true })
  rig.arm.rebalances = true
  const [first] = await filled(rig, 2)
  expect(rig.target.capabilities.exclusive).toBe(false)
  const successor = rig.arm.rebalance(first?.instanceId ?? '', '3')
  await ready(rig, 2)
  const ids = (await rig.target.listInstances(signal)).map(({ id }) => id)
  expect(ids).toContain(successor.name)
  expect(ids).not.toContain(first?.name)
})

describe.each(MODES)('a restart in a %s scale set', mode => {
  const RESTART = { method: 'POST', path: /\/restart$/ }

  it('boots the chosen one again, and shows it booting until Azure has done it', async () => {
    const rig = await rigOf({ mode })
    const [first, second] = await filled(rig, 2)
    const [victim] = await rig.target.listInstances(signal)
    const chosen = [{ id: victim?.id ?? '', incarnation: victim?.incarnation ?? null }]
    expect(await rig.target.restart?.(chosen, signal)).toMatchObject([{ ok: true }])
    expect(await rig.target.listInstances(signal)).toMatchObject([
      { id: first?.name, lifecycle: 'booting', detail: 'it restarts', incarnation: victim?.incarnation },
      { id: second?.name, lifecycle: 'ready' },
    ])
    await ready(rig, 2)
    expect([first?.restarts, second?.restarts]).toEqual([1, 0])
  })

  it.each([
    ['of another VM that has the id by now is none', 'gone', 0],
    ['whose request is lost is not known', 'unavailable PLM-761', 0],
    ['whose reply is lost is not known, and not asked for again', 'unavailable PLM-761', 1],
    ['that is refused says so', 'refused PLM-763', 0],
  ] as const)('%s: %s', async (name, expected, restarts) => {
    const rig = await rigOf({ mode })
    const [vm] = await filled(rig, 1)
    const [victim] = await rig.target.listInstances(signal)
    const chosen = [{ id: victim?.id ?? '', incarnation: victim?.incarnation ?? null }]
    if (expected === 'gone') rig.arm.replaceVm(vm?.instanceId ?? '')
    if (name.includes('request')) rig.arm.faults.push({ ...RESTART, what: 'dropped' })
    if (name.includes('reply')) rig.arm.faults.push({ ...RESTART, what: 'lost' })
    if (name.includes('refused')) rig.arm.faults.push({ ...RESTART, what: { status: 403 } })
    expect(told((await rig.target.restart?.(chosen, signal)) ?? [])).toEqual([expected])
    expect(vm?.restarts).toBe(restarts)
  })

  it('of one that is being deleted leaves the others to be restarted', async () => {
    const rig = await rigOf({ mode })
    const [going, other] = await filled(rig, 2)
    rig.arm.faults.push({
      ...RESTART,
      what: 'nothing',
      also: () => rig.arm.removeVm(going?.instanceId ?? ''),
    })
    const chosen = victims(going?.name ?? '', other?.name ?? '')
    const results = told((await rig.target.restart?.(chosen, signal)) ?? [])
    expect(results[1]).toBe('terminating')
    expect([results[0]?.split(' ')[0], other?.restarts]).toEqual([
      mode === 'Uniform' ? 'refused' : 'not-found',
      1,
    ])
  })
})

describe.each(MODES)('a launch by zone in a %s scale set', mode => {
  const SCALE_OUT = { method: 'POST', path: /\/scaleOut$/ }
  const ZONES = ['1', '2', '3']

  it('goes to the zone that is ordered, and each order has its own', async () => {
    const rig = await rigOf({ mode, zones: ZONES })
    expect(rig.target.capabilities.zones).toEqual(ZONES)
    const orders = [order('a', '3'), order('b', '3'), order('c', '1'), order('d')]
    const results = await rig.target.launch(orders, signal)
    const zoneOf = (token: string) => {
      const result = results.find(one => one.token === token)
      const vm = [...rig.arm.vms.values()].find(({ name }) => result?.ok === true && name === result.instance)
      return vm?.zone
    }
    expect([zoneOf('a'), zoneOf('b'), zoneOf('c')]).toEqual(['3', '3', '1'])
    expect([rig.arm.vms.size, rig.arm.capacity, rig.arm.lowered]).toEqual([4, 4, 0])
    expect(rig.arm.count('POST', SCALE_OUT.path)).toBe(2)
  })

  it('leaves zones to Azure where none are configured', async () => {
    const rig = await rigOf({ mode })
    expect(told(await rig.target.launch([order('a', '3')], signal))).toEqual(['launched'])
    expect([rig.arm.count('POST', SCALE_OUT.path), [...rig.arm.vms.values()][0]?.zone]).toEqual([0, '1'])
  })

  it.each([
    ['lost', ['launched', 'launched'], 2],
    ['dropped', ['launched', 'launched'], 2],
    [{ status: 500 }, ['launched', 'launched'], 2],
    [{ status: 412 }, ['launched', 'launched'], 2],
    [{ status: 409, code: 'OperationNotAllowed' }, ['refused PLM-765', 'launched'], 1],
    [{ status: 429, headers: { 'retry-after': '60' } }, ['throttled PLM-762', 'throttled PLM-762'], 0],
  ] as const)('that meets %j comes to %j', async (what, expected, count) => {
    const rig = await rigOf({ mode, zones: ZONES })
    rig.arm.faults.push({ ...SCALE_OUT, what })
    expect(told(await rig.target.launch([order('a', '1'), order('b', '2')], signal))).toEqual(expected)
    expect([rig.arm.vms.size, rig.arm.capacity]).toEqual([count, count])
  })

  it('where there is no room is refused, and its place is filled by a launch in another', async () => {
    const rig = await rigOf({ mode, zones: ZONES })
    rig.arm.nextOperationError = { code: 'ZonalAllocationFailed', message: 'no room in zone 1' }
    const results = await rig.target.launch([order('a', '1')], signal)
    expect(told(results)).toEqual(['refused PLM-767'])
    expect(JSON.stringify(results[0])).toContain('no room in zone 1')
    expect(told(await rig.target.launch([order('b', '2')], signal))).toEqual(['launched'])
    expect([...rig.arm.vms.values()].map(({ zone }) => zone)).toEqual(['2'])
    expect(rig.arm.capacity).toBe(1)
  })

  it('that Azure takes for an addition is the last one', async () => {
    const rig = await rigOf({ mode, zones: ZONES })
    rig.arm.addsByZone = true
    await rig.target.launch([order('a', '1')], signal)
    await rig.target.launch([order('b', '2')], signal)
    const count = rig.arm.capacity
    expect(told(await rig.target.launch([order('c', '3')], signal))).toEqual(['misconfigured PLM-775'])
    expect([rig.arm.capacity, rig.arm.count('POST', SCALE_OUT.path)]).toEqual([count, 2])
  })

  it('in a zone the set does not have is refused, and its check says so before', async () => {
    const rig = await rigOf({ mode, zones: ['1', '9'] })
    expect((await rig.target.check(signal)).detail).toContain('it has no zone 9')
    expect(told(await rig.target.launch([order('a', '9')], signal))).toEqual(['refused PLM-765'])
  })
})
