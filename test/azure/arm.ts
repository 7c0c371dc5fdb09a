/**
 * Azure's resource manager with one scale set, as far as a scaler needs it, behind HTTPS on 127.0.0.1. It keeps state and misbehaves as
 * the real one does: listings that lag, operations that fail after they were accepted, replies that are lost, 429 and 503, other
 * spellings of the same name, instance ids that come back with another VM behind them, and somebody else who adds and deletes.
 *
 * Example: `const arm = await FakeArm.start({ mode: 'Uniform' })`; a client raises the capacity from 0 to 2, which is answered 200 with
 * an operation to poll; the next listing has instances 0 and 1 as Creating, and two readings later both run.
 *
 * Nothing in it waits for time: what is under way moves on by being looked at, so tests are quick and always go the same way.
 */
import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { FakeAzure, type Question, type Reply, refused } from './fake-azure.ts'

export const SUBSCRIPTION = '00000000-0000-4000-8000-000000000001'
export const GROUP = 'fleet-rg'
export const SCALE_SET = 'web'
const LOCATION = 'westeurope'
/** Readings until what was begun is done. */
const READINGS = 2

export interface FakeVm {
  readonly instanceId: string
  readonly name: string
  vmId: string
  provisioning: 'Creating' | 'Succeeded' | 'Failed' | 'Deleting' | 'Updating'
  power: string | null
  health: string | null
  computerName: string
  zone: string | null
  createdAt: number
  /** Readings until it runs, is gone, or is what it is becoming. */
  left: number
  /** It fails instead of running. */
  willFail: boolean
  /** The power state it is changing to. */
  becomes: string | null
  restarts: number
  isOfLatestModel: boolean
  protection: { protectFromScaleIn?: boolean; protectFromScaleSetActions?: boolean } | null
  etag: number
}

interface Failure {
  readonly code: string
  readonly message: string
}

interface Operation {
  left: number
  readonly error: Failure | null
}

/** What can be asked of a VM that exists, and the power state on the way and in the end. */
const POWER = {
  deallocate: { from: 'deallocating', to: 'deallocated' },
  start: { from: 'starting', to: 'running' },
  restart: { from: 'running', to: 'running' },
} as const
type PowerAction = keyof typeof POWER

const patchBody = z.object({
  sku: z.object({ capacity: z.number().int().min(0) }).optional(),
  tags: z.record(z.string(), z.string()).optional(),
})
const idsBody = z.object({ instanceIds: z.array(z.string()).min(1) })
const scaleOutBody = z.object({
  capacity: z.number().int().min(0),
  properties: z.object({ zone: z.string() }).optional(),
})
const vmBody = z.object({
  location: z.string(),
  properties: z.object({
    protectionPolicy: z.object({
      protectFromScaleIn: z.boolean().exactOptional(),
      protectFromScaleSetActions: z.boolean().exactOptional(),
    }),
  }),
})

export interface FakeArmOptions {
  readonly mode?: 'Uniform' | 'Flexible'
  /** Of VMs and operations. */
  readonly newId?: () => string
  readonly now?: () => number
}

export class FakeArm extends FakeAzure {
  readonly mode: 'Uniform' | 'Flexible'
  readonly vms = new Map<string, FakeVm>()
  capacity = 0
  /** How often somebody asked for less capacity, so that Azure would choose who goes. */
  lowered = 0
  tags: Record<string, string> = {}
  upgradeMode = 'Manual'
  overprovision = false
  /** Its VMs belong to another scale set. */
  isForeign = false
  /** Names and codes come in capitals, as they do now and then. */
  shouts = false
  /** Pages of a listing. */
  pageSize = 100
  /** What the next raise of the capacity ends with: the capacity is up, the VMs are not. */
  nextOperationError: { readonly code: string; readonly message: string } | null = null
  /** VMs launched from now on fail. */
  bootsFail = false
  /** VMs launched from now on are in no listing until it is false again, though each can be asked for. */
  hidesNew = false
  /** Health as reported by an extension; null where there is none. */
  health: string | null = null
  zones: readonly string[] = ['1', '2', '3']
  /** A launch by zone takes the capacity for what is to be added. */
  addsByZone = false
  /** What is started from now on stays as it was until it is false again. */
  holdsStarts = false
  /** What the next start that is accepted ends with: the VM stays as it was. */
  nextStartError: Failure | null = null
  /** Azure's automatic repairs; null where they are off. */
  repairs: { state: 'Running' | 'Suspended' | 'NotRunning'; gracePeriod: string } | null = null
  rebalances = false
  readonly #newId: () => string
  readonly #now: () => number
  readonly #operations = new Map<string, Operation>()
  readonly #hidden = new Set<string>()
  #frozen: { readonly vms: readonly FakeVm[]; left: number } | null = null
  #etag = 1
  #nextId = 0

