/** Operating a running daemon over real sockets. */
import { readFileSync, writeFileSync } from 'node:fs'
import { afterEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import {
  type Operated,
  type OperatedOptions,
  openOperated,
  operatedText,
} from '../../test/builders/operated.ts'
import { createStandIn } from '../../test/builders/runtime.ts'
import type { Mode } from '../model/spec.ts'
import { createApi } from './api.ts'

let opened: Operated[] = []
afterEach(async () => {
  await Promise.all(opened.map(scene => scene.end()))
  opened = []
})

async function open(mode: Mode, options?: OperatedOptions): Promise<Operated> {
  const scene = await openOperated(mode, options)
  opened.push(scene)
  return scene
}

interface Answer {
  readonly status: number
  readonly body: unknown
}

// Of what a socket gives, what the tests go on with; the rest is judged where it is expected.
const Ordered = z.object({
  override: z.looseObject({ id: z.string(), at: z.iso.datetime(), until: z.iso.datetime().nullable() }),
})
const Applied = z.object({ digest: z.string().min(6) })
const Acts = z.object({ acts: z.array(z.looseObject({ act: z.string() })) })
const Refused = z.object({ problems: z.array(z.unknown()) })

async function ask(method: string, url: string, body?: object, headers: object = {}): Promise<Answer> {
  const response = await fetch(url, {
    method,
    headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  return { status: response.status, body: await response.json() }
}

function refusal(status: number, code: string) {
  return {
    status,
    body: { error: { code, message: expect.stringMatching(/\w/), hint: expect.stringMatching(/\w/) } },
  }
}

const ADA = { who: 'ada', why: 'sale' }

describe('overrides', () => {
  it('set the capacity from the next tick on, with an end, and are listed with who and why', async () => {
    const { url, until, fleet } = await open('scale')
    const { status, body } = await ask('POST', `${url}/v1/fleets/web/capacity`, {
      count: 6,
      ...ADA,
      forMs: 3_600_000,
    })
    expect(status).toBe(200)
    const { override } = Ordered.parse(body)
    expect(override).toMatchObject({ fleet: 'web', ...ADA, change: { kind: 'capacity', count: 6 } })
    expect(Date.parse(override.until ?? '') - Date.parse(override.at)).toBe(3_600_000)
    await until(({ decision }) => decision.bounds.constraint === 'set-capacity (ada)')
    expect(fleet.ids()).toHaveLength(6)
    expect((await ask('GET', `${url}/v1/fleets/web/overrides`)).body).toEqual({ overrides: [override] })
    const now = await ask('GET', `${url}/v1/fleets/web`)
    expect(now.body).toMatchObject({ overrides: [override], bounds: { until: override.until } })
  })

  it('end when they are cleared, by id or by going back to what the file says', async () => {
    const { url } = await open('scale')
    const first = await ask('POST', `${url}/v1/fleets/web/overrides`, { change: { kind: 'pause' }, ...ADA })
    const { id } = Ordered.parse(first.body).override
    const cleared = await ask('DELETE', `${url}/v1/fleets/web/overrides/${id}?who=bob`)
    expect(cleared).toMatchObject({ status: 200, body: { cleared: { id } } })
    expect(await ask('DELETE', `${url}/v1/fleets/web/overrides/${id}?who=bob`)).toMatchObject(
      refusal(404, 'PLM-471'),
    )
    await ask('POST', `${url}/v1/fleets/web/mode`, { mode: 'recommend', ...ADA })
    const back = await ask('POST', `${url}/v1/fleets/web/mode`, { mode: null, ...ADA })
    expect(back.body).toMatchObject({
      override: null,
      cleared: { change: { kind: 'mode', mode: 'recommend' } },
    })
    expect((await ask('GET', `${url}/v1/fleets/web/overrides`)).body).toEqual({ overrides: [] })
  })

  it('pause and resume', async () => {
    const { url, until, orders, fleet } = await open('scale')
    await until(({ decision }) => decision.current === 2)
    await ask('POST', `${url}/v1/fleets/web/pause`, ADA)
    await until(({ decision }) => decision.because === 'paused by ada (sale): nothing changes')
    orders(500)
    const paused = await until(({ observation }) => 'value' in (observation.readings['last(orders)'] ?? {}))
    expect(paused.plan.actions).toEqual([])
    expect(fleet.ids()).toHaveLength(2)
    expect((await ask('POST', `${url}/v1/fleets/web/resume`, ADA)).body).toMatchObject({
      cleared: { who: 'ada' },
    })
    expect((await ask('POST', `${url}/v1/fleets/web/resume`, ADA)).body).toMatchObject({ cleared: null })
    await until(({ decision }) => decision.direction === 'out')
  })

  it('switch a rule off and rank another, and show it', async () => {
    const { url, until, orders } = await open('recommend')
    const rule = `${url}/v1/fleets/web/rules`
    orders(5000)
    await until(({ decision }) => decision.rule === 'up')
    const off = await ask('POST', `${rule}/up`, { enabled: false, ...ADA })
    expect(off.body).toMatchObject({
      set: [{ change: { kind: 'rule-enabled', rule: 'up', enabled: false } }],
    })
    await until(({ decision }) => decision.rule === 'far up')
    const { body } = await ask('GET', `${url}/v1/fleets/web`)
    expect(body).toMatchObject({
      rules: [
        { name: 'up', enabled: false },
        { name: 'far up', enabled: true },
      ],
    })
    const both = await ask('POST', `${rule}/up`, { enabled: null, rank: 3, ...ADA })
    expect(both.body).toMatchObject({
      set: [{ change: { rank: 3 } }],
      cleared: [{ change: { enabled: false } }],
    })
    await until(({ decision }) => decision.rule === 'far up')
    await ask('POST', `${rule}/${encodeURIComponent('far up')}`, { rank: -1, ...ADA })
    await until(({ decision }) => decision.rule === 'up')
  })

  it('change the mode that is enforced and shown', async () => {
    const { url, until } = await open('scale')
    await ask('POST', `${url}/v1/fleets/web/mode`, { mode: 'recommend', ...ADA, forMs: 60_000 })
    await until(({ observation }) => observation.overrides.length === 1)
    expect((await ask('GET', `${url}/v1/fleets`)).body).toMatchObject({ fleets: [{ mode: 'recommend' }] })
  })

  it.each([
    ['POST', '/v1/fleets/web/capacity', { count: -1, ...ADA }],
    ['POST', '/v1/fleets/web/capacity', { count: 1.5, ...ADA }],
    ['POST', '/v1/fleets/web/capacity', { count: 1_000_000, ...ADA }],
    ['POST', '/v1/fleets/web/capacity', { count: 3 }],
    ['POST', '/v1/fleets/web/capacity', { count: 3, who: ' ' }],
    ['POST', '/v1/fleets/web/capacity', { count: 3, who: 'a\u001b[2J' }],
    ['POST', '/v1/fleets/web/capacity', { count: 3, ...ADA, forMs: 0 }],
    ['POST', '/v1/fleets/web/capacity', { count: 3, ...ADA, until: 'noon' }],
    ['POST', '/v1/fleets/web/mode', { mode: 'sleep', ...ADA }],
    ['POST', '/v1/fleets/web/rules/up', ADA],
    ['POST', '/v1/fleets/web/overrides', { change: { kind: 'none' }, ...ADA }],
    ['POST', '/v1/spec/rollback', { version: 'xyz', ...ADA }],
  ])('%s %s %j is refused (PLM-456), and nothing is changed', async (method, path, body) => {
    const { url, daemon } = await open('scale')
    expect(await ask(method, `${url}${path}`, body)).toMatchObject(refusal(400, 'PLM-456'))
    expect(await daemon.store.readActs({ limit: 9 })).toEqual([])
  })

  it('name what there is, asked for a fleet or rule there is not', async () => {
    const { url } = await open('scale')
    for (const path of ['pause', 'resume']) {
      expect(await ask('POST', `${url}/v1/fleets/wep/${path}`, ADA)).toMatchObject(refusal(404, 'PLM-461'))
    }
    const body = { enabled: false, ...ADA }
    const answer = await ask('POST', `${url}/v1/fleets/web/rules/upp`, body)
    expect(answer).toMatchObject(refusal(404, 'PLM-486'))
    expect(answer.body).toMatchObject({ error: { hint: expect.stringContaining('up') } })
    const change = { kind: 'rule-rank', rule: 'upp', rank: 1 }
    expect(await ask('POST', `${url}/v1/fleets/web/overrides`, { change, ...ADA })).toMatchObject({
      status: 404,
    })
  })

  it('are not for pages of other sites', async () => {
    const { url } = await open('scale')
    const foreign = { origin: 'http://evil.example' }
    expect(await ask('POST', `${url}/v1/fleets/web/pause`, ADA, foreign)).toMatchObject(
      refusal(403, 'PLM-454'),
    )
    expect(await ask('DELETE', `${url}/v1/fleets/web/overrides/x?who=a`, undefined, foreign)).toMatchObject(
      refusal(403, 'PLM-454'),
    )
    expect(await ask('POST', `${url}/v1/fleets/web/pause`, ADA, { origin: url })).toMatchObject({
      status: 200,
    })
  })
})

describe('approvals', () => {
  it('are listed while they wait, and carried out when they are approved', async () => {
    const { url, until, orders, fleet } = await open('notify')
    const { approval } = await until(entry => entry.approval?.state === 'waiting')
    const { body } = await ask('GET', `${url}/v1/approvals`)
    expect(body).toMatchObject({
      approvals: [{ id: approval?.id, fleet: 'web', current: 0, desired: 2, direction: 'out' }],
    })
    expect((await ask('GET', `${url}/v1/fleets`)).body).toMatchObject({
      fleets: [{ approval: { id: approval?.id } }],
    })
    expect(fleet.ids()).toEqual([])
    const answer = await ask('POST', `${url}/v1/approvals/${approval?.id}/approve`, ADA)
    expect(answer).toMatchObject({ status: 200, body: { approval: { state: 'approved', fleet: 'web' } } })
    await until(({ outcomes }) => outcomes.length === 2)
    expect(fleet.ids()).toHaveLength(2)
    orders(50)
    expect((await ask('GET', `${url}/v1/approvals`)).body).toEqual({ approvals: [] })
  })

  it('take one word only (PLM-472 afterwards), and none for what never was', async () => {
    const { url, until, fleet } = await open('notify')
    const { approval } = await until(entry => entry.approval?.state === 'waiting')
    await ask('POST', `${url}/v1/approvals/${approval?.id}/reject`, ADA)
    for (const id of [approval?.id, 'web-9999', 'wep-1', 'x']) {
      expect(await ask('POST', `${url}/v1/approvals/${id}/approve`, ADA)).toMatchObject(
        refusal(404, 'PLM-472'),
      )
    }
    await until(entry => entry.approval?.state === 'rejected')
    expect(fleet.ids()).toEqual([])
  })

  it('answer the second of two words said at once with a conflict (PLM-473)', async () => {
    const { url, until, daemon } = await open('notify')
    const { approval } = await until(entry => entry.approval?.state === 'waiting')
    // Between looking and writing, somebody else is faster.
    const { store } = daemon
    const recordAct = store.recordAct.bind(store)
    store.recordAct = async act => {
      store.recordAct = recordAct
      if (act.act === 'approved') await recordAct({ ...act, act: 'rejected', who: 'bob' })
      return recordAct(act)
    }
    const answer = await ask('POST', `${url}/v1/approvals/${approval?.id}/approve`, ADA)
    expect(answer).toMatchObject(refusal(409, 'PLM-473'))
    expect(await store.readVerdict(approval?.id ?? '')).toMatchObject({ verdict: 'rejected', who: 'bob' })
  })
})

describe('after a restart', () => {
  it('overrides hold and approvals still wait', async () => {
    const scene = await open('notify')
    const { approval } = await scene.until(entry => entry.approval?.state === 'waiting')
    await ask('POST', `${scene.url}/v1/fleets/web/rules/up`, { rank: 3, ...ADA, forMs: 3_600_000 })
    await scene.restart()
    const entry = await scene.until(({ observation }) => observation.overrides.length === 1)
    expect(entry).toMatchObject({
      approval,
      observation: { overrides: [{ change: { rule: 'up', rank: 3 } }] },
    })
    expect((await ask('GET', `${scene.url}/v1/approvals`)).body).toMatchObject({
      approvals: [{ id: approval?.id, desired: 2 }],
    })
    await ask('POST', `${scene.url}/v1/approvals/${approval?.id}/approve`, ADA)
    await scene.until(({ outcomes }) => outcomes.length === 2)
    expect(scene.fleet.ids()).toHaveLength(2)
  })
})

describe('acts', () => {
  it('are told newest first, page by page, with who and why', async () => {
    const { url } = await open('scale')
    await ask('POST', `${url}/v1/fleets/web/pause`, { who: 'ada', why: 'moving disks' })
    await ask('POST', `${url}/v1/fleets/web/resume`, { who: 'bob', why: 'done' })
    await ask('POST', `${url}/v1/spec`, { text: operatedText({ max: 12 }), ...ADA })
    const first = (await ask('GET', `${url}/v1/fleets/web/acts?limit=2`)).body
    expect(first).toMatchObject({
      acts: [
        { act: 'applied', fleet: null, who: 'ada' },
        { act: 'cleared', fleet: 'web', who: 'bob', why: 'done', override: { who: 'ada' } },
      ],
      next: 2,
    })
    const second = (await ask('GET', `${url}/v1/fleets/web/acts?limit=2&before=2`)).body
    expect(second).toMatchObject({ acts: [{ act: 'set', why: 'moving disks' }], next: null })
  })

  it('and approvals are told to those who follow the events', async () => {
    const { url, until } = await open('notify')
    const stop = new AbortController()
    const response = await fetch(`${url}/v1/events`, { signal: stop.signal })
    const { approval } = await until(entry => entry.approval?.state === 'waiting')
    await ask('POST', `${url}/v1/approvals/${approval?.id}/reject`, ADA)
    const seen = new Map<string, unknown>()
    let unread = ''
    for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      const events = (unread + chunk).split('\n\n')
      unread = events.pop() ?? ''
      for (const event of events) {
        const name = /^event: (.*)$/m.exec(event)?.[1] ?? ''
        const data = /^data: (.*)$/m.exec(event)?.[1]
        if (data !== undefined) seen.set(name, JSON.parse(data))
      }
      const told = seen.get('approval')
      if (
        seen.has('act') &&
        told !== null &&
        typeof told === 'object' &&
        'news' in told &&
        told.news === 'rejected'
      )
        break
    }
    stop.abort()
    expect(seen.get('act')).toMatchObject({ act: 'rejected', who: 'ada', approval: approval?.id })
    expect(seen.get('approval')).toMatchObject({
      fleet: 'web',
      news: 'rejected',
      approval: { id: approval?.id },
    })
  })
})

describe('configurations', () => {
  it('built in code cannot be replaced (PLM-476)', async () => {
    const api = await createApi(createStandIn(), {
      host: '127.0.0.1',
      port: 0,
      token: null,
      dashboardRoot: null,
    })
    const { url } = await api.listen()
    expect(await ask('POST', `${url}/v1/spec`, { text: '', ...ADA })).toMatchObject(refusal(409, 'PLM-476'))
    await api.close()
  })

  it('are applied, kept as versions, written over the file with a backup, and gone back to', async () => {
    const { url, daemon, text, file } = await open('scale')
    const before = text()
    const from = daemon.spec().digest
    const next = operatedText({ max: 12 })
    const applied = await ask('POST', `${url}/v1/spec`, { text: next, ...ADA })
    expect(applied).toMatchObject({ status: 200, body: { outcome: 'applied', from } })
    const { digest } = Applied.parse(applied.body)
    expect(daemon.spec().fleets.web?.constraints[0]?.max).toBe(12)
    expect(text()).toBe(next)
    expect(readFileSync(`${file}.backup`, 'utf8')).toBe(before)
    expect((await ask('POST', `${url}/v1/spec`, { text: next, ...ADA })).body).toMatchObject({
      outcome: 'unchanged',
    })
    const versions = await ask('GET', `${url}/v1/spec/versions`)
    expect(versions.body).toMatchObject({
      inForce: digest,
      versions: [{ digest: digest }, { digest: from }],
    })
    const back = await ask('POST', `${url}/v1/spec/rollback`, ADA)
    expect(back.body).toMatchObject({ outcome: 'applied', digest: from, from: digest })
    expect(text()).toBe(before)
    const again = await ask('POST', `${url}/v1/spec/rollback`, {
      version: digest.slice(0, 6),
      ...ADA,
    })
    expect(again.body).toMatchObject({ digest: digest })
    const { body } = await ask('GET', `${url}/v1/fleets/web/acts`)
    expect(Acts.parse(body).acts.map(({ act }) => act)).toEqual(['rolled-back', 'rolled-back', 'applied'])
  })

  it('stay in force after a restart', async () => {
    const scene = await open('scale')
    await ask('POST', `${scene.url}/v1/spec`, { text: operatedText({ max: 12 }), ...ADA })
    await scene.restart()
    expect(scene.daemon.spec().fleets.web?.constraints[0]?.max).toBe(12)
  })

  it('with problems change nothing, and every problem is told with its place (PLM-474)', async () => {
    const { url, daemon, text } = await open('scale')
    const before = text()
    const { digest } = daemon.spec()
    const bad = before.replace('min: 2', 'min: 20').replace('by: 1', 'bye: 1')
    const { status, body } = await ask('POST', `${url}/v1/spec`, { text: bad, ...ADA })
    expect(status).toBe(422)
    expect(body).toMatchObject({ error: { code: 'PLM-474' }, told: expect.stringContaining('bye') })
    const { problems } = Refused.parse(body)
    expect(problems.length).toBeGreaterThanOrEqual(2)
    expect(problems[0]).toMatchObject({
      line: expect.any(Number),
      code: expect.stringMatching(/^PLM-1/),
    })
    expect(text()).toBe(before)
    expect(daemon.spec().digest).toBe(digest)
    expect((await ask('GET', `${url}/v1/spec/versions`)).body).toMatchObject({ versions: [{}] })
  })

  it('may not run anything new where no token is asked for (PLM-475)', async () => {
    const { url, text } = await open('scale')
    const before = text()
    const metric = 'load: { source: command, command: ["id"], every: 1s, kind: total }'
    for (const [from, to] of [
      ['{ type: pretend }', '{ type: process, command: ["id"] }'],
      ['metrics:\n', `metrics:\n  ${metric}\n`],
      ['"127.0.0.1:0"', '"127.0.0.1:1"'],
    ] as const) {
      const answer = await ask('POST', `${url}/v1/spec`, { text: before.replace(from, to), ...ADA })
      expect(answer).toMatchObject(refusal(403, 'PLM-475'))
    }
    expect(text()).toBe(before)
  })

  it('may with the token', async () => {
    const token = 'correct horse battery staple'
    const { url, text } = await open('scale', { token })
    const metric = 'load: { source: command, command: ["id"], every: 1s, kind: total }'
    const next = text().replace('metrics:\n', `metrics:\n  ${metric}\n`)
    expect(await ask('POST', `${url}/v1/spec`, { text: next, ...ADA })).toMatchObject(refusal(401, 'PLM-455'))
    const answer = await ask(
      'POST',
      `${url}/v1/spec`,
      { text: next, ...ADA },
      { authorization: `Bearer ${token}` },
    )
    expect(answer).toMatchObject({ status: 200, body: { outcome: 'applied' } })
  })

  it('that cannot be put in force leave the one before in force and in the file (PLM-477)', async () => {
    const token = 'correct horse battery staple'
    const { url, text, daemon } = await open('scale', { token })
    const before = text()
    const taken = new URL(url).port
    const next = before.replace(
      '    every: 1s\n',
      `    router: { type: proxy, listen: "127.0.0.1:${taken}" }\n    every: 1s\n`,
    )
    const { digest } = daemon.spec()
    const answer = await ask(
      'POST',
      `${url}/v1/spec`,
      { text: next, ...ADA },
      { authorization: `Bearer ${token}` },
    )
    expect(answer).toMatchObject(refusal(409, 'PLM-477'))
    expect(text()).toBe(before)
    expect(daemon.spec().digest).toBe(digest)
  })

  it('go back only to what was in force (PLM-478)', async () => {
    const { url } = await open('scale')
    expect(await ask('POST', `${url}/v1/spec/rollback`, ADA)).toMatchObject(refusal(404, 'PLM-478'))
    expect(await ask('POST', `${url}/v1/spec/rollback`, { version: 'ffff', ...ADA })).toMatchObject(
      refusal(404, 'PLM-478'),
    )
  })

  it('replace a file that was spoiled meanwhile, and keep the spoiled text as the backup', async () => {
    const { url, text, file } = await open('scale')
    writeFileSync(file, 'plimsoll: [')
    await ask('POST', `${url}/v1/spec`, { text: operatedText({ max: 12 }), ...ADA })
    expect(text()).toBe(operatedText({ max: 12 }))
    expect(readFileSync(`${file}.backup`, 'utf8')).toBe('plimsoll: [')
  })
})
