import { createHmac } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Mood, notifierAcceptance, sampleNotice } from '../../ports/notifier.acceptance.ts'
import type { Notifier } from '../../ports/notifier.ts'
import { systemClock } from '../clocks/system.ts'
import { type Answer, deadUrl, type Receiver, startReceiver } from './receiver.fixture.ts'
import { createSlackNotifier, slackNotifierOptions } from './slack.ts'
import { azureBody, createWebhookNotifier, webhookNotifierOptions } from './webhook.ts'

const PATH = '/services/T123/B456/key-that-nobody-may-see?token=and-this'
const SECRETS = ['key-that-nobody-may-see', 'and-this', 's3cret-of-ours']

/** Like many servers, it repeats the path it was asked for. */
const MOODS: Readonly<Record<Mood, Answer>> = {
  busy: { status: 503, body: 'overloaded' },
  wrong: { status: 404, body: `Cannot POST ${PATH}` },
  silent: { status: 'silent' },
}

const WAYS: Readonly<Record<string, (url: string) => Notifier>> = {
  'the webhook notifier': url =>
    createWebhookNotifier(webhookNotifierOptions.parse({ url, secret: 's3cret-of-ours' }), {
      clock: systemClock,
    }),
  'the webhook notifier in the format of Azure': url =>
    createWebhookNotifier(webhookNotifierOptions.parse({ url, format: 'azure' }), { clock: systemClock }),
  'the Slack notifier': url =>
    createSlackNotifier(slackNotifierOptions.parse({ url }), { clock: systemClock }),
}

for (const [name, make] of Object.entries(WAYS)) {
  notifierAcceptance(name, async () => {
    const receiver = await startReceiver(PATH)
    const dead = await deadUrl(PATH)
    return {
      notifier: make(receiver.url),
      taken: async () => receiver.taken.map(({ body }) => nameInAzure(body)),
      next: mood => receiver.answerNext(MOODS[mood]),
      unreachable: () => make(dead),
      secrets: SECRETS,
      cleanUp: () => receiver.close(),
    }
  })
}

/** Azure's body has no place for a title; its counts stand for it. */
function nameInAzure(body: string): string {
  const { context } = JSON.parse(body)
  return context?.oldCapacity === undefined
    ? body
    : `${body} web ${context.oldCapacity} -> ${context.newCapacity}`
}