  constructor({ mode = 'Uniform', newId = randomUUID, now = Date.now }: FakeArmOptions = {}) {
    super()
    this.mode = mode
    this.#newId = newId
    this.#now = now
  }

  static start(options: FakeArmOptions = {}): Promise<FakeArm> {
    return new FakeArm(options).listen()
  }

  /** Somebody else adds one. */
  addVm(): FakeVm {
    this.capacity += 1
    this.#etag += 1
    return this.#create()
  }

  /** Somebody else deletes one, at once. */
  removeVm(instanceId: string): void {
    if (this.vms.delete(instanceId)) this.capacity -= 1
    this.#etag += 1
  }

  /** Somebody else lowers the capacity, and Azure chooses: the highest id that is not protected, at once. */
  scaleInByOther(): FakeVm | null {
    const victim = [...this.vms.values()].filter(vm => !isProtected(vm)).at(-1)
    if (victim === undefined) return null
    this.removeVm(victim.instanceId)
    return victim
  }

  /**
   * Automatic repairs see to those that are unhealthy, one call for all, unless they are suspended: each is deleted, and
   * its successor launched at once, so that the capacity stays. Those that are protected are left alone.
   */
  repairUnhealthy({ keepsId = false }: { keepsId?: boolean } = {}): readonly FakeVm[] {
    if (this.repairs?.state !== 'Running') return []
    const sick = [...this.vms.values()].filter(
      vm => vm.health === 'unhealthy' && !isProtected(vm) && vm.provisioning === 'Succeeded',
    )
    this.#etag += 1
    return sick.map(vm => {
      if (keepsId) return this.#rebuilt(vm)
      vm.provisioning = 'Deleting'
      vm.left = READINGS
      return this.#create(vm.zone)
    })
  }

  /** Automatic zone rebalancing: one more in the other zone, and then the one it stands for is deleted. */
  rebalance(instanceId: string, zone: string): FakeVm {
    const vm = this.vm(instanceId)
    const successor = this.#create(zone)
    vm.provisioning = 'Deleting'
    vm.left = READINGS
    this.#etag += 1
    return successor
  }

  /** The id stays, the VM behind it is another one. */
  replaceVm(instanceId: string): FakeVm {
    const vm = this.vm(instanceId)
    vm.vmId = this.#newId()
    vm.createdAt = this.#now()
    return vm
  }

  vm(instanceId: string): FakeVm {
    const vm = this.vms.get(instanceId)
    if (vm === undefined) throw new Error(`no VM ${instanceId}`)
    return vm
  }

  /** The next `times` listings show what is there now, whatever happens meanwhile. */
  freezeListings(times: number): void {
    this.#frozen = { vms: [...this.vms.values()].map(vm => ({ ...vm })), left: times }
  }

  showAll(): void {
    this.hidesNew = false
    this.#hidden.clear()
  }

