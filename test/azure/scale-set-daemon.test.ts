/**
 * The whole product on a scale set, from its configuration file. Deallocated and protected: what goes is kept, also while no daemon runs, and
 * comes back as another incarnation before anything is launched. Restarted in place; and left to Azure's own repairs where those are on.
 */
import { afterEach, expect, it, vi } from 'vitest'
import { inFolder, type RunningDaemon } from '../builders/real.ts'
import { until } from '../builders/until.ts'
import { FakeArm, GROUP, SCALE_SET, SUBSCRIPTION } from './arm.ts'
import { openDoor } from './door.ts'

const ends: (() => unknown)[] = []

afterEach(async () => {
  vi.unstubAllEnvs()
  for (const end of ends.splice(0).reverse()) await end()
})

const CONFIG = (endpoint: string, more: string, min = 1) => `plimsoll: 1
api: { listen: "127.0.0.1:0" }
fleets:
  web:
    target: { type: azure-vmss, subscription: ${SUBSCRIPTION}, resourceGroup: ${GROUP}, scaleSet: ${SCALE_SET}, endpoint: "${endpoint}", exclusive: true, listingLag: 0s${more} }
    capacity: { min: ${min}, max: 5 }
    repair: { how: restart }
    every: 250ms
`

async function cloud(mode: FakeArm['mode']): Promise<FakeArm> {
  const arm = await FakeArm.start({ mode })
  ends.push(() => arm.stop())
  const door = await openDoor()
  ends.push(() => door.close())
  for (const [name, value] of Object.entries(door.environment)) vi.stubEnv(name, value)
  return arm
}

const powers = ({ vms }: FakeArm) => [...vms.values()].map(({ power }) => power).sort()
const guarded = ({ vms }: FakeArm) =>
  [...vms.values()].filter(({ protection }) => protection?.protectFromScaleIn === true).length

async function order(daemon: RunningDaemon, count: number): Promise<void> {
  const body = JSON.stringify({ count, who: 'ada', why: 'sale', forMs: 3_600_000 })
  expect(await daemon.post('/v1/fleets/web/capacity', body)).toMatchObject({ status: 200 })
}

it.each(['Uniform', 'Flexible'] as const)('%s: goes and comes back, and is guarded meanwhile', async mode => {
  const arm = await cloud(mode)
  await inFolder(async folder => {
    vi.stubEnv('NODE_EXTRA_CA_CERTS', folder.write('cloud.pem', arm.cert))
    folder.write('plimsoll.yaml', CONFIG(arm.endpoint, ', scaleIn: deallocate, protect: true'))
    let daemon = folder.run('plimsoll.yaml')
    const ready = async () => (await daemon.instances('web')).filter(({ lifecycle }) => lifecycle === 'ready')

    await order(daemon, 3)
    await until('three are ready', async () => (await ready()).length === 3)
    await until('all are protected', () => guarded(arm) === 3)

    arm.faults.push({ method: 'POST', path: /\/deallocate$/, what: 'lost' })
    await order(daemon, 1)
    await until('two are deallocated', () => powers(arm).join() === 'deallocated,deallocated,running')
    await until('only the one that runs is protected', () => guarded(arm) === 1)
    expect([(await ready()).length, arm.capacity, arm.vms.size]).toEqual([1, 3, 3])
    expect(await daemon.stop('SIGTERM')).toEqual({ code: 0, signal: null })

    daemon = folder.run('plimsoll.yaml')
    arm.faults.push({ method: 'POST', path: /\/start$/, what: 'lost' })
    await order(daemon, 4)
    await until('four are ready', async () => (await ready()).length === 4)
    expect([arm.capacity, arm.vms.size, arm.lowered]).toEqual([4, 4, 0])
    const lives = (await daemon.journal('web', 1))[0]
    expect(JSON.stringify(lives).match(/"incarnation":"[0-9a-f-]{36}\.1"/g)?.length ?? 0).toBeGreaterThan(0)
    expect(await daemon.stop('SIGTERM')).toEqual({ code: 0, signal: null })
  })
})

it.each(['Uniform', 'Flexible'] as const)(
  '%s: restarts what is unhealthy, and leaves it to Azure where Azure repairs it',
  async mode => {
    const arm = await cloud(mode)
    arm.health = 'healthy'
    await inFolder(async folder => {
      vi.stubEnv('NODE_EXTRA_CA_CERTS', folder.write('cloud.pem', arm.cert))
      folder.write('plimsoll.yaml', CONFIG(arm.endpoint, '', 3))
      let daemon = folder.run('plimsoll.yaml')
      const ready = async () => {
        const all = await daemon.instances('web')
        return all.filter(({ lifecycle, health }) => lifecycle === 'ready' && health === 'healthy')
      }
      await until('three are ready', async () => (await ready()).length === 3)
      const [sick] = arm.vms.values()
      if (sick !== undefined) sick.health = 'unhealthy'
      await until('it is restarted', () => sick?.restarts === 1)
      await until('three are well again', async () => (await ready()).length === 3)
      expect([arm.capacity, arm.vms.size]).toEqual([3, 3])
      expect(await daemon.stop('SIGTERM')).toEqual({ code: 0, signal: null })

      arm.repairs = { state: 'Running', gracePeriod: 'PT10M' }
      daemon = folder.run('plimsoll.yaml')
      await daemon.says(line => JSON.stringify(line).includes('PLM-773'))
      await until('three are seen', async () => (await ready()).length === 3)
      if (sick !== undefined) sick.health = 'unhealthy'
      await until('it is seen', async () =>
        (await daemon.instances('web')).some(({ detail }) => String(detail).includes('automatic repairs')),
      )
      const raised = arm.count('PATCH', /./)
      arm.repairUnhealthy()
      await until('Azure has replaced it', async () => {
        const ids = (await ready()).map(({ id }) => id)
        return ids.length === 3 && !ids.includes(sick?.name ?? '')
      })
      await until('it is gone', () => arm.vms.size === 3)
      expect([arm.capacity, arm.count('PATCH', /./) - raised, sick?.restarts]).toEqual([3, 0, 1])
      expect(await daemon.stop('SIGTERM')).toEqual({ code: 0, signal: null })
    })
  },
)
