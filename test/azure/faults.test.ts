/**
 * The scale set as target, on a fake Azure that misbehaves. Whatever it does: one order is one instance, only who was chosen goes, and the
 * capacity is never lowered.
 */
import { afterEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../src/plugins/clocks/system.ts'
import type { AzureVmssContext, AzureVmssOptions } from '../../src/plugins/targets/azure-vmss.ts'
import { PluginError } from '../../src/ports/plugin.ts'
import { victims } from '../../src/ports/target.acceptance.ts'
import type { LaunchResult, TerminateResult } from '../../src/ports/target.ts'
import type { FakeArm } from './arm.ts'
import type { Fault } from './fake-azure.ts'
import { type AzureRig, azureRig } from './rig.ts'

const signal = AbortSignal.timeout(120_000)
const rigs: AzureRig[] = []

async function rigOf(
  options: Partial<AzureVmssOptions> & { readonly mode?: FakeArm['mode'] } = {},
  context: AzureVmssContext = {},
): Promise<AzureRig> {
  const rig = await azureRig(options, context)
  rigs.push(rig)
  return rig
}

afterEach(async () => {
  const lowered = rigs.map(({ arm }) => arm.lowered)
  for (const rig of rigs.splice(0)) await rig.stop()
  expect(lowered.every(times => times === 0)).toBe(true)
})

const orders = (...tokens: string[]) => tokens.map(token => ({ token, zone: null }))
const RAISE = { method: 'PATCH', path: /virtualMachineScaleSets\/web$/i }
const DELETE = { method: 'POST', path: /\/delete$/ }
const LIST = { method: 'GET', path: /virtualMachines$/i }
const SOON = { 'retry-after': '0' }

function told(results: readonly (LaunchResult | TerminateResult)[]): string[] {
  return results.map(result => {
    if (!result.ok) return `${result.kind} ${result.error.slice(0, 7)}`
    return 'state' in result ? result.state : 'launched'
  })
}

async function ready(rig: AzureRig, count: number): Promise<void> {
  await rig.settle(
    instances => instances.length === count && instances.every(({ lifecycle }) => lifecycle === 'ready'),
  )
}

async function thrownBy(promise: Promise<unknown>): Promise<PluginError> {
  const error = await promise.then(
    () => null,
    (thrown: unknown) => thrown,
  )
  if (error instanceof PluginError) return error
  throw new Error(`expected a PluginError, found ${String(error)}`)
}

describe('a launch in a scale set', () => {
  const cases: readonly {
    readonly name: string
    readonly faults: readonly Fault[]
    readonly told: readonly string[]
    readonly vms: number
  }[] = [
    {
      name: 'whose reply is lost',
      faults: [{ ...RAISE, what: 'lost' }],
      told: ['launched', 'launched'],
      vms: 2,
    },
    {
      name: 'whose request is lost',
      faults: [{ ...RAISE, what: 'dropped' }],
      told: ['launched', 'launched'],
      vms: 2,
    },
    {
      name: 'that is answered 500 and not done',
      faults: [{ ...RAISE, what: { status: 500 } }],
      told: ['launched', 'launched'],
      vms: 2,
    },
    {
      name: 'that is answered 503 once',
      faults: [{ ...RAISE, what: { status: 503, headers: SOON } }],
      told: ['launched', 'launched'],
      vms: 2,
    },
    {
      name: 'that is answered 429',
      faults: [{ ...RAISE, what: { status: 429, headers: { 'retry-after': '60' } } }],
      told: ['throttled PLM-762', 'throttled PLM-762'],
      vms: 0,
    },
    {
      name: 'over the quota',
      faults: [{ ...RAISE, what: { status: 409, code: 'OperationNotAllowed' } }],
      told: ['refused PLM-765', 'refused PLM-765'],
      vms: 0,
    },
    {
      name: 'that is not allowed',
      faults: [{ ...RAISE, what: { status: 403, code: 'AuthorizationFailed' } }],
      told: ['refused PLM-763', 'refused PLM-763'],
      vms: 0,
    },
    {
      name: 'that always meets a changed scale set',
      faults: [{ ...RAISE, what: { status: 412 }, times: 9 }],
      told: ['conflict PLM-765', 'conflict PLM-765'],
      vms: 0,
    },
    {
      name: 'in a scale set that is not there',
      faults: [{ method: 'GET', path: RAISE.path, what: { status: 404 } }],
      told: ['not-found PLM-764', 'not-found PLM-764'],
      vms: 0,
    },
    {
      name: 'without any answer',
      faults: [{ ...RAISE, what: 'silent', times: 4 }],
      told: ['unavailable PLM-761', 'unavailable PLM-761'],
      vms: 0,
    },
  ]

  for (const mode of ['Uniform', 'Flexible'] as const) {
    it.each(cases)(`$name, ${mode}: $told`, async ({ faults, told: expected, vms }) => {
      const { arm, target } = await rigOf({ mode, timeoutMs: 400 })
      arm.faults.push(...faults.map(fault => ({ ...fault })))
      expect(told(await target.launch(orders('web/1/1', 'web/1/2'), signal))).toEqual(expected)
      expect(arm.vms.size).toBe(vms)
    })
  }

  it('launches one more, not one less, when somebody else changed the capacity meanwhile', async () => {
    const { arm, target } = await rigOf()
    arm.faults.push({ ...RAISE, what: 'nothing', also: () => void arm.addVm() })
    expect(told(await target.launch(orders('web/1/1'), signal))).toEqual(['launched'])
    expect([arm.capacity, arm.vms.size]).toEqual([2, 2])
    expect(arm.asked.filter(({ status }) => status === 412)).toHaveLength(1)
  })

  it('is asked again for what no listing shows yet, and raises the capacity once', async () => {
    const { arm, target } = await rigOf({ appearMs: 30 })
    arm.hidesNew = true
    for (let n = 0; n < 3; n += 1) {
      expect(told(await target.launch(orders('web/1/1', 'web/1/2'), signal))).toEqual([
        'unavailable PLM-770',
        'unavailable PLM-770',
      ])
    }
    arm.showAll()
    expect(told(await target.launch(orders('web/1/1', 'web/1/2'), signal))).toEqual(['launched', 'launched'])
    expect([arm.capacity, arm.vms.size]).toEqual([2, 2])
  })

  it('stays open while nobody knows what became of it, and is one instance in the end', async () => {
    const { arm, target } = await rigOf()
    const breaks = { method: 'GET', path: /./, what: { status: 500 }, times: 3 } as const
    arm.faults.push({ ...RAISE, what: 'lost', also: () => arm.faults.push({ ...breaks }) })
    expect(told(await target.launch(orders('web/1/1'), signal))).toEqual(['unavailable PLM-761'])
    arm.faults.push({ ...breaks, what: { status: 403 }, times: 1 })
    expect(told(await target.launch(orders('web/1/1'), signal))).toEqual(['unavailable PLM-763'])
    expect(told(await target.launch(orders('web/1/1'), signal))).toEqual(['launched'])
    expect([arm.capacity, arm.vms.size]).toEqual([1, 1])
  })

  it('after a restart of ours finds the places that are being filled, as long as they are', async () => {
    const { arm, target, again } = await rigOf({ appearMs: 30 })
    arm.hidesNew = true
    await target.launch(orders('web/1/1'), signal)
    const next = again()
    expect(told(await next.launch(orders('web/1/1'), signal))).toEqual(['unavailable PLM-770'])
    expect(arm.capacity).toBe(1)
    arm.showAll()
    expect(told(await next.launch(orders('web/1/1'), signal))).toEqual(['launched'])
    expect(arm.vms.size).toBe(1)
  })

  it('with a ledger knows its tokens again after a restart of ours, whatever is listed', async () => {
    const { arm, target, again } = await rigOf({ ledger: true })
    arm.tags = { owner: 'shop' }
    const first = await target.launch(orders('web/1/1', 'web/1/2'), signal)
    const next = await again().launch(orders('web/1/1', 'web/1/2', 'web/2/1'), signal)
    expect(told(next)).toEqual(['launched', 'launched', 'launched'])
    const ids = (results: readonly LaunchResult[]) =>
      results.flatMap(result => (result.ok ? [result.instance] : []))
    expect(new Set(ids(next))).toEqual(new Set([...ids(first), 'web_2']))
    expect([arm.capacity, arm.vms.size, arm.tags.owner]).toEqual([3, 3, 'shop'])
  })

  it('with a ledger does not take one that was there before for one that is still to come', async () => {
    const { arm, target, again } = await rigOf({ ledger: true, appearMs: 30 })
    await target.launch(orders('web/1/1'), signal)
    arm.hidesNew = true
    await target.launch(orders('web/2/1'), signal)
    const next = again()
    await next.launch(orders('web/2/1', 'web/3/1'), signal)
    arm.showAll()
    expect(told(await next.launch(orders('web/2/1', 'web/3/1'), signal))).toEqual(['launched', 'launched'])
    expect([arm.capacity, arm.vms.size]).toEqual([3, 3])
  })

  it('with a ledger keeps what an earlier run began open, though another order beside it is refused', async () => {
    const { arm, target, again } = await rigOf({ ledger: true, appearMs: 30 })
    arm.hidesNew = true
    await target.launch(orders('web/1/1'), signal)
    arm.faults.push({ ...RAISE, what: { status: 409, code: 'OperationNotAllowed' } })
    expect(told(await again().launch(orders('web/1/1', 'web/2/1'), signal))).toEqual([
      'unavailable PLM-765',
      'refused PLM-765',
    ])
  })

  it('with a ledger stays open while the ledger cannot be read', async () => {
    const { arm, target } = await rigOf({ ledger: true })
    arm.faults.push({ method: 'GET', path: /./, what: { status: 429, headers: { 'retry-after': '60' } } })
    expect(told(await target.launch(orders('web/1/1'), signal))).toEqual(['unavailable PLM-762'])
  })

  it('with a ledger refuses a scale set that would restart instances for a changed tag', async () => {
    const { arm, target } = await rigOf({ ledger: true })
    arm.upgradeMode = 'Automatic'
    expect(told(await target.launch(orders('web/1/1'), signal))).toEqual(['misconfigured PLM-766'])
    expect(arm.count('PATCH', RAISE.path)).toBe(0)
  })

  it('that Azure accepts and gives up on is refused, and the next one fills its place', async () => {
    const { arm, target } = await rigOf()
    arm.nextOperationError = { code: 'AllocationFailed', message: 'no capacity in the zone' }
    const [refused] = await target.launch(orders('web/1/1'), signal)
    expect(refused).toMatchObject({ ok: false, kind: 'refused', error: expect.stringContaining('PLM-767') })
    expect([arm.capacity, arm.vms.size]).toEqual([1, 0])
    expect(told(await target.launch(orders('web/2/1'), signal))).toEqual(['launched'])
    expect([arm.capacity, arm.vms.size]).toEqual([1, 1])
  })

  it.each([
    ['is refused', { status: 403 }],
    ['is answered 500', { status: 500 }],
    ['meets a broken connection', 'dropped'],
    ['asks for an operation nobody knows any more', { status: 404 }],
  ] as const)('that is accepted stays open when the question how it goes %s', async (_, what) => {
    const { arm, target } = await rigOf({ appearMs: 100 })
    arm.hidesNew = true
    arm.faults.push({ method: 'GET', path: /operations/, what, times: 99 })
    expect(told(await target.launch(orders('web/1/1'), signal))).toEqual(['unavailable PLM-770'])
    arm.faults.length = 0
    arm.showAll()
    expect(told(await target.launch(orders('web/1/1'), signal))).toEqual(['launched'])
    expect([arm.capacity, arm.vms.size]).toEqual([1, 1])
  })

  it('of more than a ledger holds goes in batches', async () => {
    const { arm, target } = await rigOf({ ledger: true })
    const many = Array.from({ length: 170 }, (_, n) => `web/1/${n}`)
    const results = await target.launch(orders(...many), signal)
    expect(new Set(told(results))).toEqual(new Set(['launched']))
    expect([arm.capacity, arm.vms.size]).toEqual([170, 170])
  })

  it('lists one that fails to start as lost, with the reason', async () => {
    const rig = await rigOf()
    rig.arm.bootsFail = true
    await rig.target.launch(orders('web/1/1'), signal)
    await rig.settle(instances => instances[0]?.lifecycle === 'lost')
    const [lost] = await rig.target.listInstances(signal)
    expect(lost).toMatchObject({ token: 'web/1/1', detail: expect.stringContaining('could not start it') })
  })
})

describe('a termination in a scale set', () => {
  const cases: readonly {
    readonly name: string
    readonly faults: (arm: FakeArm) => readonly Fault[]
    readonly told: readonly string[]
    readonly left: number
  }[] = [
    {
      name: 'whose reply is lost',
      faults: () => [{ ...DELETE, what: 'lost' }],
      told: ['terminating', 'terminating'],
      left: 1,
    },
    {
      name: 'whose request is lost',
      faults: () => [{ ...DELETE, what: 'dropped' }],
      told: ['unavailable PLM-761', 'unavailable PLM-761'],
      left: 3,
    },
    {
      name: 'that is answered 429',
      faults: () => [{ ...DELETE, what: { status: 429 } }],
      told: ['throttled PLM-762', 'throttled PLM-762'],
      left: 3,
    },
    {
      name: 'when somebody else was quicker with one',
      faults: arm => [{ ...DELETE, what: 'nothing', also: () => arm.removeVm([...arm.vms.keys()][0] ?? '') }],
      told: ['gone', 'terminating'],
      left: 1,
    },
    {
      name: 'that is refused',
      faults: () => [{ ...DELETE, what: { status: 409, code: 'ScopeLocked' }, times: 2 }],
      told: ['conflict PLM-765', 'conflict PLM-765'],
      left: 3,
    },
  ]

  for (const mode of ['Uniform', 'Flexible'] as const) {
    it.each(cases)(`$name, ${mode}: $told`, async ({ faults, told: expected, left }) => {
      const rig = await rigOf({ mode })
      await rig.target.launch(orders('web/1/1', 'web/1/2', 'web/1/3'), signal)
      await ready(rig, 3)
      const listed = await rig.target.listInstances(signal)
      const chosen = listed.slice(0, 2).map(({ id, incarnation = null }) => ({ id, incarnation }))
      rig.arm.faults.push(...faults(rig.arm))
      expect(told(await rig.target.terminate(chosen, signal))).toEqual(expected)
      const staying = [...rig.arm.vms.values()].filter(vm => vm.provisioning !== 'Deleting')
      expect([staying.length, rig.arm.capacity]).toEqual([left, left])
      expect(staying.some(vm => vm.name === listed[2]?.id)).toBe(true)
    })
  }

  it('spares another VM that has the id by now, though the listing still shows the old one', async () => {
    const rig = await rigOf()
    await rig.target.launch(orders('web/1/1'), signal)
    await ready(rig, 1)
    const [old] = await rig.target.listInstances(signal)
    rig.arm.freezeListings(5)
    rig.arm.replaceVm('0')
    const chosen = [{ id: old?.id ?? '', incarnation: old?.incarnation ?? null }]
    expect(told(await rig.target.terminate(chosen, signal))).toEqual(['gone'])
    expect([rig.arm.count('POST', DELETE.path), rig.arm.vms.size]).toEqual([0, 1])
  })

  it('finds one that no listing shows yet', async () => {
    const { arm, target } = await rigOf()
    arm.hidesNew = true
    arm.addVm()
    expect(told(await target.terminate(victims('web_0'), signal))).toEqual(['terminating'])
  })

  it('spares a VM that is not of the scale set', async () => {
    const { arm, target } = await rigOf({ mode: 'Flexible', scaleSet: 'web' })
    const vm = arm.addVm()
    arm.isForeign = true
    expect(told(await target.terminate(victims(vm.name), signal))).toEqual(['gone'])
    expect(arm.count('POST', DELETE.path)).toBe(0)
  })
})

describe('the list of a scale set', () => {
  it('is the same however Azure spells it', async () => {
    for (const mode of ['Uniform', 'Flexible'] as const) {
      const rig = await rigOf({ mode, address: 'http://{name}:8080' })
      rig.arm.health = 'healthy'
      await rig.target.launch(orders('web/1/1', 'web/1/2'), signal)
      await ready(rig, 2)
      const before = await rig.target.listInstances(signal)
      rig.arm.shouts = true
      expect(await rig.target.listInstances(signal)).toEqual(before)
      expect(before[0]).toMatchObject({
        health: 'healthy',
        zone: '1',
        address: `http://${before[0]?.id}:8080`,
      })
      const [chosen] = before
      const asked = [{ id: chosen?.id ?? '', incarnation: chosen?.incarnation ?? null }]
      expect(told(await rig.target.terminate(asked, signal))).toEqual(['terminating'])
    }
  })

  it('is read over all its pages, or not at all', async () => {
    const { arm, target } = await rigOf()
    arm.pageSize = 2
    for (let n = 0; n < 5; n += 1) arm.addVm()
    expect(await target.listInstances(signal)).toHaveLength(5)
    const second = { ...LIST, what: { status: 500 } } as const
    arm.faults.push({ ...LIST, what: 'nothing' }, second, { ...LIST, what: 'nothing' }, { ...second })
    arm.faults.push({ ...LIST, what: 'nothing' }, { ...second })
    expect(await thrownBy(target.listInstances(signal))).toMatchObject({ kind: 'unavailable' })
  })

  it('is not used when it is longer than any scale set', async () => {
    const { arm, target } = await rigOf()
    for (let n = 0; n < 2_001; n += 1) arm.addVm()
    expect((await thrownBy(target.listInstances(signal))).message).toContain('PLM-769')
  })

  it.each([
    ['503', { status: 503, headers: SOON }],
    ['429', { status: 429, headers: SOON }],
    ['500', { status: 500 }],
    ['a broken connection', 'dropped'],
  ] as const)('is read again after %s', async (_, what) => {
    const { arm, target } = await rigOf()
    arm.addVm()
    arm.faults.push({ ...LIST, what })
    expect(await target.listInstances(signal)).toHaveLength(1)
  })

  it('asks nothing before Azure said it may', async () => {
    let now = 1_000_000
    const { arm, target } = await rigOf({}, { clock: { ...systemClock, now: () => now } })
    await target.listInstances(signal)
    arm.faults.push({ ...LIST, what: { status: 429, headers: { 'retry-after': '30' } } })
    expect(await thrownBy(target.listInstances(signal))).toMatchObject({
      kind: 'throttled',
      retryAfterMs: 30_000,
    })
    const asked = arm.asked.length
    now += 29_999
    expect((await thrownBy(target.listInstances(signal))).message).toContain('PLM-762')
    expect(arm.asked).toHaveLength(asked)
    now += 1
    expect(await target.listInstances(signal)).toEqual([])
  })

  it('leaves the last calls of a window to those who act', async () => {
    let now = 1_000_000
    const rig = await rigOf({}, { clock: { ...systemClock, now: () => now } })
    await rig.target.launch(orders('web/1/1'), signal)
    rig.arm.remaining = 'Microsoft.Compute/GetVMScaleSetVM3Min;9,Microsoft.Compute/GetVMScaleSetVM30Min;2400'
    await rig.target.listInstances(signal)
    expect(await thrownBy(rig.target.listInstances(signal))).toMatchObject({
      kind: 'throttled',
      message: expect.stringContaining('9 more calls of GetVMScaleSetVM3Min'),
    })
    expect(told(await rig.target.terminate(victims('web_0'), signal))).toEqual(['terminating'])
    now += 30_000
    expect(await rig.target.listInstances(signal)).toHaveLength(1)
  })

  it('is not read without a token that Azure accepts', async () => {
    const { arm, target } = await rigOf()
    arm.faults.push({ method: 'GET', path: /./, what: { status: 401 } })
    expect(await thrownBy(target.listInstances(signal))).toMatchObject({
      kind: 'refused',
      message: expect.stringMatching(/^PLM-763 .*az login/),
    })
  })

  it('is not read by one who cannot sign in', async () => {
    const getToken = async () => {
      throw Object.assign(new Error('no managed identity here'), { name: 'CredentialUnavailableError' })
    }
    const { target } = await rigOf({}, { credential: { getToken } })
    expect((await thrownBy(target.listInstances(signal))).message).toMatch(/^PLM-763 .*no managed identity/)
  })

  it('says so when it is called off', async () => {
    const { target } = await rigOf()
    await target.close()
    expect((await thrownBy(target.listInstances(signal))).message).toContain('PLM-768')
  })

  it('takes no longer than it may', async () => {
    const { arm, target } = await rigOf({ timeoutMs: 100 })
    arm.faults.push({ method: 'GET', path: /./, what: 'silent', times: 9 })
    expect((await thrownBy(target.listInstances(signal))).message).toMatch(/^PLM-761 .*no answer in time/)
  })

  it('tells how to install the clients where they are not', async () => {
    const loadSdk = async () => {
      throw new Error("Cannot find package '@azure/arm-compute'")
    }
    const { target } = await rigOf({}, { loadSdk })
    const { ok, detail } = await target.check(signal)
    expect([ok, detail]).toEqual([
      false,
      expect.stringContaining('npm install @azure/arm-compute @azure/identity'),
    ])
    expect(detail).toContain('PLM-760')
  })

  it('warns in its check where Azure launches more than asked', async () => {
    const { arm, target } = await rigOf()
    arm.overprovision = true
    arm.remaining = 'Microsoft.Compute/GetVMScaleSetVM3Min;480'
    expect((await target.check(signal)).detail).toMatch(
      /capacity 0, 0 instances.*480 calls.*overprovision is on/,
    )
  })
})
