import { once } from 'node:events'
import { request as send } from 'node:http'
import { afterEach, describe, expect, it } from 'vitest'
import { type Fleet, startFleet } from './fleet.fixture.ts'

const fleets: Fleet[] = []

afterEach(async () => {
  await Promise.all(fleets.splice(0).map(fleet => fleet.end()))
})

describe('an answer whose body is long in coming', () => {
  it.each([
    ['of a stream', {}],
    ['of a known length', { 'content-length': '5' }],
  ])('shows its head at once: %s', async (_what, headers: Record<string, string>) => {
    let finish = (): void => undefined
    const fleet = await startFleet({
      instances: 1,
      serve: (_request, response) => {
        response.writeHead(200, { 'x-event': 'began', ...headers })
        response.flushHeaders()
        finish = () => void response.end('done.')
      },
    })
    fleets.push(fleet)
    const asked = send({ host: '127.0.0.1', port: fleet.port, path: '/events', agent: false }).end()
    const [answer] = await once(asked, 'response', { signal: AbortSignal.timeout(5_000) })
    expect(answer.headers['x-event']).toBe('began')
    const body: string[] = []
    answer.setEncoding('utf8').on('data', (text: string) => body.push(text))
    finish()
    await once(answer, 'end')
    expect(body.join('')).toBe('done.')
  })
})
