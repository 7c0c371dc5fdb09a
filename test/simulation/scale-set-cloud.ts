/**
 * The simulation's cloud as a scale set: the product's own target, with Microsoft's client, asks the fake resource manager, in
 * simulated time and without a connection. Faults strike each request: refused, throttled, slow, carried out and never answered;
 * the replica may die before or after any of them.
 *
 * Example: a replica launches two: it reads the set, lists it, raises the capacity from 3 to 5, and dies; the next one finds two that
 * its ledger says were ordered, and launches none.
 */
import * as sdk from '@azure/arm-compute'
import {
  createHttpHeaders,
  type HttpClient,
  type PipelineRequest,
  RestError,
} from '@azure/core-rest-pipeline'
import type { CloudOptions, Host, SimulatedCloud } from '../../src/lab/simulation/cloud.ts'
import { LISTING_LAG_MS } from '../../src/lab/simulation/cloud.ts'
import type { Replica } from '../../src/lab/simulation/replica.ts'
import { type Lives, LivesBook } from '../../src/plugins/targets/azure-vmss/lives.ts'
import { type AzureVmssOptions, createAzureVmssTarget } from '../../src/plugins/targets/azure-vmss.ts'
import type { Target } from '../../src/ports/target.ts'
import { FakeArm, type FakeVm, GROUP, SCALE_SET, SUBSCRIPTION } from '../azure/arm.ts'
import type { Reply } from '../azure/fake-azure.ts'

const CALL_MS = 15_000
const LONGEST_CALL_MS = 40_000
/** Between two looks at the list, as in the simulated cloud. */
const LATEST_LOOK_MS = 9_000
const BETWEEN_LATE_MS = 90_000
const FAR_AWAY = 4_102_444_800_000

interface Listing {
  readonly value: readonly unknown[]
}

export class ScaleSetCloud implements SimulatedCloud {
  readonly hosts: Host[] = []
  readonly #options: CloudOptions
  readonly #arm: FakeArm
  readonly #choices: Pick<AzureVmssOptions, 'ledger' | 'scaleIn' | 'keepDeallocated' | 'zones' | 'protect'>
  readonly #lives = new LivesBook(null)
  readonly #byVmId = new Map<string, Host>()
  /** As last listed, for the listings that show who is gone. */
  readonly #lastSeen = new Map<string, unknown>()

