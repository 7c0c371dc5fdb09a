/**
 * A Service Bus namespace as its management address answers: Atom and XML behind HTTPS on 127.0.0.1, for whoever has a token, or signs each
 * address with the key of a shared access policy. There is no emulator of it that runs without containers, so this one is driven only by
 * Microsoft's own client, and misbehaves on request.
 *
 * Example: `bus.queues.set('orders', counts({ active: 42 }))`; a client that asks for the queue is answered an entry with 42 active messages,
 * and one that asks for a queue that is not there a feed without entries, with status 200, as by the real one.
 */
import { createHmac } from 'node:crypto'
import { FakeAzure, type Question, type Reply } from './fake-azure.ts'

export const BUS_POLICY = 'plimsoll'
export const BUS_KEY = 'a2V5LW9mLXRoZS1zaGFyZWQtYWNjZXNzLXBvbGljeQ=='
export const BUS_TOKEN = 'a-token'

export interface FakeCounts {
  readonly active: number
  readonly deadLetter: number
  readonly scheduled: number
  readonly transfer: number
}

export function counts(some: Partial<FakeCounts> = {}): FakeCounts {
  return { active: 0, deadLetter: 0, scheduled: 0, transfer: 0, ...some }
}

export class FakeServiceBus extends FakeAzure {
  readonly queues = new Map<string, FakeCounts>()
  /** By topic, and in it by subscription. */
  readonly topics = new Map<string, Map<string, FakeCounts>>()
  /** Waiting at a topic until they are due. */
  readonly scheduled = new Map<string, number>()
  /** Takes something from, or adds it to, what would be answered. */
  garble: (xml: string) => string = xml => xml
  /** What is not there is answered 404. */
  saysNotFound = false
  /** Pages lead to themselves. */
  goesInCircles = false

  static start(...identity: ConstructorParameters<typeof FakeAzure>): Promise<FakeServiceBus> {
    return new FakeServiceBus(...identity).listen()
  }

  /** As `namespace` wants it. */
  get host(): string {
    return new URL(this.endpoint).host
  }

  connection(key = BUS_KEY): string {
    return `Endpoint=sb://${this.host}/;SharedAccessKeyName=${BUS_POLICY};SharedAccessKey=${key}`
  }

  protected override worded(code: string, message: string): string {
    return `<Error><Code>${code}</Code><Detail>${message}</Detail></Error>`
  }

  protected answer({ method, url, headers }: Question): Reply {
    if (method !== 'GET') return this.#refused(405, 'only readings are offered')
    if (url.searchParams.get('api-version') === null) return this.#refused(400, 'no api-version')
    if (!this.#isSigned(headers.authorization ?? '', url)) {
      return this.#refused(401, 'Manage,EntityRead claims required for this operation.')
    }
    const body = this.#bodyOf(decodeURIComponent(url.pathname.slice(1)), url)
    if (body === null) {
      return this.saysNotFound
        ? this.#refused(404, 'No service is hosted at the specified address.')
        : { status: 200, body: this.garble(this.#feed([], null)) }
    }
    return { status: 200, body: this.garble(body) }
  }

  #bodyOf(path: string, url: URL): string | null {
    const of = /^(.+)\/Subscriptions\/?([^/]+)?$/i.exec(path)
    if (of === null) {
      const queue = this.queues.get(path)
      if (queue !== undefined) return this.#entry(path, queueDescription(queue))
      return this.topics.has(path) ? this.#entry(path, topicDescription(this.scheduled.get(path) ?? 0)) : null
    }
    const [, topic = '', name] = of
    const subscriptions = this.topics.get(topic)
    if (subscriptions === undefined) return null
    if (name === undefined) return this.#page(topic, [...subscriptions], url)
    const found = subscriptions.get(name)
    return found === undefined ? null : this.#entry(path, subscriptionDescription(found))
  }

  #page(topic: string, all: readonly (readonly [string, FakeCounts])[], url: URL): string {
    const skip = Number(url.searchParams.get('$skip') ?? '0')
    const top = Number(url.searchParams.get('$top') ?? '100')
    const entries = all
      .slice(skip, skip + top)
      .map(([name, each]) => this.#entry(`${topic}/Subscriptions/${name}`, subscriptionDescription(each)))
    const next = this.goesInCircles ? Math.max(1, skip) : skip + top
    const more = this.goesInCircles || skip + top < all.length
    return this.#feed(
      entries,
      more ? `${this.endpoint}/${topic}/Subscriptions?$skip=${next}&amp;$top=${top}` : null,
    )
  }

