/**
 * Azure's resource manager with whatever a template has created, as far as somebody needs it who looks resources up and deletes them. What
 * is used by something that is still there cannot be deleted; a deletion is accepted and takes a few readings; operations fail and replies
 * are lost when a test says so.
 *
 * Example: `const fake = await FakeResources.deployed(template, values)`; a client that deletes the public address before the load balancer
 * is answered 400 with `PublicIPAddressCannotBeDeleted`.
 */
import { randomUUID } from 'node:crypto'
import { FakeAzure, type Question, type Reply, refused } from './fake-azure.ts'
import { type Resource, textsIn, workedOut } from './worked-out.ts'

export const SUBSCRIPTION = '00000000-0000-4000-8000-000000000001'
export const GROUP = 'web-rg'
const GROUP_ID = `/subscriptions/${SUBSCRIPTION}/resourceGroups/${GROUP}`
/** Until a deletion that was accepted is done. */
const READINGS = 2

export interface Held {
  readonly id: string
  readonly type: string
  readonly name: string
  tags: Record<string, string>
  readonly properties: Record<string, unknown>
  /** `null`: nobody deletes it. */
  left: number | null
}

interface Operation {
  readonly of: string
  left: number
  readonly error: { readonly code: string; readonly message: string } | null
}

export class FakeResources extends FakeAzure {
  readonly held = new Map<string, Held>()
  /** Of the next deletion of what matches: accepted, and given up later. */
  readonly willFail: { readonly path: RegExp; readonly code: string; readonly message: string }[] = []
  /** Names and ids are answered in capitals, as they are now and then. */
  shouts = false
  /** In the order in which they went. */
  readonly gone: string[] = []
  readonly #operations = new Map<string, Operation>()

  static async deployed(template: object, values: Readonly<Record<string, unknown>>): Promise<FakeResources> {
    const fake = new FakeResources()
    for (const resource of workedOut(template, values).resources) fake.add(resource)
    return fake.listen()
  }

  add({ type, name, tags, properties, scope }: Resource): Held {
    const place = typeof scope === 'string' ? `${GROUP_ID}/providers/${scope}` : GROUP_ID
    const held: Held = {
      id: `${place}/providers/${type}/${name}`,
      type,
      name,
      tags: typeof tags === 'object' && tags !== null ? { ...tags } : {},
      properties: { ...properties },
      left: null,
    }
    this.held.set(held.id.toLowerCase(), held)
    return held
  }

  /** Of what ends so: `loadBalancers/web-lb`. */
  of(end: string): Held {
    const found = [...this.held.values()].find(({ id }) => id.toLowerCase().endsWith(end.toLowerCase()))
    if (found === undefined) throw new Error(`no ${end}`)
    return found
  }

  protected answer({ method, url }: Question): Reply {
    const path = decodeURIComponent(url.pathname).toLowerCase()
    if (url.searchParams.get('api-version') === null) {
      return refused(400, 'MissingApiVersionParameter', 'api-version is required')
    }
    const operation = /\/operations\/([^/]+)$/.exec(path)
    if (operation) return this.#poll(operation[1] ?? '', url.searchParams.has('monitor'))
    if (!path.startsWith(`/subscriptions/${SUBSCRIPTION}/`)) {
      return refused(404, 'SubscriptionNotFound', 'no such subscription')
    }
    if (!path.startsWith(GROUP_ID.toLowerCase()))
      return refused(404, 'ResourceGroupNotFound', 'no such group')
    const held = this.held.get(path)
    if (method === 'GET') return this.#get(held)
    if (method === 'DELETE') return this.#delete(held)
    return refused(405, 'MethodNotAllowed', method)
  }

  #get(held: Held | undefined): Reply {
    if (held === undefined) return refused(404, 'ResourceNotFound', 'no such resource')
    this.#advance(held)
    if (!this.held.has(held.id.toLowerCase())) return refused(404, 'ResourceNotFound', 'no such resource')
    const isAssignment = held.type.endsWith('/roleAssignments')
    const provisioningState = this.#spelt(held.left === null ? 'Succeeded' : 'Deleting')
    return {
      status: 200,
      body: {
        id: this.#spelt(held.id),
        name: this.#spelt(held.name),
        type: held.type,
        ...(isAssignment ? {} : { tags: held.tags, location: 'westeurope' }),
        properties: { ...held.properties, ...(isAssignment ? {} : { provisioningState }) },
      },
    }
  }

  #delete(held: Held | undefined): Reply {
    if (held === undefined) return { status: 204, body: null }
    const user = this.#userOf(held)
    if (user !== null) {
      const code = held.type.endsWith('publicIPAddresses')
        ? 'PublicIPAddressCannotBeDeleted'
        : 'InUseResource'
      return refused(400, code, `${held.name} is in use by ${user.name}`)
    }
    if (held.type.endsWith('/roleAssignments')) {
      this.#remove(held)
      return { status: 200, body: null }
    }
    const failing = this.willFail.findIndex(({ path }) => path.test(held.id))
    const error = this.willFail[failing] ?? null
    if (error !== null) this.willFail.splice(failing, 1)
    else held.left ??= READINGS
    const id = randomUUID()
    this.#operations.set(id, { of: held.id, left: READINGS, error })
    const address = `${this.endpoint}/subscriptions/${SUBSCRIPTION}/providers/Microsoft.Network/locations/westeurope/operations/${id}?api-version=2024-05-01`
    return {
      status: 202,
      body: null,
      headers: { 'azure-asyncoperation': address, location: `${address}&monitor=true`, 'retry-after': '0' },
    }
  }

  #poll(id: string, isMonitor: boolean): Reply {
    const operation = this.#operations.get(id)
    if (operation === undefined) return refused(404, 'NotFound', 'no such operation')
    operation.left -= 1
    if (operation.left > 0) {
      return { status: isMonitor ? 202 : 200, body: { name: id, status: 'InProgress' } }
    }
    const { error } = operation
    if (error !== null) return { status: 200, body: { name: id, status: 'Failed', error } }
    const held = this.held.get(operation.of.toLowerCase())
    if (held !== undefined) this.#advance(held)
    return { status: 200, body: { name: id, status: 'Succeeded' } }
  }

  #advance(held: Held): void {
    if (held.left === null) return
    held.left -= 1
    if (held.left <= 0) this.#remove(held)
  }

  #remove(held: Held): void {
    this.held.delete(held.id.toLowerCase())
    this.gone.push(held.name)
    for (const inside of [...this.held.values()]) {
      if (inside.id.startsWith(`${held.id}/`)) this.held.delete(inside.id.toLowerCase())
    }
  }

  /** Who still names it. */
  #userOf(held: Held): Held | null {
    const tail = held.id.slice(GROUP_ID.length).toLowerCase()
    const names = (text: string): boolean => {
      const lower = text.toLowerCase()
      return lower.endsWith(tail) || lower.includes(`${tail}/`)
    }
    const users = [...this.held.values()].filter(
      other => other !== held && textsIn(other.properties).some(names),
    )
    return users[0] ?? null
  }

  #spelt(name: string): string {
    return this.shouts ? name.toUpperCase() : name
  }
}
