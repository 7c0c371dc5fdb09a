/**
 * The whole product on Azure's metrics, from its configuration file on: it decides by what Azure Monitor and a query over logs say, and tells how
 * far behind they are.
 */
import { afterEach, expect, it, vi } from 'vitest'
import { inFolder } from '../builders/real.ts'
import { until } from '../builders/until.ts'
import { selfSigned } from './certificate.ts'
import { openDoor } from './door.ts'
import { FakeLogs, WORKSPACE } from './logs.ts'
import { FakeMonitor, WEB } from './monitor.ts'

const MINUTE = 60_000
const ends: (() => unknown)[] = []

afterEach(async () => {
  vi.unstubAllEnvs()
  for (const end of ends.splice(0).reverse()) await end()
})

it('decides by what Azure measured, and tells how late it is', async () => {
  const identity = selfSigned()
  const monitor = await FakeMonitor.start(() => Date.now(), identity)
  ends.push(() => monitor.stop())
  const logs = await FakeLogs.start(identity)
  ends.push(() => logs.stop())
  const door = await openDoor()
  ends.push(() => door.close())
  for (const [name, value] of Object.entries(door.environment)) vi.stubEnv(name, value)
  const now = Math.floor(Date.now() / MINUTE) * MINUTE
  for (let ago = 1; ago <= 30; ago += 1) {
    monitor.put(WEB, 'Percentage CPU', now - ago * MINUTE, 90, { VMName: 'web_0' })
  }
  monitor.delayMs = 2 * MINUTE
  logs.put(
    'replicas',
    [
      ['timestamp', 'datetime'],
      ['n', 'long'],
    ],
    Array.from({ length: 30 }, (_, ago) => [new Date(now - ago * MINUTE).toISOString(), 2]),
  )
  await inFolder(async folder => {
    vi.stubEnv('NODE_EXTRA_CA_CERTS', folder.write('cloud.pem', identity.cert))
    folder.write(
      'plimsoll.yaml',
      `plimsoll: 1
api: { listen: "127.0.0.1:0" }
metrics:
  cpu: { source: azure-monitor, resource: ${WEB}, metric: Percentage CPU, endpoint: "${monitor.endpoint}", every: 1s }
  replicas: { source: azure-log-analytics, workspace: ${WORKSPACE}, query: replicas, endpoint: "${logs.endpoint}", every: 1s, staleAfter: 20m }
fleets:
  web:
    target: { type: none, count: "last(replicas)" }
    capacity: { min: 1, max: 5 }
    rules:
      - { name: Busy, when: "avg(cpu, 10m) > 70%", scale: { by: 1 } }
    cooldown: 0s
    every: 250ms
`,
    )
    const doctor = await folder.plimsoll('doctor', 'plimsoll.yaml')
    expect([doctor.code, doctor.out]).toEqual([
      0,
      expect.stringMatching(/source azure-monitor +cpu: the newest bin ended [23]m( \d+s)? ago/),
    ])
    expect(doctor.out).toMatch(/source azure-log-analytics +replicas: \d+ values in the last 30 minutes/)
    const daemon = folder.run('plimsoll.yaml')
    await until('it wants one more', async () => (await daemon.fleet('web')).desired === 3)
    expect((await daemon.fleet('web')).because).toMatch(/^"Busy" fired: avg\(cpu, 10m\) = 90/)
    const status = await folder.plimsoll('status', '--url', await daemon.url())
    expect(status.out).toMatch(/newest values then: cpu [34]m( \d+s)? old, replicas/)
    expect(await daemon.stop('SIGTERM')).toEqual({ code: 0, signal: null })
  })
})
