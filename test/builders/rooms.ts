/**
 * A real daemon whose fleet `web` has a session broker with a real session log; only its instances are made up.
 *
 * Example: `const rooms = await openRooms({ slots: 2 })`, `await rooms.post('sessions', { sessionId: 's1' })`.
 */
import { type Operated, openOperated } from './operated.ts'
import { until } from './until.ts'

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly body: ReturnType<typeof JSON.parse>
}

export interface Rooms extends Operated {
  ask(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<Answer>
  /** Under the fleet: `sessions`, `sessions/s1/heartbeat`. */
  post(path: string, body?: unknown, signal?: AbortSignal): Promise<Answer>
  get(path: string): Promise<Answer>
  delete(path: string): Promise<Answer>
  /** So many instances take sessions. */
  untilOpen(count: number): Promise<void>
}

export interface RoomsOptions {
  readonly slots?: number
  readonly min?: number
  readonly max?: number
  readonly waiting?: string
  readonly lease?: string
  readonly token?: string
  readonly router?: string
}

export function roomsText(options: RoomsOptions = {}): string {
  const { slots = 2, min = 2, max = 4, waiting = '{ most: 3, longest: 10s }', token, lease, router } = options
  return `plimsoll: 1
api: { listen: "127.0.0.1:0"${token === undefined ? '' : `, token: "${token}"`} }
fleets:
  web:
    target: { type: pretend }
    every: 1s
    capacity: { min: ${min}, max: ${max} }
    router: ${router ?? '{ type: broker }'}
    sessions: { slotsPerInstance: ${slots}, waiting: ${waiting}${lease === undefined ? '' : `, lease: ${lease}`} }
    rules: []
`
}

export async function openRooms(options: RoomsOptions = {}): Promise<Rooms> {
  const scene = await openOperated('scale', { text: roomsText(options) })
  const authorization = options.token === undefined ? {} : { authorization: `Bearer ${options.token}` }

  async function ask(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<Answer> {
    const response = await fetch(`${scene.url}${path}`, {
      method,
      headers: { ...authorization, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(signal === undefined ? {} : { signal }),
    })
    return { status: response.status, headers: response.headers, body: await response.json() }
  }

  const rooms: Rooms = Object.assign(scene, {
    ask,
    post: (path: string, body?: unknown, signal?: AbortSignal) =>
      ask('POST', `/v1/fleets/web/${path}`, body, signal),
    get: (path: string) => ask('GET', `/v1/fleets/web/${path}`),
    delete: (path: string) => ask('DELETE', `/v1/fleets/web/${path}`),
    untilOpen: async (count: number) => {
      await until(`${count} open instances`, async () => {
        scene.fleet.boot()
        scene.daemon.wake('web')
        return scene.daemon.latest('web')?.observation.capacity?.open === count
      })
      // The tick that saw them told the broker of them before it was reported.
    },
  })
  await rooms.untilOpen(options.min ?? 2)
  return rooms
}