  #rebuilt(vm: FakeVm): FakeVm {
    vm.vmId = this.#newId()
    vm.createdAt = this.#now()
    vm.provisioning = 'Creating'
    vm.power = null
    vm.health = null
    vm.left = READINGS
    return vm
  }

  #create(zone: string | null = null): FakeVm {
    const n = this.#nextId
    this.#nextId += 1
    const suffix = n.toString(36).padStart(8, '0')
    const instanceId = this.mode === 'Uniform' ? String(n) : `${SCALE_SET}_${suffix}`
    const vm: FakeVm = {
      instanceId,
      name: this.mode === 'Uniform' ? `${SCALE_SET}_${n}` : instanceId,
      vmId: this.#newId(),
      provisioning: 'Creating',
      power: null,
      health: null,
      computerName: `web${instanceId.padStart(6, '0')}`,
      zone: zone ?? this.zones[n % this.zones.length] ?? null,
      createdAt: this.#now(),
      left: READINGS,
      willFail: this.bootsFail,
      becomes: null,
      restarts: 0,
      isOfLatestModel: true,
      protection: null,
      etag: 1,
    }
    this.vms.set(instanceId, vm)
    if (this.hidesNew) this.#hidden.add(instanceId)
    return vm
  }

  answer({ method, url, headers, body }: Question): Reply {
    const ifMatch = headers['if-match'] ?? null
    const path = url.pathname.toLowerCase()
    if (url.searchParams.get('api-version') === null) {
      return refused(400, 'MissingApiVersionParameter', 'api-version is required')
    }
    const operation = /\/operations\/([^/]+)$/.exec(path)
    if (operation) return this.#poll(operation[1] ?? '', url.searchParams.has('monitor'))
    const compute = `/subscriptions/${SUBSCRIPTION}/resourcegroups/${GROUP}/providers/microsoft.compute/`
    if (!path.startsWith(compute)) return refused(404, 'ResourceGroupNotFound', `no ${path}`)
    const set = `virtualmachinescalesets/${SCALE_SET}`
    const rest = path.slice(compute.length)
    if (rest === 'virtualmachines' && this.mode === 'Flexible') return this.#list(url)
    if (rest.startsWith('virtualmachines/') && this.mode === 'Flexible') {
      const [id = '', action] = rest.slice(16).split('/')
      if (method === 'GET' && action === undefined) return this.#get(id, url)
      if (method === 'POST' && isPowerAction(action)) return this.#turn(action, [id])
    }
    if (rest === set && method === 'GET') return { status: 200, body: this.#scaleSet() }
    if (rest === set && method === 'PATCH') return this.#patch(body, ifMatch)
    if (rest === `${set}/delete` && method === 'POST') return this.#delete(body)
    if (rest === `${set}/scaleout` && method === 'POST') return this.#scaleOut(body, ifMatch)
    if (rest === `${set}/instanceview` && method === 'GET') return this.#view()
    const action = rest.slice(set.length + 1)
    if (rest.startsWith(`${set}/`) && method === 'POST' && isPowerAction(action)) {
      if (this.mode === 'Flexible') return refused(409, 'OperationNotAllowed', 'ask each virtual machine')
      const parsed = idsBody.safeParse(body)
      // Azure would take it for all of them.
      return parsed.success
        ? this.#turn(action, parsed.data.instanceIds)
        : refused(400, 'InvalidParameter', 'the fake wants ids')
    }
    if (rest === `${set}/virtualmachines` && this.mode === 'Uniform') return this.#list(url)
    if (rest.startsWith(`${set}/virtualmachines/`)) {
      const id = rest.slice(set.length + 17)
      if (method === 'GET') return this.#get(id, url)
      if (method === 'PUT') return this.#protect(id, body, ifMatch)
    }
    return refused(404, 'ResourceNotFound', `no ${path}`)
  }

  #scaleSet() {
    return {
      id: this.#id(`virtualMachineScaleSets/${SCALE_SET}`),
      name: SCALE_SET,
      location: LOCATION,
      etag: `"${this.#etag}"`,
      sku: { name: 'Standard_B2s', tier: 'Standard', capacity: this.capacity },
      tags: this.tags,
      zones: this.zones,
      properties: {
        orchestrationMode: this.mode,
        provisioningState: 'Succeeded',
        upgradePolicy: { mode: this.upgradeMode },
        overprovision: this.overprovision,
        ...(this.repairs === null
          ? {}
          : { automaticRepairsPolicy: { enabled: true, gracePeriod: this.repairs.gracePeriod } }),
        ...(this.rebalances
          ? {
              resiliencyPolicy: {
                automaticZoneRebalancingPolicy: {
                  enabled: true,
                  rebalanceStrategy: 'Recreate',
                  rebalanceBehavior: 'CreateBeforeDelete',
                },
              },
            }
          : {}),
      },
    }
  }

  /** Of the whole set; Flexible ones have none. */
  #view(): Reply {
    if (this.mode === 'Flexible') return refused(400, 'BadRequest', 'not for Flexible scale sets')
    const services =
      this.repairs === null
        ? []
        : [{ serviceName: 'AutomaticRepairs', serviceState: this.#spelt(this.repairs.state) }]
    return {
      status: 200,
      body: {
        virtualMachine: {
          statusesSummary: [{ code: 'ProvisioningState/succeeded', count: this.vms.size }],
        },
        statuses: [{ code: 'ProvisioningState/succeeded', level: 'Info' }],
        orchestrationServices: services,
      },
    }
  }

  #patch(body: unknown, ifMatch: string | null): Reply {
    if (ifMatch !== null && ifMatch !== `"${this.#etag}"`) {
      return refused(412, 'PreconditionFailed', `the etag is "${this.#etag}"`)
    }
    const { sku, tags } = patchBody.parse(body)
    if (tags !== undefined) this.tags = tags
    const error = this.nextOperationError
    this.nextOperationError = null
    if (sku !== undefined) {
      if (sku.capacity < this.capacity) this.lowered += 1
      this.#raise(sku.capacity, error, null)
    }
    this.#etag += 1
    return { status: 200, body: this.#scaleSet(), headers: this.#begin(error) }
  }

  /** Those that are deallocated have a place each, as all others. */
  #raise(capacity: number, error: Failure | null, zone: string | null): void {
    this.capacity = capacity
    const staying = [...this.vms.values()].filter(vm => vm.provisioning !== 'Deleting').length
    if (error === null) for (let n = staying; n < this.capacity; n += 1) this.#create(zone)
  }

  #scaleOut(body: unknown, ifMatch: string | null): Reply {
    if (ifMatch !== null && ifMatch !== `"${this.#etag}"`) {
      return refused(412, 'PreconditionFailed', `the etag is "${this.#etag}"`)
    }
    const { capacity: told, properties } = scaleOutBody.parse(body)
    const capacity = this.addsByZone ? this.capacity + told : told
    const zone = properties?.zone ?? null
    if (zone !== null && !this.zones.includes(zone)) {
      return refused(400, 'InvalidParameter', `the scale set has no zone ${zone}`)
    }
    if (capacity < this.capacity) return refused(400, 'InvalidParameter', 'this only scales out')
    const error = this.nextOperationError
    this.nextOperationError = null
    this.#raise(capacity, error, zone)
    this.#etag += 1
    return { status: 202, body: null, headers: this.#begin(error) }
  }

  #turn(action: PowerAction, ids: readonly string[]): Reply {
    const vms = ids.map(id => this.#find(id))
    for (const [index, vm] of vms.entries()) {
      if (vm === undefined) {
        return this.mode === 'Flexible'
          ? refused(404, 'ResourceNotFound', `no VM ${ids[index]}`)
          : refused(400, 'InvalidParameter', `The provided instanceId ${ids[index]} is not an active one`)
      }
      if (vm.provisioning === 'Deleting') return refused(409, 'Conflict', 'it is being deleted')
      if (action === 'restart' && vm.power !== 'running') {
        return refused(409, 'OperationNotAllowed', `it is ${vm.power}`)
      }
    }
    const error = action === 'start' ? this.nextStartError : null
    if (action === 'start') this.nextStartError = null
    for (const vm of vms) {
      const isThere = action !== 'restart' && vm?.power === POWER[action].to
      if (vm === undefined || error !== null || isThere) continue
      const { from, to } = POWER[action]
      const isHeld = action === 'start' && this.holdsStarts
      const power = isHeld ? vm.power : from
      Object.assign(vm, { provisioning: 'Updating', power, becomes: to, left: READINGS })
      vm.etag += 1
      if (action === 'restart') vm.restarts += 1
      else vm.health = null
    }
    return { status: 202, body: null, headers: this.#begin(error) }
  }

  /** Both modes have it, by the scale set's own door. */
  #protect(id: string, body: unknown, ifMatch: string | null): Reply {
    const vm = this.#find(id)
    if (vm === undefined) return refused(404, 'ResourceNotFound', `no VM ${id}`)
    if (ifMatch !== null && ifMatch !== `"${vm.etag}"`) {
      return refused(412, 'PreconditionFailed', `the etag of ${id} is "${vm.etag}"`)
    }
    const parsed = vmBody.safeParse(body)
    if (!parsed.success) return refused(400, 'InvalidParameter', 'location and a protectionPolicy')
    const { protectionPolicy } = parsed.data.properties
    if (protectionPolicy.protectFromScaleSetActions && protectionPolicy.protectFromScaleIn === false) {
      return refused(400, 'InvalidParameter', 'one protection implies the other')
    }
    vm.protection = { ...vm.protection, ...protectionPolicy }
    vm.etag += 1
    return { status: 200, body: this.#memberBody(vm), headers: this.#begin(null) }
  }

  #delete(body: unknown): Reply {
    const parsed = idsBody.safeParse(body)
    if (!parsed.success) return refused(400, 'InvalidParameter', 'instanceIds is required')
    const victims = parsed.data.instanceIds.map(id => this.#find(id))
    for (const [index, victim] of victims.entries()) {
      if (victim === undefined) {
        const id = parsed.data.instanceIds[index]
        return refused(400, 'InvalidParameter', `The provided instanceId ${id} is not an active one`)
      }
    }
    for (const victim of victims) {
      if (victim === undefined || victim.provisioning === 'Deleting') continue
      victim.provisioning = 'Deleting'
      victim.left = READINGS
      this.capacity -= 1
    }
    this.#etag += 1
    return { status: 202, body: null, headers: this.#begin(null) }
  }

  #begin(error: Failure | null): Record<string, string> {
    const id = this.#newId()
    this.#operations.set(id, { left: READINGS, error })
    const url = `${this.endpoint}/subscriptions/${SUBSCRIPTION}/providers/Microsoft.Compute/locations/${LOCATION}/operations/${id}?api-version=2026-04-01`
    return { 'azure-asyncoperation': url, location: `${url}&monitor=true` }
  }

  #poll(id: string, isMonitor: boolean): Reply {
    const operation = this.#operations.get(id)
    if (operation === undefined) return refused(404, 'NotFound', 'no such operation')
    operation.left -= 1
    if (operation.left > 0) {
      return { status: isMonitor ? 202 : 200, body: { name: id, status: 'InProgress' } }
    }
    const { error } = operation
    return {
      status: 200,
      body: error === null ? { name: id, status: 'Succeeded' } : { name: id, status: 'Failed', error },
    }
  }

  #list(url: URL): Reply {
    const shown = this.#shown()
    const from = Number(url.searchParams.get('$skiptoken') ?? '0')
    const page = shown.slice(from, from + this.pageSize)
    const withView = (url.searchParams.get('$expand') ?? '').toLowerCase() === 'instanceview'
    const next = new URL(url.pathname + url.search, this.endpoint)
    next.searchParams.set('$skiptoken', String(from + this.pageSize))
    const isLast = from + this.pageSize >= shown.length
    return {
      status: 200,
      body: { value: page.map(vm => this.#vmBody(vm, withView)), ...(isLast ? {} : { nextLink: next.href }) },
    }
  }

  #shown(): readonly FakeVm[] {
    if (this.#frozen !== null && this.#frozen.left > 0) {
      this.#frozen.left -= 1
      return this.#frozen.vms
    }
    for (const vm of [...this.vms.values()]) this.#advance(vm)
    return [...this.vms.values()].filter(vm => !this.#hidden.has(vm.instanceId))
  }

  #advance(vm: FakeVm): void {
    if (vm.becomes !== null && vm.provisioning === 'Updating') {
      if (vm.becomes === 'running' && this.holdsStarts) return
      vm.left -= 1
      if (vm.left > 0) return
      vm.power = vm.becomes
      vm.becomes = null
      vm.provisioning = 'Succeeded'
      vm.health = vm.power === 'running' ? this.health : null
      return
    }
    if (vm.provisioning !== 'Creating' && vm.provisioning !== 'Deleting') return
    vm.left -= 1
    if (vm.provisioning === 'Creating' && vm.left <= 1) vm.power = 'starting'
    if (vm.left > 0) return
    if (vm.provisioning === 'Deleting') {
      this.vms.delete(vm.instanceId)
      return
    }
    vm.provisioning = vm.willFail ? 'Failed' : 'Succeeded'
    vm.power = vm.willFail ? null : 'running'
    vm.health = this.health
  }

  #get(id: string, url: URL): Reply {
    const vm = this.#find(id)
    const withView = (url.searchParams.get('$expand') ?? '').toLowerCase() === 'instanceview'
    if (vm === undefined) return refused(404, 'ResourceNotFound', `no VM ${id}`)
    return { status: 200, body: this.#vmBody(vm, withView) }
  }

  /** As the scale set has it, which Flexible ones have besides what they are of their own. */
  #memberBody(vm: FakeVm) {
    return {
      id: this.#id(`virtualMachineScaleSets/${SCALE_SET}/virtualMachines/${vm.instanceId}`),
      name: this.#spelt(vm.name),
      location: LOCATION,
      instanceId: vm.instanceId,
      etag: `"${vm.etag}"`,
      properties: {
        vmId: this.#spelt(vm.vmId),
        provisioningState: this.#spelt(vm.provisioning),
        ...(vm.protection === null ? {} : { protectionPolicy: vm.protection }),
      },
    }
  }

  #find(id: string): FakeVm | undefined {
    return [...this.vms.values()].find(vm => vm.instanceId.toLowerCase() === id.toLowerCase())
  }

  #vmBody(vm: FakeVm, withView: boolean) {
    const codes = [
      `ProvisioningState/${vm.provisioning.toLowerCase()}`,
      ...(vm.power === null ? [] : [`PowerState/${vm.power}`]),
    ]
    const view = {
      computerName: vm.computerName,
      statuses: codes.map(code => ({
        code: this.#spelt(code),
        level: 'Info',
        ...(vm.provisioning === 'Failed' ? { message: 'The fake could not start it.' } : {}),
      })),
      ...(vm.health === null
        ? {}
        : { vmHealth: { status: { code: this.#spelt(`HealthState/${vm.health}`) } } }),
    }
    const isUniform = this.mode === 'Uniform'
    const place = isUniform
      ? `virtualMachineScaleSets/${SCALE_SET}/virtualMachines/${vm.instanceId}`
      : `virtualMachines/${vm.name}`
    return {
      id: this.#id(place),
      name: this.#spelt(vm.name),
      location: LOCATION,
      ...(isUniform ? { instanceId: vm.instanceId, etag: `"${vm.etag}"` } : {}),
      ...(vm.zone === null ? {} : { zones: [vm.zone] }),
      properties: {
        vmId: this.#spelt(vm.vmId),
        provisioningState: this.#spelt(vm.provisioning),
        timeCreated: new Date(vm.createdAt).toISOString(),
        ...(isUniform
          ? {
              latestModelApplied: vm.isOfLatestModel,
              ...(vm.protection === null ? {} : { protectionPolicy: vm.protection }),
            }
          : {
              virtualMachineScaleSet: {
                id: this.#id(`virtualMachineScaleSets/${this.isForeign ? 'other' : SCALE_SET}`),
              },
            }),
        ...(withView ? { instanceView: view } : {}),
      },
    }
  }

  #id(place: string): string {
    return this.#spelt(
      `/subscriptions/${SUBSCRIPTION}/resourceGroups/${GROUP}/providers/Microsoft.Compute/${place}`,
    )
  }

  #spelt(name: string): string {
    return this.shouts ? name.toUpperCase() : name
  }
}

function isPowerAction(action: string | undefined): action is PowerAction {
  return action !== undefined && Object.hasOwn(POWER, action)
}

function isProtected({ protection }: FakeVm): boolean {
  return protection?.protectFromScaleIn === true || protection?.protectFromScaleSetActions === true
}
