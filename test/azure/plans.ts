/**
 * Azure's resource manager with one App Service plan, behind HTTPS on 127.0.0.1. What it keeps is of Microsoft's own type, and what is
 * put replaces all of it, as there: what a client leaves out is gone. It misbehaves as the real one does: workers that take a while,
 * operations that go on or fail after they were accepted, a tier that changes, a platform that keeps more than was asked for,
 * somebody else who scales.
 *
 * Example: `const plans = await FakePlans.start()`; a client puts the plan back with capacity 3, which is answered 200; the next listing
 * has one worker that is Ready and two that are Creating, and two readings later all are Ready.
 *
 * Nothing in it waits for time: what is under way moves on by being looked at.
 */
import { randomUUID } from 'node:crypto'
import type { AppServicePlan } from '@azure/arm-appservice'
import { z } from 'zod'
import { FakeAzure, type Question, type Reply, refused } from './fake-azure.ts'

export const PLAN_SUBSCRIPTION = '00000000-0000-4000-8000-000000000001'
export const PLAN_GROUP = 'shop-rg'
export const PLAN = 'shop'
/** Readings until what was begun is done. */
const READINGS = 2

type Writable<T> = { -readonly [K in keyof T]: T[K] }

interface FakeWorker {
  readonly name: string
  status: string
  left: number
}

interface Operation {
  left: number
  readonly capacity: number
  readonly error: { readonly code: string; readonly message: string } | null
}

const putBody = z.strictObject({
  location: z.string().min(1),
  kind: z.string().optional(),
  tags: z.record(z.string(), z.string()),
  sku: z.object({ name: z.string(), tier: z.string(), capacity: z.number().int().min(0) }).loose(),
  properties: z.record(z.string(), z.unknown()),
})
/** What stands beside `properties` in what Azure answers. */
const OUTSIDE: readonly string[] = ['id', 'name', 'type', 'location', 'kind', 'tags', 'sku']

export class FakePlans extends FakeAzure {
  readonly plan: Writable<AppServicePlan> = {
    id: `/subscriptions/${PLAN_SUBSCRIPTION}/resourceGroups/${PLAN_GROUP}/providers/Microsoft.Web/serverfarms/${PLAN}`,
    name: PLAN,
    type: 'Microsoft.Web/serverfarms',
    kind: 'linux',
    location: 'West Europe',
    tags: { team: 'shop' },
    sku: { name: 'S1', tier: 'Standard', size: 'S1', family: 'S', capacity: 1 },
    status: 'Ready',
    provisioningState: 'Succeeded',
    maximumNumberOfWorkers: 10,
    numberOfWorkers: 1,
    numberOfSites: 2,
    perSiteScaling: false,
    elasticScaleEnabled: false,
    maximumElasticWorkerCount: 1,
    isSpot: false,
    reserved: true,
    targetWorkerCount: 0,
    targetWorkerSizeId: 0,
    zoneRedundant: false,
    asyncScalingEnabled: false,
  }
  workers: FakeWorker[] = []
  /** Where it does not, its instances are known by number only. */
  tellsNames = true
  /** Answered for what the plan may have; null: nobody knows. */
  skus: unknown = {
    value: [
      {
        resourceType: 'Microsoft.Web/serverfarms',
        sku: { name: 'S1', tier: 'Standard' },
        capacity: { minimum: 1, maximum: 10, default: 1, scaleType: 'automatic' },
      },
    ],
  }
  /** Puts are answered 202, and the capacity changes when the operation is done. */
  isSlow = false
  /** What the next put ends with, where it is slow. */
  nextOperationError: Operation['error'] = null
  /** The platform keeps as many, whatever it is asked for. */
  keepsAtLeast = 0
  /** Names come in capitals, as they do now and then. */
  shouts = false
  /** How often the capacity was set. */
  sets = 0
  readonly #operations = new Map<string, Operation>()
  #nextWorker = 0

  private constructor(...identity: ConstructorParameters<typeof FakeAzure>) {
    super(...identity)
    this.#fill(READINGS)
  }

  static start(...identity: ConstructorParameters<typeof FakeAzure>): Promise<FakePlans> {
    return new FakePlans(...identity).listen()
  }

  get capacity(): number {
    return this.plan.sku?.capacity ?? 0
  }

  /** Somebody else scales it, once what was under way is done. */
  set capacity(count: number) {
    this.finish()
    this.plan.sku = { ...this.plan.sku, capacity: count }
    this.#fill(READINGS)
  }

  /** Somebody else moves it to another tier. */
  move(name: string, tier: string, maximumNumberOfWorkers: number): void {
    this.plan.sku = { name, tier, size: name, family: name.slice(0, 1), capacity: this.capacity }
    this.plan.maximumNumberOfWorkers = maximumNumberOfWorkers
  }

  /** What is under way is done, though nobody has looked. */
  finish(): void {
    for (const operation of this.#operations.values()) {
      while (operation.left > 0) this.#advance(operation)
    }
  }

