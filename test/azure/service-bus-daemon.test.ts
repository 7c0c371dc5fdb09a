/**
 * The whole product on a fake Azure, from its configuration file on: an App Service plan that is scaled by what waits in a Service Bus queue,
 * to which it has a key by reference.
 */
import { afterEach, expect, it, vi } from 'vitest'
import { inFolder } from '../builders/real.ts'
import { until } from '../builders/until.ts'
import { selfSigned } from './certificate.ts'
import { openDoor } from './door.ts'
import { FakePlans, PLAN, PLAN_GROUP, PLAN_SUBSCRIPTION } from './plans.ts'
import { BUS_KEY, counts, FakeServiceBus } from './service-bus.ts'

const ends: (() => unknown)[] = []

afterEach(async () => {
  vi.unstubAllEnvs()
  for (const end of ends.splice(0).reverse()) await end()
})

it('scales a plan by what waits in a queue, and leaves it alone while that is not known', async () => {
  const identity = selfSigned()
  const plans = await FakePlans.start(identity)
  ends.push(() => plans.stop())
  const bus = await FakeServiceBus.start(identity)
  ends.push(() => bus.stop())
  const door = await openDoor()
  ends.push(() => door.close())
  for (const [name, value] of Object.entries(door.environment)) vi.stubEnv(name, value)
  vi.stubEnv('SHOP_BUS', bus.connection())
  bus.queues.set('orders', counts({ active: 500 }))
  await inFolder(async folder => {
    vi.stubEnv('NODE_EXTRA_CA_CERTS', folder.write('cloud.pem', identity.cert))
    folder.write(
      'plimsoll.yaml',
      `plimsoll: 1
api: { listen: "127.0.0.1:0" }
metrics:
  waiting: { source: azure-service-bus, connection: "\${env:SHOP_BUS}", queue: orders, every: 100ms }
fleets:
  shop:
    target: { type: azure-app-service-plan, subscription: ${PLAN_SUBSCRIPTION}, resourceGroup: ${PLAN_GROUP}, plan: ${PLAN}, endpoint: "${plans.endpoint}" }
    capacity: { min: 1, max: 5 }
    rules:
      - { name: Behind, when: "last(waiting) > 100", scale: { to: 3 } }
      - { name: Empty, when: "last(waiting) < 10", scale: { to: 1 } }
    cooldown: 0s
    stabilization: { in: 0s }
    every: 250ms
`,
    )
    const doctor = await folder.plimsoll('doctor', 'plimsoll.yaml')
    expect([doctor.code, doctor.out]).toEqual([
      0,
      expect.stringMatching(/source azure-service-bus +waiting: 500/),
    ])
    const daemon = folder.run('plimsoll.yaml')
    await until('the plan has three', () => plans.capacity === 3)

    bus.garble = () => ''
    const asked = bus.asked.length
    await until('the queue was asked in vain', () => bus.asked.length > asked + 5)
    expect([plans.capacity, plans.sets]).toEqual([3, 1])

    bus.garble = xml => xml
    bus.queues.set('orders', counts())
    await until('the plan has one', () => plans.capacity === 1)
    expect(await daemon.stop('SIGTERM')).toEqual({ code: 0, signal: null })
    expect([doctor.out, doctor.err, daemon.errors(), JSON.stringify(daemon.lines())].join()).not.toContain(
      BUS_KEY,
    )
  })
})
