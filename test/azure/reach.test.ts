/** How people reach the instances of a scale set through a load balancer, and that asking for it disturbs nobody. */
import { afterEach, describe, expect, it } from 'vitest'
import { Reach } from '../../src/plugins/targets/azure-vmss/reach.ts'
import { until } from '../builders/until.ts'
import { GROUP } from './arm.ts'
import { type FakeNetwork, LOAD_BALANCER, openNetwork, PRIVATE_ADDRESS, PUBLIC_ADDRESS } from './network.ts'
import { type AzureRig, azureRig } from './rig.ts'

const signal = AbortSignal.timeout(120_000)
const QUERY = /queryInboundNatRulePortMapping$/i
const BALANCER = /loadBalancers\/[^/]+$/i
const REACH = { resourceGroup: GROUP, loadBalancer: LOAD_BALANCER, port: 22, show: '{host}:{port}' }

const ends: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const end of ends.splice(0)) await end()
})

async function rigOf(
  options: Parameters<typeof azureRig>[0] = {},
  context: Parameters<typeof azureRig>[1] = {},
): Promise<AzureRig & { readonly network: FakeNetwork; ways(): Promise<Record<string, string>> }> {
  const rig = await azureRig({ reach: REACH, ...options }, context)
  ends.push(() => rig.stop())
  const ways = async () => {
    const listed = await rig.target.listInstances(signal)
    return Object.fromEntries(
      listed.flatMap(({ id, access = [] }) => access.map(({ name, address }) => [id, `${name} ${address}`])),
    )
  }
  return { ...rig, network: openNetwork(rig.arm), ways }
}

const expected = ({ arm, network }: { arm: AzureRig['arm']; network: FakeNetwork }, host = PUBLIC_ADDRESS) =>
  Object.fromEntries(
    [...arm.vms.values()].map(vm => [vm.name, `ssh ${host}:${network.portOf(vm.instanceId)}`]),
  )

describe('the way to an instance', () => {
  for (const mode of ['Uniform', 'Flexible'] as const) {
    for (const rules of ['each', 'pool'] as const) {
      it(`is the port that the load balancer has for it: ${mode}, rules for ${rules}`, async () => {
        const rig = await rigOf({ mode })
        rig.network.rules = rules
        for (let n = 0; n < 3; n += 1) rig.arm.addVm()
        await until('all are reached', async () => Object.keys(await rig.ways()).length === 3)
        rig.arm.shouts = true
        rig.arm.addVm()
        await until('one more is', async () => Object.keys(await rig.ways()).length === 4)
        expect(await rig.ways()).toEqual(expected(rig))
        expect(new Set(Object.values(await rig.ways())).size).toBe(4)
      })
    }
  }

  it('is shown as the configuration says, at the private address where it has no public one', async () => {
    const show = 'ssh -p {port} azureuser@{host}'
    const rig = await rigOf({ reach: { ...REACH, show } })
    rig.network.isPublic = false
    rig.arm.addVm()
    await until('it is reached', async () => Object.keys(await rig.ways()).length === 1)
    expect(await rig.ways()).toEqual({
      web_0: `ssh ssh -p ${rig.network.portOf('0')} azureuser@${PRIVATE_ADDRESS}`,
    })
  })

  it('is asked for once, and for those alone that are new', async () => {
    const rig = await rigOf()
    rig.arm.addVm()
    rig.arm.addVm()
    await until('both are reached', async () => Object.keys(await rig.ways()).length === 2)
    for (let n = 0; n < 5; n += 1) await rig.ways()
    expect([rig.network.asked(QUERY), rig.network.asked(BALANCER)]).toEqual([2, 1])
    rig.arm.shouts = true
    rig.arm.addVm()
    await until('the third is reached', async () => Object.keys(await rig.ways()).length === 3)
    expect([rig.network.asked(QUERY), rig.network.asked(BALANCER)]).toEqual([3, 2])
    expect(await rig.ways()).toEqual(expected(rig))
  })

  it('is asked for anew when another VM has the name', async () => {
    const rig = await rigOf()
    rig.arm.addVm()
    await until('it is reached', async () => Object.keys(await rig.ways()).length === 1)
    rig.network.shuffle()
    rig.arm.replaceVm('0')
    await until('it is reached', async () => Object.keys(await rig.ways()).length === 1)
    expect(await rig.ways()).toEqual(expected(rig))
  })

  it('is none for one outside the pool, which does not hide the others', async () => {
    const rig = await rigOf()
    rig.arm.addVm()
    rig.network.outside.add(rig.arm.addVm().instanceId)
    await until('one is reached', async () => Object.keys(await rig.ways()).length === 1)
    expect(Object.keys(await rig.ways())).toEqual(['web_0'])
    expect((await rig.target.check(signal)).detail).toContain(
      'port 22 of 1 of them is reached through web-lb',
    )
  })
})