  protected answer({ method, url, body }: Question): Reply {
    const path = url.pathname.toLowerCase()
    if (url.searchParams.get('api-version') === null) {
      return refused(400, 'MissingApiVersionParameter', 'api-version is required')
    }
    const operation = /\/operations\/([^/]+)$/.exec(path)
    if (operation) return this.#poll(operation[1] ?? '')
    const place = `/subscriptions/${PLAN_SUBSCRIPTION}/resourcegroups/${PLAN_GROUP}/providers/microsoft.web/serverfarms/${PLAN}`
    if (!path.startsWith(place)) return refused(404, 'ResourceNotFound', `no ${path}`)
    const rest = path.slice(place.length)
    if (rest === '' && method === 'GET') {
      for (const operation of this.#operations.values()) this.#advance(operation)
      return { status: 200, body: this.#wire() }
    }
    if (rest === '' && method === 'PUT') return this.#put(body)
    if (rest === '/skus' && method === 'GET') {
      return this.skus === null ? refused(404, 'NotFound', 'no skus') : { status: 200, body: this.skus }
    }
    if (rest === '/listinstances' && method === 'POST') return this.#list()
    return refused(404, 'ResourceNotFound', `no ${path}`)
  }

  #wire() {
    const entries = Object.entries(this.plan)
    const properties = Object.fromEntries(entries.filter(([key]) => !OUTSIDE.includes(key)))
    const outside = Object.fromEntries(entries.filter(([key]) => OUTSIDE.includes(key)))
    const spelt = {
      id: this.#spelt(this.plan.id ?? ''),
      name: this.#spelt(PLAN),
      type: this.#spelt('Microsoft.Web/serverfarms'),
    }
    return { ...outside, ...spelt, properties }
  }

  #put(body: unknown): Reply {
    const parsed = putBody.safeParse(body)
    if (!parsed.success) return refused(400, 'BadRequest', z.prettifyError(parsed.error))
    const { sku, properties, tags, ...outside } = parsed.data
    this.sets += 1
    const {
      id,
      name,
      type,
      status,
      provisioningState,
      maximumNumberOfWorkers,
      numberOfWorkers,
      numberOfSites,
    } = this.plan
    const counted = {
      id,
      name,
      type,
      status,
      provisioningState,
      maximumNumberOfWorkers,
      numberOfWorkers,
      numberOfSites,
    }
    const { capacity: before } = this
    for (const key of Object.keys(this.plan)) Reflect.deleteProperty(this.plan, key)
    Object.assign(this.plan, outside, properties, counted, { tags, sku: { ...sku, capacity: before } })
    const capacity = Math.max(sku.capacity, this.keepsAtLeast)
    if (this.isSlow) return { status: 202, body: this.#wire(), headers: this.#begin(capacity) }
    this.plan.sku = { ...sku, capacity }
    this.#fill(0)
    return { status: 200, body: this.#wire() }
  }

  #begin(capacity: number): Record<string, string> {
    const id = randomUUID()
    this.#operations.set(id, { left: READINGS, capacity, error: this.nextOperationError })
    this.nextOperationError = null
    this.plan.provisioningState = 'InProgress'
    const url = `${this.endpoint}/subscriptions/${PLAN_SUBSCRIPTION}/providers/Microsoft.Web/locations/westeurope/operations/${id}?api-version=2025-05-01`
    return { location: url, 'retry-after': '0' }
  }

  #poll(id: string): Reply {
    const operation = this.#operations.get(id)
    if (operation === undefined) return refused(404, 'NotFound', 'no such operation')
    this.#advance(operation)
    if (operation.left > 0) return { status: 202, body: null, headers: { 'retry-after': '0' } }
    return operation.error === null
      ? { status: 200, body: this.#wire() }
      : { status: 409, body: { error: operation.error } }
  }

  #advance(operation: Operation): void {
    if (operation.left === 0) return
    operation.left -= 1
    if (operation.left > 0) return
    this.plan.provisioningState = operation.error === null ? 'Succeeded' : 'Failed'
    if (operation.error !== null) return
    this.plan.sku = { ...this.plan.sku, capacity: operation.capacity }
    this.#fill(0)
  }

  #list(): Reply {
    if (!this.tellsNames) return refused(400, 'BadRequest', 'not offered for this kind of plan')
    for (const worker of this.workers) {
      worker.left -= 1
      if (worker.left <= 0) worker.status = 'Ready'
    }
    const instances = this.workers.map(({ name, status }, index) => ({
      instanceName: this.#spelt(name),
      ipAddress: `10.0.0.${index + 4}`,
      status,
    }))
    return { status: 200, body: { serverFarmName: PLAN, instances, instanceCount: instances.length } }
  }

  /** New ones come, and of those that are there Azure takes the oldest. */
  #fill(already: number): void {
    while (this.workers.length < this.capacity) {
      this.#nextWorker += 1
      const name = `lw1sdlwk${`${this.#nextWorker}`.padStart(6, '0')}`
      const left = READINGS - already
      this.workers.push({ name, status: left <= 0 ? 'Ready' : 'Creating', left })
    }
    this.workers = this.workers.slice(this.workers.length - this.capacity)
    this.plan.numberOfWorkers = this.workers.length
  }

  #spelt(name: string): string {
    return this.shouts ? name.toUpperCase() : name
  }
}
