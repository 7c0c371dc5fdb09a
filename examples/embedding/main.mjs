import { createMemoryStore, createPlimsoll } from 'plimsoll'

let jobs = 5 // what this program knows: how many jobs wait
const workers = new Map() // what this program scales: its workers by id
const up = { lifecycle: 'ready', health: 'healthy', zone: null, address: null, launchedAt: null }
const can = { acts: true, choosesVictim: true, idempotentLaunch: true, exclusive: true }
const hire = id => workers.set(id, { id, token: id, ...up, detail: null })
const fire = id => ({ instance: id, ok: true, state: workers.delete(id) ? 'terminating' : 'gone' })
const crew = {
  capabilities: { ...can, zones: [], highestCount: null },
  listInstances: async () => [...workers.values()],
  launch: async orders => orders.map(({ token }) => hire(token) && { token, ok: true, instance: token }),
  terminate: async ids => ids.map(fire),
  check: async () => ({ ok: true, detail: 'in this process' }),
  close: async () => workers.clear(),
}
const behind = { name: 'Behind', when: 'last(jobs) / instances > 2', scale: { by: 1 } }
const idle = { name: 'Idle', when: 'last(jobs) < 1', scale: { by: -1 } }
const pace = { every: '100ms', cooldown: '0s', stabilization: { out: '0s', in: '0s' } }
const fleet = { target: { type: 'crew' }, capacity: { min: 1, max: 5 }, rules: [behind, idle], ...pace }
const metrics = { jobs: { source: 'queue', kind: 'total', every: '100ms' } }
const own = { targets: { crew }, sources: { queue: () => jobs }, store: createMemoryStore() }
const plimsoll = await createPlimsoll({ config: { plimsoll: 1, metrics, fleets: { crew: fleet } }, ...own })
plimsoll.on('decision', ({ current, desired, because }) => {
  console.log(`${current} -> ${desired}  because ${because}`)
  if (desired === 3) jobs = 0 // enough hands: the work gets done
  if (desired === 1 && jobs === 0) plimsoll.stop()
})
await plimsoll.start()