describe('a load balancer that cannot be asked', () => {
  it.each([
    ['refuses', { status: 403, code: 'AuthorizationFailed' }, /PLM-777 .*PLM-763 .*Network Contributor/],
    ['is not there', { status: 404 }, /PLM-777 .*PLM-764 .*loadBalancer/],
    ['says nothing', 'silent', /PLM-777 .*PLM-761/],
    ['breaks', 'dropped', /PLM-777 .*PLM-761/],
  ] as const)('and %s leaves the list as it is, and the check says so', async (_, what, told) => {
    const rig = await rigOf({ timeoutMs: 300 })
    rig.arm.addVm()
    rig.arm.faults.push({ method: 'GET', path: BALANCER, what, times: 99 })
    await rig.settle(([instance]) => instance?.lifecycle === 'ready')
    expect(await rig.ways()).toEqual({})
    const { ok, detail } = await rig.target.check(signal)
    expect([ok, detail]).toEqual([true, expect.stringMatching(told)])
    rig.arm.faults.length = 0
    expect((await rig.target.check(signal)).detail).toContain('port 22 of 1 of them')
    expect(await rig.ways()).toEqual(expected(rig))
  })

  it('because it leads to other ports only says which', async () => {
    const rig = await rigOf()
    rig.network.port = 3389
    rig.arm.addVm()
    await rig.settle(([instance]) => instance?.lifecycle === 'ready')
    expect((await rig.target.check(signal)).detail).toMatch(
      /PLM-777 .*PLM-778 .*port 22 .*lead to 3389\. .*`reach: \{ port \}`/,
    )
  })

  it('because it has no rules says that', async () => {
    const rig = await rigOf()
    rig.network.rules = 'none'
    rig.arm.addVm()
    await rig.settle(([instance]) => instance?.lifecycle === 'ready')
    expect((await rig.target.check(signal)).detail).toContain('no inbound NAT rule at all')
  })

  it('for want of its client tells how to install that', async () => {
    const loadNetworkSdk = async () => {
      throw new Error("Cannot find package '@azure/arm-network'")
    }
    const rig = await rigOf({}, { loadNetworkSdk })
    rig.arm.addVm()
    await rig.settle(([instance]) => instance?.lifecycle === 'ready')
    expect(await rig.ways()).toEqual({})
    expect((await rig.target.check(signal)).detail).toMatch(
      /PLM-760 .*npm install @azure\/arm-network @azure\/identity/,
    )
  })
})

describe('asking for ways', () => {
  const RUNS = { name: 'web_0', vmId: '6f1c', power: 'running' }
  const vms = (count: number) => Array.from({ length: count }, (_, n) => ({ ...RUNS, name: `web_${n}` }))

  function reachOf(read: (names: readonly string[]) => ReadonlyMap<string, { host: string; port: number }>) {
    const asked: (readonly string[])[] = []
    const clock = { at: 0, now: () => clock.at }
    const doorways = {
      read: async (names: readonly string[]) => {
        asked.push(names)
        return read(names)
      },
      close: () => undefined,
    }
    return { asked, clock, reach: new Reach(REACH, doorways, clock) }
  }
  const all = (names: readonly string[]) =>
    new Map(names.map((name, n) => [name, { host: 'h', port: n + 1 }]))

  it('waits longer after each failure, ten minutes at most', async () => {
    const { asked, clock, reach } = reachOf(() => {
      throw new Error('no')
    })
    const times: number[] = []
    for (; clock.at < 3_600_000; clock.at += 15_000) {
      const before = asked.length
      reach.accessOf(vms(1))
      await Promise.resolve()
      if (asked.length > before) times.push(clock.at / 1000)
    }
    expect(times).toEqual([0, 30, 90, 210, 450, 930, 1530, 2130, 2730, 3330])
  })

  it('of one behind no rule waits longer each time, and does not keep a new one waiting', async () => {
    const { asked, clock, reach } = reachOf(names => all(names.filter(name => name !== 'web_0')))
    for (; clock.at < 600_000; clock.at += 15_000) {
      reach.accessOf(vms(1))
      await Promise.resolve()
      await Promise.resolve()
    }
    expect(asked).toHaveLength(5)
    await reach.check(vms(2), signal)
    expect(asked.at(-1)).toEqual(['web_1'])
  })

  it('takes fifty at a time, and leaves out those that do not run', async () => {
    const { asked, reach } = reachOf(all)
    const fleet = [...vms(70), { ...RUNS, name: 'web_70', power: 'deallocated' }]
    await reach.check(fleet, signal)
    await reach.check(fleet, signal)
    expect(asked.map(names => names.length)).toEqual([50, 20])
  })

  it('is done again within the hour, in case somebody changed the load balancer, and shows the old meanwhile', async () => {
    const { asked, clock, reach } = reachOf(all)
    await reach.check(vms(1), signal)
    clock.at += 3_599_000
    await reach.check(vms(1), signal)
    expect(asked).toHaveLength(1)
    clock.at += 1_000
    expect(reach.accessOf(vms(1)).size).toBe(1)
    expect(asked).toHaveLength(2)
  })

  it('forgets those that are gone', async () => {
    const { asked, reach } = reachOf(all)
    await reach.check(vms(2), signal)
    reach.accessOf([])
    await reach.check([], signal)
    expect(reach.accessOf(vms(1)).size).toBe(0)
    expect(asked).toHaveLength(2)
  })

  it('is not waited for longer than a check may take, and goes on', async () => {
    const late = Promise.withResolvers<ReadonlyMap<string, { host: string; port: number }>>()
    const doorways = { read: () => late.promise, close: () => undefined }
    const reach = new Reach(REACH, doorways, { now: () => 0 })
    expect(await reach.check(vms(1), AbortSignal.abort())).toBe('web-lb is still asked how to reach them')
    const checked = reach.check(vms(1), signal)
    late.resolve(all(['web_0']))
    expect(await checked).toBe('port 22 of 1 of them is reached through web-lb')
  })

  it('asks nothing any more once closed', async () => {
    const { asked, reach } = reachOf(all)
    reach.close()
    await reach.check(vms(1), signal)
    expect(asked).toEqual([])
  })
})