  #feed(entries: readonly string[], next: string | null): string {
    const links = [
      `<link rel="self" href="${this.endpoint}/x?api-version=2021-05"/>`,
      ...(next === null ? [] : [`<link rel="next" href="${next}"/>`]),
    ]
    return `<feed xmlns="http://www.w3.org/2005/Atom"><title type="text">Publicly Listed Services</title><updated>2026-11-22T12:00:00Z</updated>${links.join('')}${entries.join('')}</feed>`
  }

  #entry(path: string, description: string): string {
    return `<entry xmlns="http://www.w3.org/2005/Atom"><id>${this.endpoint}/${path}?api-version=2021-05</id><title type="text">${path}</title><published>2026-11-01T00:00:00Z</published><updated>2026-11-22T12:00:00Z</updated><content type="application/xml">${description}</content></entry>`
  }

  /** By a token, or by a signature of the very address. */
  #isSigned(authorization: string, url: URL): boolean {
    if (authorization.startsWith('Bearer ')) return authorization === `Bearer ${BUS_TOKEN}`
    const [, text = ''] = /^SharedAccessSignature (.+)$/.exec(authorization) ?? []
    const parts = new Map(
      text.split('&').map(part => [part.slice(0, part.indexOf('=')), part.slice(part.indexOf('=') + 1)]),
    )
    const resource = parts.get('sr') ?? ''
    const until = parts.get('se') ?? ''
    const key = Buffer.from(BUS_KEY, 'utf8')
    const signature = createHmac('sha256', key).update(`${resource}\n${until}`).digest('base64')
    const isOfHere = decodeURIComponent(resource).startsWith(
      `https://${url.host === 'fake' ? this.host : url.host}`,
    )
    return (
      isOfHere && parts.get('skn') === BUS_POLICY && decodeURIComponent(parts.get('sig') ?? '') === signature
    )
  }

  #refused(status: number, detail: string): Reply {
    return { status, body: this.worded(`${status}`, detail) }
  }
}

const CONNECT =
  'xmlns="http://schemas.microsoft.com/netservices/2010/10/servicebus/connect" xmlns:i="http://www.w3.org/2001/XMLSchema-instance"'
const COUNTED = 'xmlns:d2p1="http://schemas.microsoft.com/netservices/2011/06/servicebus"'
const TIMES =
  '<CreatedAt>2026-11-01T00:00:00Z</CreatedAt><UpdatedAt>2026-11-22T11:00:00Z</UpdatedAt><AccessedAt>2026-11-22T12:00:00Z</AccessedAt>'

function details({ active, deadLetter, scheduled, transfer }: FakeCounts): string {
  return `<CountDetails ${COUNTED}><d2p1:ActiveMessageCount>${active}</d2p1:ActiveMessageCount><d2p1:DeadLetterMessageCount>${deadLetter}</d2p1:DeadLetterMessageCount><d2p1:ScheduledMessageCount>${scheduled}</d2p1:ScheduledMessageCount><d2p1:TransferMessageCount>${transfer}</d2p1:TransferMessageCount><d2p1:TransferDeadLetterMessageCount>0</d2p1:TransferDeadLetterMessageCount></CountDetails>`
}

function totalOf({ active, deadLetter, scheduled, transfer }: FakeCounts): number {
  return active + deadLetter + scheduled + transfer
}

function queueDescription(queue: FakeCounts): string {
  return `<QueueDescription ${CONNECT}><LockDuration>PT1M</LockDuration><MaxSizeInMegabytes>1024</MaxSizeInMegabytes><RequiresSession>false</RequiresSession><SizeInBytes>0</SizeInBytes><MessageCount>${totalOf(queue)}</MessageCount><Status>Active</Status>${TIMES}${details(queue)}</QueueDescription>`
}

function subscriptionDescription(subscription: FakeCounts): string {
  return `<SubscriptionDescription ${CONNECT}><LockDuration>PT1M</LockDuration><RequiresSession>false</RequiresSession><MessageCount>${totalOf(subscription)}</MessageCount><MaxDeliveryCount>10</MaxDeliveryCount><Status>Active</Status>${TIMES}${details(subscription)}</SubscriptionDescription>`
}

function topicDescription(scheduled: number): string {
  return `<TopicDescription ${CONNECT}><MaxSizeInMegabytes>1024</MaxSizeInMegabytes><SizeInBytes>0</SizeInBytes><Status>Active</Status>${TIMES}${details(counts({ scheduled }))}<SubscriptionCount>1</SubscriptionCount></TopicDescription>`
}
