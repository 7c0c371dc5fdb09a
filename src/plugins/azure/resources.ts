/**
 * Azure's resource manager for resources of any kind: looked up by their id, and deleted.
 *
 * Example: `await resources.find({ id: '/subscriptions/.../loadBalancers/web-lb', ... }, signal)` answers its tags and `state: 'succeeded'`,
 * or `null` when there is none; `await resources.remove(...)` is answered once the deletion is accepted, and `isDone` asks how it goes.
 */
import type { GenericResource, ResourceManagementClient } from '@azure/arm-resources'
import { z } from 'zod'
import type { Clock } from '../../ports/clock.ts'
import { PluginError } from '../../ports/plugin.ts'
import { Allowance } from './allowance.ts'
import { Calls } from './calls.ts'
import { answeredBy } from './failure.ts'
import { type ClientOptions, type Credential, defaultCredential, loadSdk, watchedBy } from './sdk.ts'

export interface ResourcesOptions {
  readonly subscription: string
  /** Of another cloud than the public one. */
  readonly endpoint: string | null
  readonly authorityHost: string | null
  readonly timeoutMs: number
}

/** What of Microsoft's clients it needs. */
export interface ResourcesSdk {
  readonly ResourceManagementClient: typeof ResourceManagementClient
}

export interface ResourcesContext {
  readonly clock: Clock
  /** Instead of the default chain of `@azure/identity`. */
  readonly credential?: Credential
  /** Further options of the client: whom to trust, say. */
  readonly client?: ClientOptions
  readonly loadResourcesSdk?: () => Promise<ResourcesSdk>
  /** Before a reading that failed is tried again; twice as much before the next. */
  readonly backOffMs?: number
}

/** Which one, for Azure and in words: `the load balancer web-lb`. */
export interface Which {
  readonly id: string
  readonly apiVersion: string
  readonly what: string
}

export interface Found {
  readonly tags: Readonly<Record<string, string>>
  /** In small letters: `succeeded`, `deleting`; `null` where it has none. */
  readonly state: string | null
  readonly description: string | null
}

export interface Removal {
  /** @throws PluginError `refused` when Azure has given up; `unavailable` when it could not be asked */
  isDone(signal: AbortSignal): Promise<boolean>
}

type Client = ResourceManagementClient

const properties = z.object({ provisioningState: z.string().optional(), description: z.string().optional() })

export class Resources {
  readonly #calls: Calls<Client>

  constructor(options: ResourcesOptions, context: ResourcesContext) {
    const allowance = new Allowance(context.clock)
    this.#calls = new Calls({
      connect: () => connect(options, context, allowance),
      allowance,
      clock: context.clock,
      timeoutMs: options.timeoutMs,
      remedy: {
        settings: 'subscription and resourceGroup',
        role: 'Contributor on the resource group, and Role Based Access Control Administrator for role assignments',
      },
      backOffMs: context.backOffMs,
    })
  }

  /** `null`: there is none, not even the resource group it would be in. */
  async find({ id, apiVersion, what }: Which, signal: AbortSignal): Promise<Found | null> {
    try {
      const resource = await this.#calls.reading('act', `look at ${what}`, signal, (client, abortSignal) =>
        client.resources.getById(pathOf(id), apiVersion, { abortSignal }),
      )
      return foundIn(resource)
    } catch (error) {
      if (!(error instanceof PluginError && error.kind === 'not-found')) throw error
      // Of a subscription that is not there nobody can say what is gone.
      if (answeredBy(error.cause).code === 'SubscriptionNotFound') throw error
      return null
    }
  }

  /** Accepted, or thrown: `unavailable` when nobody knows. */
  async remove({ id, apiVersion, what }: Which, signal: AbortSignal): Promise<Removal> {
    return this.#calls.changing(`delete ${what}`, signal, async (client, abortSignal) => {
      const poller = client.resources.deleteById(pathOf(id), apiVersion, { abortSignal })
      await poller.submitted()
      return { isDone: pollSignal => this.#isDone(poller, what, pollSignal) }
    })
  }

  close(): void {
    this.#calls.close()
  }

  async #isDone(poller: Poller, what: string, signal: AbortSignal): Promise<boolean> {
    if (poller.isDone) return true
    const within = this.#calls.deadline(signal)
    try {
      const { status, error } = await poller.poll({ abortSignal: within })
      if (status === 'failed' || status === 'canceled') throw gaveUp(what, error)
      return status === 'succeeded'
    } catch (error) {
      if (error instanceof PluginError) throw error
      if (isVerdict(error, within)) throw gaveUp(what, error)
      const { message } = this.#calls.failureOf(error, `ask how the deletion of ${what} goes`, within, true)
      throw new PluginError('unavailable', message, { cause: error })
    }
  }
}

/** What of a poller of Microsoft's clients is used. */
interface Poller {
  readonly isDone: boolean
  poll(options: { readonly abortSignal: AbortSignal }): Promise<{
    readonly status: string
    readonly error?: Error | undefined
  }>
}

async function connect(
  { subscription, endpoint, authorityHost, timeoutMs }: ResourcesOptions,
  context: ResourcesContext,
  allowance: Allowance,
): Promise<Client> {
  const packages = ['@azure/arm-resources', '@azure/identity']
  const { client, credential } = await loadSdk('`plimsoll azure cleanup`', packages, async () => ({
    client: (await (context.loadResourcesSdk ?? importSdk)()).ResourceManagementClient,
    credential: context.credential ?? (await defaultCredential(authorityHost)),
  }))
  return new client(credential, subscription, {
    ...context.client,
    ...(endpoint === null ? {} : { endpoint, credentials: { scopes: [`${endpoint}/.default`] } }),
    ...watchedBy(allowance, timeoutMs),
  })
}

async function importSdk(): Promise<ResourcesSdk> {
  return await import('@azure/arm-resources')
}

/** The client puts a slash in front itself. */
function pathOf(id: string): string {
  return id.replace(/^\//, '')
}

function foundIn({ tags, properties: written }: GenericResource): Found {
  const { provisioningState, description } = properties.catch({}).parse(written)
  return {
    tags: tags ?? {},
    state: provisioningState?.toLowerCase() ?? null,
    description: description ?? null,
  }
}

/** That it failed for good is only what an answer to a poll says, which has no status of its own; anything else leaves it open. */
function isVerdict(error: unknown, signal: AbortSignal): boolean {
  const { status, code } = answeredBy(error)
  const isBroken = code !== null && /^(REQUEST_SEND_ERROR|PARSE_ERROR|E[A-Z]+)$/.test(code)
  return !signal.aborted && status === null && !isBroken
}

function gaveUp(what: string, error: unknown): PluginError {
  const saw = error instanceof Error ? error.message.replace(/\s+/g, ' ') : 'no reason given'
  return new PluginError('refused', `Azure accepted to delete ${what}, and gave up: ${saw}`, { cause: error })
}
