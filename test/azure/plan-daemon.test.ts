/**
 * The whole product on a fake Azure, from its configuration file on: an App Service plan that grows and shrinks with what comes in, signed
 * in to as a managed identity, though replies are lost and somebody else scales it too.
 */
import { afterEach, expect, it, vi } from 'vitest'
import { type Folder, inFolder } from '../builders/real.ts'
import { until } from '../builders/until.ts'
import { openDoor } from './door.ts'
import { FakePlans, PLAN, PLAN_GROUP, PLAN_SUBSCRIPTION } from './plans.ts'

const ends: (() => unknown)[] = []

afterEach(async () => {
  vi.unstubAllEnvs()
  for (const end of ends.splice(0).reverse()) await end()
})

async function cloud(folder: Folder, max: number): Promise<FakePlans> {
  const plans = await FakePlans.start()
  ends.push(() => plans.stop())
  const door = await openDoor()
  ends.push(() => door.close())
  for (const [name, value] of Object.entries(door.environment)) vi.stubEnv(name, value)
  vi.stubEnv('NODE_EXTRA_CA_CERTS', folder.write('cloud.pem', plans.cert))
  folder.write(
    'plimsoll.yaml',
    `plimsoll: 1
api: { listen: "127.0.0.1:0" }
metrics:
  orders: { source: push, kind: total, unit: count }
fleets:
  shop:
    target: { type: azure-app-service-plan, subscription: ${PLAN_SUBSCRIPTION}, resourceGroup: ${PLAN_GROUP}, plan: ${PLAN}, endpoint: "${plans.endpoint}", ledger: true }
    capacity: { min: 2, max: ${max} }
    rules:
      - { name: Many, when: "last(orders) > 100", scale: { to: 4 } }
      - { name: Few, when: "last(orders) < 10", scale: { to: 2 } }
    cooldown: 0s
    stabilization: { in: 0s }
    every: 250ms
`,
  )
  return plans
}

it('grows and shrinks a plan, though replies are lost and somebody else scales it', async () => {
  await inFolder(async folder => {
    const plans = await cloud(folder, 6)
    plans.faults.push({ method: 'PUT', path: /./, what: 'lost' })
    const daemon = folder.run('plimsoll.yaml')
    const ready = async () =>
      (await daemon.instances('shop')).filter(({ lifecycle }) => lifecycle === 'ready')
    const orders = (value: number) =>
      daemon.post('/v1/samples', JSON.stringify({ samples: [{ metric: 'orders', value }] }))
    await until('the fewest are ready', async () => (await ready()).length === 2)
    expect([plans.capacity, plans.sets, plans.faults.length]).toEqual([2, 1, 0])

    plans.isSlow = true
    expect((await orders(150)).status).toBe(202)
    await until('four are ready', async () => (await ready()).length === 4)
    expect([plans.capacity, plans.sets]).toEqual([4, 2])

    expect((await orders(3)).status).toBe(202)
    await until('two are left', async () => (await ready()).length === 2)
    expect([plans.capacity, plans.sets]).toEqual([2, 3])

    await orders(50)
    plans.capacity = 1
    await until('what somebody else took is there again', () => plans.capacity === 2)
    await until('and listed', async () => (await ready()).length === 2)
    expect(plans.plan.tags?.['plimsoll-resizes']).toMatch(/^shop\/\d+\/1( shop\/\d+\/1)+$/)
    expect(plans.plan.tags?.team).toBe('shop')
    expect(daemon.lines().filter(({ msg }) => /lost/i.test(msg))).toEqual([])
    expect(await daemon.stop('SIGTERM')).toEqual({ code: 0, signal: null })
    expect(plans.workers).toHaveLength(2)
  })
})

it('is told by the doctor what it may have, before it is started', async () => {
  await inFolder(async folder => {
    const plans = await cloud(folder, 20)
    const { code, out } = await folder.plimsoll('doctor', 'plimsoll.yaml')
    expect(out).toMatch(/Standard S1 plan shop: capacity 1, 1 to 10 instances/)
    expect(out).toMatch(/the fleet may want 20, and its target has at most 10/)
    expect(code).toBe(0)
    plans.plan.elasticScaleEnabled = true
    const refused = await folder.plimsoll('doctor', 'plimsoll.yaml')
    expect([refused.code, refused.out]).toEqual([1, expect.stringMatching(/PLM-782/)])
    expect(plans.sets).toBe(0)
  })
})
