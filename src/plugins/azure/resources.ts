/**
 * Azure's resource manager for resources of any kind: looked up by their id, and deleted.
 *
 * Example: `await resources.find({ id: '/subscriptions/.../loadBalancers/web-lb', ... }, signal)` answers its tags and `state: 'succeeded'`,
 * or `null` when there is none; `await resources.remove(...)` is answered once the deletion is accepted, and `isDone` asks how it goes.
 */
import type { GenericResource, ResourceManagementClient } from '@azure/arm-resources'
import { z } from 'zod'
import { PluginError } from '../../ports/plugin.ts'
import type { Calls } from './calls.ts'
import { answeredBy } from './failure.ts'
import { type ManagementContext, type ManagementOptions, managementCalls } from './management.ts'
import { follow, type Underway } from './underway.ts'

/** What of Microsoft's clients it needs. */
export interface ResourcesSdk {
  readonly ResourceManagementClient: typeof ResourceManagementClient
}

export interface ResourcesContext extends ManagementContext {
  readonly loadResourcesSdk?: () => Promise<ResourcesSdk>
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

type Client = ResourceManagementClient

const REMEDY = {
  settings: 'subscription and resourceGroup',
  role: 'Contributor on the resource group, and Role Based Access Control Administrator for role assignments',
}

const properties = z.object({ provisioningState: z.string().optional(), description: z.string().optional() })

export class Resources {
  readonly #calls: Calls<Client>

  constructor(options: ManagementOptions, context: ResourcesContext) {
    const load = context.loadResourcesSdk ?? importSdk
    this.#calls = managementCalls(
      {
        who: '`plimsoll azure cleanup`',
        npmPackage: '@azure/arm-resources',
        load: async () => (await load()).ResourceManagementClient,
        remedy: REMEDY,
      },
      options,
      context,
    )
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
  async remove({ id, apiVersion, what }: Which, signal: AbortSignal): Promise<Underway> {
    return this.#calls.changing(`delete ${what}`, signal, async (client, abortSignal) => {
      const poller = client.resources.deleteById(pathOf(id), apiVersion, { abortSignal })
      await poller.submitted()
      const asked = `ask how the deletion of ${what} goes`
      return follow(
        this.#calls,
        poller,
        asked,
        saw => `Azure accepted to delete ${what}, and gave up: ${saw}`,
      )
    })
  }

  close(): void {
    this.#calls.close()
  }
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
