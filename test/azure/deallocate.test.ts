/**
 * A scale set whose instances are deallocated instead of deleted, on a fake Azure that misbehaves: what is kept is started before anything new
 * is launched, one order is one start, and what was meant for a former life never reaches the new one.
 */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../src/plugins/clocks/system.ts'
import { LivesBook } from '../../src/plugins/targets/azure-vmss/lives.ts'
import type { AzureVmssContext } from '../../src/plugins/targets/azure-vmss.ts'
import type { LaunchResult, Target, TerminateResult } from '../../src/ports/target.ts'
import type { FakeVm } from './arm.ts'
import type { Fault } from './fake-azure.ts'
import { type AzureRig, azureRig, type RigOptions } from './rig.ts'

const signal = AbortSignal.timeout(120_000)
const rigs: AzureRig[] = []
const folders: string[] = []

async function rigOf(options: RigOptions, context: AzureVmssContext = {}): Promise<AzureRig> {
  const rig = await azureRig({ scaleIn: 'deallocate', ...options }, context)
  rigs.push(rig)
  return rig
}

afterEach(async () => {
  const lowered = rigs.map(({ arm }) => arm.lowered)
  for (const rig of rigs.splice(0)) await rig.stop()
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
  expect(lowered.every(times => times === 0)).toBe(true)
})

function fileOfLives(): string {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-lives-'))
  folders.push(folder)
  return join(folder, 'web.lives')
}

const order = (token: string, zone: string | null = null) => ({ token, zone })
const START = { method: 'POST', path: /\/start$/ }
const DEALLOCATE = { method: 'POST', path: /\/deallocate$/ }

function told(results: readonly (LaunchResult | TerminateResult)[]): string[] {
  return results.map(result => {
    if (!result.ok) return `${result.kind} ${result.error.slice(0, 7)}`
    return 'state' in result ? result.state : result.instance
  })
}

/** So many are launched, and ready. */
async function filled(rig: AzureRig, count: number): Promise<readonly FakeVm[]> {
  await rig.target.launch(
    Array.from({ length: count }, (_, n) => order(`first/${n}`)),
    signal,
  )
  await rig.settle(
    instances => instances.length === count && instances.every(({ lifecycle }) => lifecycle === 'ready'),
  )
  return [...rig.arm.vms.values()]
}

async function listed(target: Target) {
  return target.listInstances(signal)
}

async function victimOf(target: Target, name: string) {
  const one = (await listed(target)).find(({ id }) => id === name)
  return { id: name, incarnation: one?.incarnation ?? null }
}

/** Deallocated, and seen so. */
async function park(rig: AzureRig, ...names: readonly string[]): Promise<void> {
  for (const name of names) await rig.target.terminate([await victimOf(rig.target, name)], signal)
  await rig.settle(instances => names.every(name => instances.every(({ id }) => id !== name)))
}

const up = ({ arm }: AzureRig) =>
  [...arm.vms.values()].filter(({ power }) => power === 'running' || power === 'starting').map(vm => vm.name)