describe('what a webhook is sent', () => {
  let receiver: Receiver
  let notifier: Notifier | null = null
  const signal = AbortSignal.timeout(60_000)

  beforeEach(async () => {
    receiver = await startReceiver()
  })
  afterEach(async () => {
    await notifier?.close()
    await receiver.close()
  })

  const webhook = (options: object): Notifier => {
    notifier = createWebhookNotifier(webhookNotifierOptions.parse({ url: receiver.url, ...options }), {
      clock: systemClock,
    })
    return notifier
  }

  it('is signed over its time and its body, so that a receiver can tell it from a forgery', async () => {
    await webhook({ secret: 's3cret' }).send(sampleNotice(), signal)
    const [post] = receiver.taken
    const timestamp = post?.headers['x-plimsoll-timestamp']
    const hex = createHmac('sha256', 's3cret').update(`${timestamp}.${post?.body}`).digest('hex')
    expect(post?.headers['x-plimsoll-signature']).toBe(`sha256=${hex}`)
    expect(Math.abs(Date.now() / 1000 - Number(timestamp))).toBeLessThan(60)
    expect(post?.headers['x-plimsoll-id']).toBe('web/42/scaled')
  })

  it('says everything in our own format', async () => {
    await webhook({ properties: { team: 'shop' } }).send(sampleNotice(), signal)
    expect(JSON.parse(receiver.taken[0]?.body ?? '')).toEqual({
      version: 1,
      id: 'web/42/scaled',
      at: '2026-11-21T12:00:00.000Z',
      fleet: 'web',
      event: 'scaled',
      title: 'web 5 -> 6',
      text: '"Scale up" fired: avg(cpu, 45m) = 83.2 (avg(cpu, 45m) > 80%)',
      change: { from: 5, to: 6, rule: 'Scale up' },
      withdraws: null,
      properties: { team: 'shop' },
    })
    expect(receiver.taken[0]?.headers['x-plimsoll-signature']).toBeUndefined()
  })

  it("is Azure's body 1.0 for receivers that know that one, and only for changes", async () => {
    const azure = webhook({
      format: 'azure',
      properties: { key: 'value' },
      resource: {
        subscription: 'sub-1',
        resourceGroup: 'shop',
        type: 'microsoft.web/serverfarms',
        region: 'westeurope',
      },
    })
    await azure.send(sampleNotice(), signal)
    expect(azure.tells).toEqual(['scaled'])
    expect(JSON.parse(receiver.taken[0]?.body ?? '')).toEqual({
      version: '1.0',
      status: 'Activated',
      operation: 'Scale Out',
      context: {
        timestamp: '2026-11-21T12:00:00.000Z',
        id: 'web/42/scaled',
        name: 'Scale up',
        details: '"Scale up" fired: avg(cpu, 45m) = 83.2 (avg(cpu, 45m) > 80%)',
        subscriptionId: 'sub-1',
        resourceGroupName: 'shop',
        resourceName: 'web',
        resourceType: 'microsoft.web/serverfarms',
        resourceId: '/subscriptions/sub-1/resourceGroups/shop/providers/microsoft.web/serverfarms/web',
        portalLink:
          'https://portal.azure.com/#resource/subscriptions/sub-1/resourceGroups/shop/providers/microsoft.web/serverfarms/web',
        resourceRegion: 'westeurope',
        oldCapacity: '5',
        newCapacity: '6',
      },
      properties: { key: 'value' },
    })
    const shrinking = sampleNotice({ change: { from: 6, to: 5, rule: null } })
    expect(azureBody(shrinking, webhookNotifierOptions.parse({ url: receiver.url })).operation).toBe(
      'Scale In',
    )
  })

  it.each([
    ['nothing', {}, { resourceName: 'web', resourceId: 'web', portalLink: '', resourceRegion: '' }],
    [
      'a subscription only',
      { subscription: 's1' },
      { subscriptionId: 's1', resourceId: 'web', portalLink: '' },
    ],
    [
      'another name, its id and a page of its own',
      { name: 'web-vmss', id: '/subscriptions/s1/x', portalLink: 'https://ops.example.org' },
      {
        resourceName: 'web-vmss',
        resourceId: '/subscriptions/s1/x',
        portalLink: 'https://ops.example.org',
      },
    ],
  ])("names in Azure's body what is known of the resource: %s", (_what, resource, context) => {
    const options = webhookNotifierOptions.parse({ url: receiver.url, format: 'azure', resource })
    expect(azureBody(sampleNotice(), options).context).toMatchObject(context)
  })

  it('carries headers of yours, which cannot take the place of ours', async () => {
    const headers = { Authorization: 'Bearer s3cret', 'X-Plimsoll-Id': 'forged' }
    await webhook({ headers }).send(sampleNotice(), signal)
    expect(receiver.taken[0]?.headers).toMatchObject({
      authorization: 'Bearer s3cret',
      'x-plimsoll-id': 'web/42/scaled',
      'content-type': 'application/json',
    })
  })

  it.each([
    { status: 429, headers: { 'retry-after': '7' }, kind: 'throttled', retryAfterMs: 7_000 },
    { status: 503, headers: { 'retry-after': '2' }, kind: 'unavailable', retryAfterMs: 2_000 },
    { status: 429, headers: { 'retry-after': 'soon' }, kind: 'throttled', retryAfterMs: undefined },
    { status: 500, headers: {}, kind: 'unavailable', retryAfterMs: undefined },
    { status: 400, headers: {}, kind: 'misconfigured', retryAfterMs: undefined },
    { status: 302, headers: { location: '/elsewhere' }, kind: 'misconfigured', retryAfterMs: undefined },
    { status: 401, headers: {}, kind: 'refused', retryAfterMs: undefined },
    { status: 410, headers: {}, kind: 'not-found', retryAfterMs: undefined },
  ])('answered with $status $headers is $kind (PLM-386)', async ({ status, headers, kind, retryAfterMs }) => {
    receiver.answerNext({ status, headers: { ...headers } as Record<string, string> })
    const failure = expect(webhook({}).send(sampleNotice(), signal)).rejects
    await failure.toMatchObject({ kind, retryAfterMs, message: expect.stringContaining('PLM-386') })
  })

  it('counts as unavailable when it is not answered in time (PLM-387)', async () => {
    receiver.answerNext({ status: 'silent' })
    await expect(webhook({ timeout: 50 }).send(sampleNotice(), signal)).rejects.toMatchObject({
      kind: 'unavailable',
      message: expect.stringMatching(
        /^PLM-387 POST http:\/\/127\.0\.0\.1:\d+\/\.\.\. was not answered within 50 ms$/,
      ),
    })
  })

  it('counts as unavailable when nothing listens (PLM-385)', async () => {
    const url = await deadUrl()
    await expect(webhook({ url }).send(sampleNotice(), signal)).rejects.toMatchObject({
      kind: 'unavailable',
      message: expect.stringContaining('PLM-385'),
    })
  })

  it('takes user and password of its address as a header, not as part of it', async () => {
    await webhook({ url: receiver.url.replace('//', '//ops:pa%40ss@') }).send(sampleNotice(), signal)
    expect(receiver.taken[0]?.headers.authorization).toBe(`Basic ${btoa('ops:pa@ss')}`)
  })
})

describe('what a chat is sent', () => {
  it('is a text and blocks whose characters mean nothing else', async () => {
    const receiver = await startReceiver()
    const notifier = createSlackNotifier(slackNotifierOptions.parse({ url: receiver.url }), {
      clock: systemClock,
    })
    const text = `load > 80% & <!channel> ${'x'.repeat(4000)}`
    await notifier.send(sampleNotice({ text, title: 't'.repeat(200) }), AbortSignal.timeout(60_000))
    const { blocks } = JSON.parse(receiver.taken[0]?.body ?? '')
    expect(blocks[0].text.text).toHaveLength(150)
    expect(blocks[1].text.text).toMatch(/^load &gt; 80% &amp; &lt;!channel&gt; x+\.\.\.$/)
    expect(blocks[1].text.text.length).toBeLessThanOrEqual(3_000)
    await notifier.close()
    await receiver.close()
  })
})