  constructor(options: CloudOptions) {
    this.#options = options
    const { random, timeline, epochOf } = options
    let ids = 0
    const ledger = random.chance(0.5)
    this.#choices = {
      ledger,
      scaleIn: random.pick(['delete', 'deallocate']),
      keepDeallocated: random.pick([1, 3, 1000]),
      // Azure has no launch by zone that could be told from another by its tags.
      zones: ledger ? [] : random.pick([[], ['1', '2', '3']]),
      protect: random.chance(0.3),
    }
    this.#arm = new FakeArm({
      mode: random.pick(['Uniform', 'Flexible']),
      now: () => epochOf(timeline.now),
      newId: () => {
        ids += 1
        return `00000000-0000-4000-8000-${ids.toString(16).padStart(12, '0')}`
      },
    })
    this.#arm.health = 'healthy'
  }

  living(): readonly Host[] {
    return this.hosts.filter(({ state }) => state !== 'ended')
  }

  ready(): readonly Host[] {
    return this.hosts.filter(({ state }) => state === 'ready')
  }

  find(id: string, incarnation: string | null): Host | undefined {
    return this.hosts.findLast(
      host => host.id === id && (incarnation === null || host.incarnation === incarnation),
    )
  }

  weather(): void {
    const { faults, random } = this.#options
    const running = this.#running()
    for (const vm of running) {
      if (faults.strikes('instance-crash')) this.#lose(vm)
      else if (faults.strikes('health-blip')) this.#sicken([vm], random.whole(5_000, 90_000))
    }
    if (faults.strikes('shared-cause')) this.#sicken(running, random.whole(60_000, 420_000))
    if (faults.strikes('zone-lost')) {
      const zone = random.pick(['1', '2', '3'])
      for (const vm of running) if (vm.zone === zone) vm.power = 'stopped'
    }
    this.#follow()
  }

  calm(): void {
    for (const vm of this.#running()) vm.health = 'healthy'
    for (const host of this.hosts) {
      host.listedFrom = 0
      host.listedUntil = 0
    }
  }

  /** What does not run is still paid for. */
  unrest(): string | null {
    const [left] = [...this.#arm.vms.values()].filter(
      vm => this.#byVmId.get(vm.vmId)?.state === 'ended' && !isParked(vm),
    )
    if (left !== undefined) return `${left.name} (${left.vmId}) is ended and still there`
    return this.#arm.lowered === 0 ? null : `the capacity was lowered ${this.#arm.lowered} times`
  }

  targetFor(replica: Replica): Target {
    return createAzureVmssTarget(
      {
        subscription: SUBSCRIPTION,
        resourceGroup: GROUP,
        scaleSet: SCALE_SET,
        endpoint: this.#arm.endpoint,
        authorityHost: null,
        address: 'http://{name}',
        exclusive: true,
        ...this.#choices,
        listingLagMs: LISTING_LAG_MS,
        appearMs: 20_000,
        timeoutMs: CALL_MS,
        reach: null,
      },
      {
        clock: replica.clock,
        random: replica.random,
        credential: { getToken: async () => ({ token: 'a-token', expiresOnTimestamp: FAR_AWAY }) },
        client: { httpClient: this.#clientOf(replica) },
        loadSdk: async () => sdk,
        lives: this.#lives,
      },
    )
  }

  #clientOf(replica: Replica): HttpClient {
    return {
      sendRequest: request =>
        replica.call(request.method, async () => {
          const { status, headers, body } = await this.#hampered(request, replica)
          return {
            request,
            status,
            headers: createHttpHeaders({ 'content-type': 'application/json', ...headers }),
            bodyAsText: body === null ? '' : JSON.stringify(body),
          }
        }),
    }
  }

  async #hampered(request: PipelineRequest, replica: Replica): Promise<Reply> {
    const { faults, random } = this.#options
    const changes = request.method !== 'GET'
    if (faults.strikes('call-refused')) return refusal(503)
    if (faults.strikes('call-throttled')) {
      return refusal(429, { 'retry-after': String(random.whole(1, 30)) })
    }
    if (changes && faults.strikes('partly-done')) {
      this.#arm.nextOperationError = { code: 'AllocationFailed', message: 'no room in the region' }
    }
    const reply = this.#carriedOut(request, replica, (await this.#lives.read()) ?? new Map())
    this.#arm.nextOperationError = null
    if (faults.strikes('call-slow')) await this.#slowly(request, random.whole(500, LONGEST_CALL_MS))
    if (changes && faults.strikes('reply-lost')) throw brokenOff(request, 'socket hang up')
    return reply
  }

  #carriedOut(request: PipelineRequest, replica: Replica, lives: Lives): Reply {
    const { faults } = this.#options
    const url = new URL(request.url)
    const text = typeof request.body === 'string' ? request.body : ''
    const body: unknown = text === '' ? null : JSON.parse(text)
    const ifMatch = request.headers.get('if-match')
    const headers = ifMatch === undefined ? {} : { 'if-match': ifMatch }
    const reply = this.#arm.answer({ method: request.method, url, headers, text, body })
    if (request.method === 'POST' && reply.status < 300) this.#tellTerminated(replica)
    if (request.method === 'PATCH' && reply.status < 300 && faults.strikes('launched-twice'))
      this.#arm.addVm()
    this.#follow(lives)
    const isList = /virtualMachines$/i.test(url.pathname) && reply.status === 200
    return isList && isListing(reply.body) ? { ...reply, body: this.#asListed(reply.body) } : reply
  }

  /** Before anything else hears of it: who was in use then? */
  #tellTerminated(replica: Replica): void {
    for (const vm of this.#arm.vms.values()) {
      const host = this.#byVmId.get(vm.vmId)
      const isAsked = vm.provisioning === 'Deleting' || isParked(vm)
      if (!isAsked || host === undefined || host.state === 'ended') continue
      this.#options.onTerminate(host, replica)
      this.#end(host, 'terminated')
    }
  }

  /** Whom the listing leaves out that are there, and shows that are not. */
  #asListed(body: Listing): Listing {
    const { faults, random, timeline } = this.#options
    const now = timeline.now
    const listed = body.value.filter(entry => {
      const host = this.#byVmId.get(vmIdOf(entry))
      if (host === undefined) return true
      this.#lastSeen.set(host.incarnation, entry)
      if (host.listedFrom <= now && now >= host.lateAgainFrom && faults.strikes('listing-late')) {
        host.listedFrom = now + random.whole(1, LISTING_LAG_MS - LATEST_LOOK_MS)
        host.lateAgainFrom = host.listedFrom + BETWEEN_LATE_MS
      }
      return host.listedFrom <= now
    })
    const there = new Set(body.value.map(vmIdOf))
    const phantoms = this.hosts
      .filter(({ incarnation, listedUntil }) => now < listedUntil && !there.has(vmIdIn(incarnation)))
      .map(({ incarnation }) => this.#lastSeen.get(incarnation))
      .filter(entry => entry !== undefined)
    return { ...body, value: [...listed, ...phantoms] }
  }

  /** Hosts as the set has them by now. */
  #follow(lives: Lives | null = null): void {
    const { vms } = this.#arm
    const here = new Set<string>()
    for (const vm of vms.values()) {
      here.add(vm.vmId)
      const known = this.#byVmId.get(vm.vmId)
      const host = known === undefined || isUpAgain(vm, known) ? this.#appear(vm, lives) : known
      if (host.state === 'ended') continue
      if (vm.provisioning === 'Failed' || vm.power === 'stopped' || isParked(vm)) this.#end(host, 'crashed')
      else if (vm.power === 'running') host.state = 'ready'
      host.healthy = vm.health !== 'unhealthy'
    }
    for (const [vmId, host] of this.#byVmId) if (!here.has(vmId)) this.#end(host, 'crashed')
  }

  /** For the first time, or started again. */
  #appear(vm: FakeVm, lives: Lives | null): Host {
    const { faults, random, timeline } = this.#options
    const now = timeline.now
    const life = lives?.get(vm.vmId)?.life ?? 0
    if (vm.provisioning !== 'Creating') vm.left = random.whole(1, 4)
    else if (faults.strikes('never-ready')) vm.left = Number.POSITIVE_INFINITY
    else if (faults.strikes('boot-failed')) vm.willFail = true
    else vm.left = random.whole(1, 8)
    const host: Host = {
      id: vm.name,
      incarnation: life === 0 ? vm.vmId : `${vm.vmId}.${life}`,
      token: '',
      zone: vm.zone,
      address: `http://${vm.name}`,
      launchedAt: now,
      state: 'booting',
      ended: null,
      healthy: true,
      listedFrom: faults.strikes('listing-late') ? now + random.whole(1, LISTING_LAG_MS - 1_000) : now,
      lateAgainFrom: now + BETWEEN_LATE_MS,
      listedUntil: 0,
    }
    this.hosts.push(host)
    this.#byVmId.set(vm.vmId, host)
    return host
  }

  #end(host: Host, how: 'terminated' | 'crashed'): void {
    const { faults, random, timeline, onEnd } = this.#options
    if (host.state === 'ended') return
    host.state = 'ended'
    host.ended = how
    if (faults.strikes('listing-phantom')) {
      host.listedUntil = timeline.now + random.whole(1_000, LISTING_LAG_MS)
    }
    onEnd(host)
  }

  /** Stopped, deleted by somebody else, or replaced by Azure under the same id. */
  #lose(vm: FakeVm): void {
    const { faults, random } = this.#options
    if (faults.strikes('name-reused')) {
      this.#arm.replaceVm(vm.instanceId)
      vm.provisioning = 'Creating'
      vm.power = null
    } else if (random.chance(0.5)) this.#arm.removeVm(vm.instanceId)
    else vm.power = 'stopped'
  }

  #sicken(vms: readonly FakeVm[], ms: number): void {
    const sick = vms.map(vm => ({ vm, vmId: vm.vmId }))
    for (const { vm } of sick) vm.health = 'unhealthy'
    this.#options.timeline.after(ms, () => {
      for (const { vm, vmId } of sick) if (vm.vmId === vmId) vm.health = 'healthy'
    })
  }

  #running(): readonly FakeVm[] {
    return [...this.#arm.vms.values()].filter(vm => vm.power === 'running' && vm.provisioning === 'Succeeded')
  }

  /** The client gives up before, if it is too slow. */
  #slowly(request: PipelineRequest, ms: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const cancel = this.#options.timeline.after(ms, resolve)
      request.abortSignal?.addEventListener('abort', () => {
        cancel()
        reject(brokenOff(request, 'the operation was aborted'))
      })
    })
  }
}

function refusal(status: number, headers: Record<string, string> = {}): Reply {
  return { status, headers, body: { error: { code: 'Busy', message: 'come back later' } } }
}

function brokenOff(request: PipelineRequest, message: string): RestError {
  return new RestError(message, { code: RestError.REQUEST_SEND_ERROR, request })
}

function isParked({ power, becomes }: FakeVm): boolean {
  return power === 'deallocating' || (power === 'deallocated' && becomes === null)
}

function isUpAgain({ power }: FakeVm, host: Host): boolean {
  return host.state === 'ended' && (power === 'starting' || power === 'running')
}

/** Of whichever life. */
function vmIdIn(incarnation: string): string {
  return incarnation.split('.')[0] ?? incarnation
}

function isListing(body: unknown): body is Listing {
  return typeof body === 'object' && body !== null && 'value' in body && Array.isArray(body.value)
}

function vmIdOf(entry: unknown): string {
  const properties =
    typeof entry === 'object' && entry !== null && 'properties' in entry ? entry.properties : {}
  const { vmId } = { vmId: '', ...(typeof properties === 'object' ? properties : {}) }
  return String(vmId).toLowerCase()
}