describe.each(['Uniform', 'Flexible'] as const)('a %s scale set that deallocates', mode => {
  it('keeps who goes, and starts it again before it launches anything, as another incarnation', async () => {
    const rig = await rigOf({ mode })
    const [first, second] = await filled(rig, 2)
    const before = await victimOf(rig.target, first?.name ?? '')
    expect(told(await rig.target.terminate([before], signal))).toEqual(['terminating'])
    await rig.settle(instances => instances.length === 1)
    expect([first?.power, rig.arm.capacity, rig.arm.vms.size]).toEqual(['deallocated', 2, 2])

    const [started, launched] = await rig.target.launch([order('next/1'), order('next/2')], signal)
    expect(started).toMatchObject({ ok: true, instance: first?.name })
    expect(launched?.ok).toBe(true)
    expect([rig.arm.capacity, rig.arm.vms.size, up(rig).length]).toEqual([3, 3, 3])
    const again = (await listed(rig.target)).find(({ id }) => id === first?.name)
    expect(again?.token).toBe('next/1')
    expect(again?.launchedAt).toBeGreaterThan(first?.createdAt ?? Number.POSITIVE_INFINITY)
    expect(again?.incarnation).toBe(`${before.incarnation}.1`)

    expect(told(await rig.target.terminate([before], signal))).toEqual(['gone'])
    expect(up(rig)).toContain(first?.name)
    expect(up(rig)).toContain(second?.name)
  })

  const deallocations: readonly {
    readonly name: string
    readonly fault: Fault
    readonly told: string
    readonly power: string
  }[] = [
    {
      name: 'whose reply is lost is on its way',
      fault: { ...DEALLOCATE, what: 'lost' },
      told: 'terminating',
      power: 'deallocating',
    },
    {
      name: 'whose request is lost is asked for again',
      fault: { ...DEALLOCATE, what: 'dropped' },
      told: 'unavailable PLM-761',
      power: 'running',
    },
    {
      name: 'that is answered 429 waits',
      fault: { ...DEALLOCATE, what: { status: 429, headers: { 'retry-after': '0' } } },
      told: 'throttled PLM-762',
      power: 'running',
    },
    {
      name: 'that is refused stays',
      fault: { ...DEALLOCATE, what: { status: 403, code: 'AuthorizationFailed' } },
      told: 'refused PLM-763',
      power: 'running',
    },
  ]
  it.each(deallocations)('a deallocation $name', async ({ fault, told: expected, power }) => {
    const rig = await rigOf({ mode })
    const [vm] = await filled(rig, 1)
    const victim = await victimOf(rig.target, vm?.name ?? '')
    rig.arm.faults.push({ ...fault })
    expect(told(await rig.target.terminate([victim], signal))).toEqual([expected])
    expect(vm?.power).toBe(power)
    expect(await rig.target.terminate([victim], signal)).toMatchObject([{ ok: true }])
    await rig.settle(instances => instances.length === 0)
    expect(told(await rig.target.terminate([victim], signal))).toEqual(['gone'])
    expect([vm?.power, rig.arm.capacity]).toEqual(['deallocated', 1])
  })

  const starts: readonly {
    readonly name: string
    readonly fault: Fault
    readonly capacity: number
  }[] = [
    { name: 'whose reply is lost', fault: { ...START, what: 'lost' }, capacity: 1 },
    { name: 'whose request is lost', fault: { ...START, what: 'dropped' }, capacity: 1 },
    { name: 'that is answered 500', fault: { ...START, what: { status: 500 } }, capacity: 1 },
    {
      name: 'that is refused, so that another is launched,',
      fault: { ...START, what: { status: 409, code: 'OperationNotAllowed' } },
      capacity: 2,
    },
  ]
  it.each(starts)('a start $name is one instance', async ({ fault, capacity }) => {
    const rig = await rigOf({ mode })
    const [vm] = await filled(rig, 1)
    await park(rig, vm?.name ?? '')
    rig.arm.faults.push({ ...fault })
    expect(await rig.target.launch([order('next/1')], signal)).toMatchObject([{ ok: true }])
    await rig.settle(instances => instances[0]?.lifecycle === 'ready')
    expect([up(rig).length, rig.arm.capacity]).toEqual([1, capacity])
  })

  it('starts nothing for an order that the capacity was raised for, though somebody went meanwhile', async () => {
    const rig = await rigOf({ mode, appearMs: 30 })
    const [vm] = await filled(rig, 1)
    rig.arm.hidesNew = true
    expect(told(await rig.target.launch([order('next/1')], signal))).toEqual(['unavailable PLM-770'])
    await park(rig, vm?.name ?? '')
    expect(told(await rig.target.launch([order('next/1')], signal))).toEqual(['unavailable PLM-770'])
    rig.arm.showAll()
    const [launched] = await rig.target.launch([order('next/1')], signal)
    expect(launched).toMatchObject({ ok: true })
    expect([vm?.power, rig.arm.capacity]).toEqual(['deallocated', 2])
  })

  it('holds a start that was never answered for begun, whatever the next answer says', async () => {
    const rig = await rigOf({ mode })
    const [vm] = await filled(rig, 1)
    await park(rig, vm?.name ?? '')
    rig.arm.faults.push({ ...START, what: 'lost' }, { ...START, what: { status: 409, code: 'Conflict' } })
    expect(told(await rig.target.launch([order('next/1')], signal))).toEqual([vm?.name])
    expect(rig.arm.capacity).toBe(1)
  })

  it('with a ledger holds that across a restart of ours, too', async () => {
    const rig = await rigOf({ mode, ledger: true, appearMs: 30 }, { lives: new LivesBook(fileOfLives()) })
    const [vm] = await filled(rig, 1)
    rig.arm.hidesNew = true
    await rig.target.launch([order('next/1')], signal)
    await park(rig, vm?.name ?? '')
    const next = rig.again()
    rig.arm.showAll()
    expect(await next.launch([order('next/1')], signal)).toMatchObject([{ ok: true }])
    expect([vm?.power, rig.arm.capacity]).toEqual(['deallocated', 2])
  })

  it('a start that is answered 429 launches nothing else', async () => {
    const rig = await rigOf({ mode })
    const [vm] = await filled(rig, 1)
    await park(rig, vm?.name ?? '')
    rig.arm.faults.push({ ...START, what: { status: 429, headers: { 'retry-after': '0' } } })
    expect(told(await rig.target.launch([order('next/1')], signal))).toEqual(['throttled PLM-762'])
    expect(rig.arm.capacity).toBe(1)
    expect(told(await rig.target.launch([order('next/2')], signal))).toEqual([vm?.name])
  })

  it('that gives up on a start says so, and launches another for the next order', async () => {
    let now = 1_000_000
    const rig = await rigOf({ mode }, { clock: { ...systemClock, now: () => now } })
    const [vm] = await filled(rig, 1)
    await park(rig, vm?.name ?? '')
    rig.arm.nextStartError = { code: 'AllocationFailed', message: 'no room for this size' }
    const [refused] = await rig.target.launch([order('next/1')], signal)
    expect(refused).toMatchObject({ ok: false, kind: 'refused' })
    expect(JSON.stringify(refused)).toMatch(/PLM-772 .*no room for this size/)
    expect(told(await rig.target.launch([order('next/2')], signal))).not.toEqual([vm?.name])
    expect([rig.arm.capacity, vm?.power]).toEqual([2, 'deallocated'])
    now += 600_000
    expect(told(await rig.target.launch([order('next/3')], signal))).toEqual([vm?.name])
  })

  it('stays open while a start is not seen, and starts nothing else for it', async () => {
    const rig = await rigOf({ mode, appearMs: 30 })
    const [first, second] = await filled(rig, 2)
    await park(rig, first?.name ?? '', second?.name ?? '')
    rig.arm.holdsStarts = true
    for (let n = 0; n < 3; n += 1) {
      expect(told(await rig.target.launch([order('next/1')], signal))).toEqual(['unavailable PLM-770'])
    }
    rig.arm.holdsStarts = false
    await rig.settle(instances => instances.length === 1)
    expect(told(await rig.target.launch([order('next/1')], signal))).toEqual([first?.name])
    expect([up(rig), rig.arm.capacity]).toEqual([[first?.name], 2])
  })

  it('starts many at a time', async () => {
    const rig = await rigOf({ mode })
    const vms = await filled(rig, 12)
    const victims = (await listed(rig.target)).map(({ id, incarnation = null }) => ({ id, incarnation }))
    await rig.target.terminate(victims, signal)
    await rig.settle(instances => instances.length === 0)
    const orders = vms.map((_, n) => order(`next/${n}`))
    expect(new Set(told(await rig.target.launch(orders, signal)))).toEqual(new Set(vms.map(vm => vm.name)))
    expect([up(rig).length, rig.arm.capacity]).toEqual([12, 12])
  })

  it('launches in place of one that somebody deleted meanwhile', async () => {
    const rig = await rigOf({ mode })
    const [first, second] = await filled(rig, 2)
    await park(rig, first?.name ?? '', second?.name ?? '')
    rig.arm.faults.push({ ...START, what: 'nothing', also: () => rig.arm.removeVm(first?.instanceId ?? '') })
    const results = await rig.target.launch([order('next/1'), order('next/2')], signal)
    expect(results.map(({ ok }) => ok)).toEqual([true, true])
    await rig.settle(instances => instances.length === 2)
    expect([up(rig).length, rig.arm.capacity]).toEqual([2, 2])
  })

  it('lists one that was evicted as lost, and keeps it once it is let go', async () => {
    const rig = await rigOf({ mode })
    const [vm] = await filled(rig, 1)
    if (vm !== undefined) vm.power = 'deallocated'
    expect(await listed(rig.target)).toMatchObject([{ lifecycle: 'lost', detail: 'it is deallocated' }])
    const victim = await victimOf(rig.target, vm?.name ?? '')
    expect(told(await rig.target.terminate([victim], signal))).toEqual(['gone'])
    expect(await listed(rig.target)).toEqual([])
    expect(rig.arm.count('POST', DEALLOCATE.path)).toBe(0)
    expect(told(await rig.target.launch([order('next/1')], signal))).toEqual([vm?.name])
  })

  it('deletes what is unhealthy or beyond what is to be kept', async () => {
    const rig = await rigOf({ mode, keepDeallocated: 1 })
    const [sick, first, second] = await filled(rig, 3)
    if (sick !== undefined) sick.health = 'unhealthy'
    const victims = (await listed(rig.target)).map(({ id, incarnation = null }) => ({ id, incarnation }))
    expect(told(await rig.target.terminate(victims, signal))).toEqual(Array(3).fill('terminating'))
    await rig.settle(instances => instances.length === 0)
    expect([...rig.arm.vms.values()].map(({ name }) => name)).toEqual([first?.name])
    expect([first?.power, rig.arm.capacity, second?.provisioning]).toEqual(['deallocated', 1, 'Deleting'])
  })

  it('forgets what somebody deleted, and keeps another in its place', async () => {
    const clock = { ...systemClock, now: () => now }
    let now = 1_000_000
    const rig = await rigOf({ mode, keepDeallocated: 1 }, { clock })
    const [gone, kept] = await filled(rig, 2)
    await park(rig, gone?.name ?? '')
    rig.arm.removeVm(gone?.instanceId ?? '')
    for (const laterMs of [0, 900_000]) {
      now += laterMs
      await listed(rig.target)
    }
    await park(rig, kept?.name ?? '')
    expect([kept?.power, rig.arm.vms.size, rig.arm.capacity]).toEqual(['deallocated', 1, 1])
  })

  it('starts the longest parked first', async () => {
    let now = 1_000_000
    const rig = await rigOf({ mode }, { clock: { ...systemClock, now: () => now } })
    const [a, b, c] = await filled(rig, 3)
    for (const vm of [b, a, c]) {
      now += 1_000
      await park(rig, vm?.name ?? '')
    }
    const results = []
    for (const token of ['1', '2', '3']) results.push(...(await rig.target.launch([order(token)], signal)))
    expect(told(results)).toEqual([b?.name, a?.name, c?.name])
  })

  it('takes one that somebody started for an instance again, in another life', async () => {
    const rig = await rigOf({ mode })
    const [vm] = await filled(rig, 1)
    const before = await victimOf(rig.target, vm?.name ?? '')
    await park(rig, vm?.name ?? '')
    if (vm !== undefined) vm.power = 'running'
    const [back] = await listed(rig.target)
    expect(back).toMatchObject({ id: vm?.name, lifecycle: 'ready', token: null })
    expect(back?.incarnation).toBe(`${before.incarnation}.1`)
    expect(told(await rig.target.terminate([before], signal))).toEqual(['gone'])
    expect(vm?.power).toBe('running')
  })

  it('is not taken in by a list that is behind', async () => {
    const rig = await rigOf({ mode })
    const [vm] = await filled(rig, 1)
    await park(rig, vm?.name ?? '')
    // The lists of the next minute have it running still.
    if (vm !== undefined) vm.power = 'running'
    rig.arm.freezeListings(2)
    if (vm !== undefined) vm.power = 'deallocated'
    expect(await listed(rig.target)).toEqual([])
    expect(await listed(rig.target)).toEqual([])
  })

  it('knows after a restart of ours what it kept, what it was starting, and what was evicted meanwhile', async () => {
    const livesIn = fileOfLives()
    const rig = await rigOf({ mode, appearMs: 30 }, { lives: new LivesBook(livesIn) })
    const [kept, asked, served] = await filled(rig, 3)
    await park(rig, asked?.name ?? '', kept?.name ?? '')
    // It is written down, and we end before Azure hears of it.
    rig.arm.faults.push({ ...START, what: 'dropped', times: 3 })
    expect(told(await rig.target.launch([order('next/1')], signal))).toEqual(['unavailable PLM-770'])
    await rig.target.close()
    if (served !== undefined) served.power = 'deallocated'

    const next = rig.again()
    expect(await listed(next)).toMatchObject([{ id: served?.name, lifecycle: 'lost' }])
    expect(told(await next.launch([order('next/1')], signal))).toEqual([asked?.name])
    expect(up(rig)).toEqual([asked?.name])
    expect(told(await next.launch([order('next/1'), order('next/2')], signal))).toEqual([
      asked?.name,
      kept?.name,
    ])
    expect(rig.arm.capacity).toBe(3)
    expect((await listed(rig.again())).map(({ token }) => token)).toEqual(
      [kept, asked, served].map(vm => (vm === kept ? 'next/2' : vm === asked ? 'next/1' : null)),
    )
  })

  it('that has nothing written down takes what is deallocated for kept', async () => {
    const rig = await rigOf({ mode })
    const [vm] = await filled(rig, 1)
    if (vm !== undefined) vm.power = 'deallocated'
    const next = rig.again()
    expect(await listed(next)).toEqual([])
    expect(told(await next.launch([order('next/1')], signal))).toEqual([vm?.name])
  })

  it('asks nothing of Azure while what is written down cannot be read', async () => {
    const livesIn = fileOfLives()
    const rig = await rigOf({ mode }, { lives: new LivesBook(livesIn) })
    const [vm] = await filled(rig, 1)
    const victim = await victimOf(rig.target, vm?.name ?? '')
    await rig.target.terminate([victim], signal)
    expect(JSON.parse(readFileSync(livesIn, 'utf8'))).toMatchObject({ version: 1 })
    writeFileSync(livesIn, '{"version": 1, "vms": {')
    const asked = rig.arm.asked.length
    await expect(rig.target.listInstances(signal)).rejects.toThrow(/PLM-771 .*web\.lives/)
    expect(told(await rig.target.launch([order('next/1')], signal))).toEqual(['misconfigured PLM-771'])
    await expect(rig.target.terminate([victim], signal)).rejects.toThrow('PLM-771')
    expect(rig.arm.asked).toHaveLength(asked)
  })

  it('starts one in the zone that was ordered, or launches there', async () => {
    const rig = await rigOf({ mode, zones: ['1', '2', '3'] })
    const [one, two] = await filled(rig, 2)
    expect([one?.zone, two?.zone]).toEqual(['1', '2'])
    await park(rig, one?.name ?? '', two?.name ?? '')
    const [started, launched] = await rig.target.launch([order('next/1', '2'), order('next/2', '3')], signal)
    expect(told(started === undefined ? [] : [started])).toEqual([two?.name])
    const fresh = [...rig.arm.vms.values()].at(-1)
    expect([launched?.ok === true && launched.instance, fresh?.zone]).toEqual([fresh?.name, '3'])
    expect(one?.power).toBe('deallocated')
  })
})

it('starts those of the latest model first', async () => {
  const rig = await rigOf({})
  const [old, fresh] = await filled(rig, 2)
  await park(rig, old?.name ?? '')
  await park(rig, fresh?.name ?? '')
  if (old !== undefined) old.isOfLatestModel = false
  expect(told(await rig.target.launch([order('next/1')], signal))).toEqual([fresh?.name])
})

it('says in its check how many are kept', async () => {
  const rig = await rigOf({})
  const [vm] = await filled(rig, 2)
  await park(rig, vm?.name ?? '')
  expect((await rig.target.check(signal)).detail).toMatch(
    /capacity 2, 1 instances listed; 1 kept deallocated/,
  )
})
