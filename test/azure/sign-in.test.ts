/**
 * Without a credential of its own, the target signs in by the default chain of `@azure/identity`: here as a managed identity. So does
 * the whole product, from its configuration file to instances that come, go, and are replaced.
 */
import { afterEach, expect, it, vi } from 'vitest'
import { createAzureVmssTarget } from '../../src/plugins/targets/azure-vmss.ts'
import { inFolder } from '../builders/real.ts'
import { until } from '../builders/until.ts'
import { FakeArm, GROUP, SCALE_SET, SUBSCRIPTION } from './arm.ts'
import { type Door, openDoor } from './door.ts'
import { azureOptions } from './rig.ts'

const ends: (() => unknown)[] = []

afterEach(async () => {
  vi.unstubAllEnvs()
  for (const end of ends.splice(0).reverse()) await end()
})

async function cloud(): Promise<{ readonly arm: FakeArm; readonly door: Door }> {
  const arm = await FakeArm.start()
  ends.push(() => arm.stop())
  const door = await openDoor()
  ends.push(() => door.close())
  for (const [name, value] of Object.entries(door.environment)) vi.stubEnv(name, value)
  return { arm, door }
}

it('signs in as the identity it is given, for the cloud it is told', async () => {
  const { arm, door } = await cloud()
  arm.addVm()
  const target = createAzureVmssTarget(azureOptions(arm, { timeoutMs: 10_000 }), {
    client: { tlsOptions: { ca: arm.cert } },
  })
  ends.push(() => target.close())
  expect(await target.check(AbortSignal.timeout(20_000))).toEqual({
    ok: true,
    detail: 'Uniform scale set web: capacity 1, 1 instances listed',
  })
  expect(new Set(door.resources)).toEqual(new Set([arm.endpoint]))
})

it('holds a fleet at its size, from the configuration file on, though replies are lost', async () => {
  const { arm } = await cloud()
  await inFolder(async folder => {
    vi.stubEnv('NODE_EXTRA_CA_CERTS', folder.write('cloud.pem', arm.cert))
    folder.write(
      'plimsoll.yaml',
      `plimsoll: 1
api: { listen: "127.0.0.1:0" }
fleets:
  web:
    target: { type: azure-vmss, subscription: ${SUBSCRIPTION}, resourceGroup: ${GROUP}, scaleSet: ${SCALE_SET}, endpoint: "${arm.endpoint}", address: "http://{computerName}:8080", exclusive: true, listingLag: 0s }
    capacity: { min: 3, max: 5 }
    every: 250ms
`,
    )
    arm.faults.push({ method: 'PATCH', path: /./, what: 'lost' })
    const daemon = folder.run('plimsoll.yaml')
    const ready = async () => (await daemon.instances('web')).filter(({ lifecycle }) => lifecycle === 'ready')
    await until('three are ready', async () => (await ready()).length === 3)
    expect(await ready()).toMatchObject([
      { id: 'web_0', zone: '1', address: 'http://web000000:8080' },
      { id: 'web_1', zone: '2' },
      { id: 'web_2', zone: '3' },
    ])

    arm.faults.push({ method: 'PATCH', path: /./, what: 'lost' })
    arm.vm('1').power = 'deallocated'
    await until('the one that was evicted is replaced', async () => {
      const ids = (await ready()).map(({ id }) => id)
      return ids.join() === 'web_0,web_2,web_3'
    })
    await until('it is deleted', () => arm.vms.size === 3)
    expect([arm.capacity, arm.lowered, arm.faults.length]).toEqual([3, 0, 0])
    expect(await daemon.stop('SIGTERM')).toEqual({ code: 0, signal: null })
    expect(arm.vms.size).toBe(3)
  })
})
