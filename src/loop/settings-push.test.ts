/** Settings pushed to a real HTTP server that is not always well. */
import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { SettingChange } from '../model/settings.ts'
import type { SettingValue } from '../model/spec.ts'
import { createSettingsWebhook } from '../plugins/settings-webhook.ts'
import type { Clock } from '../ports/clock.ts'
import type { SettingsMessage } from '../ports/settings-receiver.ts'
import { SettingsPush } from './settings-push.ts'

const NOON = Date.UTC(2026, 10, 21, 12)

interface Told {
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

let server: Server
let url: string
/** What arrived, in order. */
let told: Told[]
/** Answers the next requests; 204 where there is none left. */
let answers: ((response: ServerResponse) => void)[]
/** How long the push wanted to pause; no pause takes any time. */
let pauses: number[]
let troubles: string[]
let push: SettingsPush

const clock: Clock = {
  now: () => NOON,
  after(ms, wake) {
    pauses.push(ms)
    const timer = setImmediate(wake)
    return () => clearImmediate(timer)
  },
}

beforeEach(async () => {
  told = []
  answers = []
  pauses = []
  troubles = []
  server = createServer(async (request, response) => {
    told.push({ headers: request.headers, body: await text(request) })
    const answer = answers.shift()
    if (answer === undefined) response.writeHead(204).end()
    else answer(response)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  url = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}/settings?key=k`
  push = pushTo(url)
})
afterEach(async () => {
  await push.close()
  server.closeAllConnections()
  server.close()
  await once(server, 'close')
})

function pushTo(address: string, secret: string | null = 's3cret'): SettingsPush {
  return new SettingsPush(createSettingsWebhook({ url: address, secret }, clock), {
    clock,
    random: { next: () => 1 },
    onTrouble: what => troubles.push(what),
  })
}

function answering(status: number, headers: Record<string, string> = {}) {
  return (response: ServerResponse) => response.writeHead(status, headers).end('no')
}

function change(version: number, from: SettingValue, to: SettingValue, setting = 'reports'): SettingChange {
  return { version, at: NOON + version, setting, from, to, rule: 'Shed load' }
}

function message(version: number, reports: SettingValue, ...changed: SettingChange[]): SettingsMessage {
  const id = `web/settings/${version}`
  return { id, fleet: 'web', version, at: NOON + version, settings: { reports }, changed }
}

function bodies(): unknown[] {
  return told.map(({ body }) => JSON.parse(body))
}

describe('a push of settings', () => {
  it('posts what is in force and what changed, signed, with an id for repeats', async () => {
    push.offer(message(5, false, change(5, true, false)))
    await push.settled()
    expect(bodies()).toEqual([
      {
        fleet: 'web',
        version: 5,
        at: '2026-11-21T12:00:00.005Z',
        settings: { reports: false },
        changed: [
          {
            version: 5,
            at: '2026-11-21T12:00:00.005Z',
            setting: 'reports',
            from: true,
            to: false,
            rule: 'Shed load',
          },
        ],
      },
    ])
    const [{ headers, body } = { headers: {}, body: '' }] = told
    const hmac = createHmac('sha256', 's3cret')
      .update(`${NOON / 1000}.${body}`)
      .digest('hex')
    expect(headers).toMatchObject({
      'content-type': 'application/json',
      'x-plimsoll-id': 'web/settings/5',
      'x-plimsoll-timestamp': String(NOON / 1000),
      'x-plimsoll-signature': `sha256=${hmac}`,
    })
  })

  it('is not signed without a secret', async () => {
    await push.close()
    push = pushTo(url, null)
    push.offer(message(1, true))
    await push.settled()
    expect(told[0]?.headers).not.toHaveProperty('x-plimsoll-signature')
  })

  it('tries again with the same id and longer pauses while the receiver is unwell', async () => {
    answers = [answering(503), response => response.destroy(), answering(500), answering(429)]
    push.offer(message(5, false, change(5, true, false)))
    await push.settled()
    expect(told.map(({ headers }) => headers['x-plimsoll-id'])).toEqual(Array(5).fill('web/settings/5'))
    expect(new Set(told.map(({ body }) => body)).size).toBe(1)
    expect(pauses).toEqual([500, 1000, 2000, 4000])
    expect(troubles).toEqual([])
  })

  it('waits as long as the receiver asks for, up to a minute', async () => {
    answers = [answering(503, { 'retry-after': '7' }), answering(503, { 'retry-after': '86400' })]
    push.offer(message(5, false))
    await push.settled()
    expect(pauses).toEqual([7000, 60_000])
  })

  it('tells a receiver that was away only the newest, with everything that changed meanwhile', async () => {
    let release: (value: unknown) => void = () => {}
    const held = new Promise(resolve => {
      release = resolve
    })
    let arrived: (value: unknown) => void = () => {}
    const underWay = new Promise(resolve => {
      arrived = resolve
    })
    answers = [
      response => {
        arrived(null)
        void held.then(() => response.writeHead(503).end())
      },
    ]
    push.offer(message(5, false, change(5, true, false)))
    await underWay
    push.offer(message(6, true, change(6, false, true)))
    push.offer(message(8, false, change(7, true, false), change(8, 'high', 'low', 'quality')))
    release(null)
    await push.settled()
    expect(bodies()).toMatchObject([
      { version: 5 },
      {
        version: 8,
        settings: { reports: false },
        changed: [
          { setting: 'reports', from: true, to: false },
          { setting: 'quality', from: 'high', to: 'low' },
        ],
      },
    ])
  })

  it('leaves out what changed and changed back before anybody was told', async () => {
    answers = [
      response => {
        push.offer(message(6, true, change(6, false, true)))
        response.writeHead(503).end()
      },
    ]
    push.offer(message(5, false, change(5, true, false)))
    await push.settled()
    expect(bodies()).toMatchObject([{ version: 5 }, { version: 6, settings: { reports: true }, changed: [] }])
  })

  it('tells the second after the first was taken without repeating what it changed', async () => {
    answers = [
      response => {
        push.offer(message(6, true, change(6, false, true)))
        response.writeHead(200).end()
      },
    ]
    push.offer(message(5, false, change(5, true, false)))
    await push.settled()
    expect(bodies()).toMatchObject([{ version: 5 }, { version: 6, changed: [{ from: false, to: true }] }])
    expect(pauses).toEqual([])
  })

  it('never tells an older version after a newer one', async () => {
    push.offer(message(6, true))
    push.offer(message(5, false))
    push.offer(message(6, true))
    await push.settled()
    expect(bodies()).toMatchObject([{ version: 6 }])
  })

  it('gives up after 8 tries, says so without the address’s key, and tries the next change anew', async () => {
    answers = Array.from({ length: 8 }, () => answering(503))
    push.offer(message(5, false, change(5, true, false)))
    await push.settled()
    expect(told).toHaveLength(8)
    expect(pauses).toEqual([500, 1000, 2000, 4000, 8000, 16_000, 32_000])
    expect(troubles).toEqual([expect.stringMatching(/^PLM-640 tried 8 times .*"web" \(version 5\).*503/)])
    expect(troubles.join()).not.toContain('key=k')
    push.offer(message(6, true, change(6, false, true)))
    await push.settled()
    expect(bodies().at(-1)).toMatchObject({ version: 6, settings: { reports: true } })
  })

  it.each([
    [400, 'once'],
    [401, 'once'],
    [404, 'once'],
    [410, 'once'],
    [302, 'once'],
  ])('does not repeat what was answered with %i', async (status, times) => {
    answers = [answering(status, { location: 'http://127.0.0.1:1/' })]
    push.offer(message(5, false))
    await push.settled()
    expect(told).toHaveLength(1)
    expect(troubles).toEqual([expect.stringMatching(`PLM-640 tried ${times} .*${status}`)])
  })

  it('returns from an offer at once, also when nobody listens, and ends while it waits', async () => {
    const silent: Clock = { now: () => NOON, after: () => () => {} }
    const gone = new SettingsPush(
      createSettingsWebhook({ url: 'http://127.0.0.1:1/', secret: null }, silent),
      {
        clock: silent,
        random: { next: () => 1 },
        onTrouble: what => troubles.push(what),
      },
    )
    gone.offer(message(5, false))
    await gone.close()
    await gone.close()
    gone.offer(message(6, false))
    await gone.settled()
    expect(troubles).toEqual([])
  })
})
