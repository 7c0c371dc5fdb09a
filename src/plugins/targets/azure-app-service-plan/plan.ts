/**
 * One App Service plan as Azure's resource manager has it: read, its instances listed, and put back with another capacity. There
 * is no call that changes the capacity alone, so the whole plan is sent as it was read; and no ETag that would say that somebody
 * else was quicker, so it is read once more right before.
 *
 * Example: `read()` answers `{ capacity: 3, ... }`; `put(model, 4, tags)` sends the same plan with `sku.capacity: 4`, which Azure answers
 * 200 with the plan, or 202 with an operation to poll.
 */
import type { AppServicePlan, WebSiteManagementClient } from '@azure/arm-appservice'
import type { Clock } from '../../../ports/clock.ts'
import { PluginError } from '../../../ports/plugin.ts'
import type { Allowance, Purpose } from '../../azure/allowance.ts'
import type { Calls } from '../../azure/calls.ts'
import { answeredBy } from '../../azure/failure.ts'
import { type ManagementContext, type ManagementOptions, managementCalls } from '../../azure/management.ts'
import { isBroken } from '../../azure/underway.ts'
import { type Limits, limitsOf, type PlanTier, scalesItself, toldIn } from './limits.ts'
import type { Worker } from './workers.ts'

export interface PlanOptions extends ManagementOptions {
  readonly resourceGroup: string
  readonly plan: string
}

/** What of Microsoft's clients it needs. */
export interface PlanSdk {
  readonly WebSiteManagementClient: typeof WebSiteManagementClient
}

export interface PlanContext extends ManagementContext {
  readonly loadSdk?: () => Promise<PlanSdk>
}

export interface PlanModel extends PlanTier {
  /** As it was read, to be sent back. */
  readonly whole: AppServicePlan
  /** What was asked of it last. */
  readonly capacity: number
  /** How many are there; `null`: not said. */
  readonly there: number | null
  readonly tags: Readonly<Record<string, string>>
  readonly perSiteScaling: boolean
  readonly isSpot: boolean
}

/** What was accepted and is being done. */
export interface Underway {
  /**
   * @returns the capacity the plan has now; `null`: not done yet
   * @throws PluginError PLM-784 when Azure gave up
   */
  outcome(signal: AbortSignal): Promise<number | null>
}

type Client = WebSiteManagementClient

const REMEDY = {
  settings: 'subscription, resourceGroup and plan',
  role: "Web Plan Contributor on the plan's resource group",
}
/** Limits change when the plan is moved to another tier, which is seen at once, and else hardly ever. */
const LIMITS_KEPT_MS = 600_000
/** More than any plan has. */
const MOST_WORKERS = 2_000
/** That Azure tells no names for such a plan, rather than that something went wrong. */
const TELLS_NO_NAMES: readonly (number | null)[] = [400, 404, 405, 409, 501]

export class Plan {
  readonly #options: PlanOptions
  readonly #calls: Calls<Client>
  readonly #clock: Pick<Clock, 'now'>
  #told: { readonly of: string; readonly at: number; readonly limits: Partial<Limits> } | null = null
  #tellsNames: boolean | null = null

  constructor(options: PlanOptions, context: PlanContext) {
    this.#options = options
    this.#clock = context.clock
    const load = context.loadSdk ?? importSdk
    this.#calls = managementCalls(
      {
        who: 'the target azure-app-service-plan',
        npmPackage: '@azure/arm-appservice',
        load: async () => (await load()).WebSiteManagementClient,
        remedy: REMEDY,
      },
      options,
      context,
    )
  }

  get allowance(): Allowance {
    return this.#calls.allowance
  }

  async read(purpose: Purpose, signal: AbortSignal): Promise<PlanModel> {
    const { resourceGroup, plan } = this.#options
    const whole = await this.#calls.reading(purpose, `read the plan ${plan}`, signal, (client, abortSignal) =>
      client.appServicePlans.get(resourceGroup, plan, { abortSignal }),
    )
    return modelOf(whole, plan)
  }

  /** Each worker once; `null` where Azure tells no names for such a plan. */
  async workers(signal: AbortSignal): Promise<readonly Worker[] | null> {
    if (this.#tellsNames === false) return null
    const { resourceGroup, plan } = this.#options
    try {
      const { instances = [] } = await this.#calls.reading(
        'look',
        `list the instances of the plan ${plan}`,
        signal,
        (client, abortSignal) =>
          client.appServicePlans.getServerFarmInstanceDetails(resourceGroup, plan, { abortSignal }),
      )
      const workers = instances.slice(0, MOST_WORKERS).flatMap(({ instanceName, status, ipAddress }) => {
        const name = instanceName ?? ''
        return name === '' ? [] : [{ name, status: status ?? null, ip: ipAddress ?? null }]
      })
      this.#tellsNames = true
      return workers
    } catch (error) {
      // Once it has told them, that it does not is a failure, and not another way of listing.
      if (this.#tellsNames === true || !(error instanceof PluginError)) throw error
      if (!TELLS_NO_NAMES.includes(answeredBy(error.cause).status)) throw error
      this.#tellsNames = false
      return null
    }
  }

  /** What Azure tells of the tier, kept for a while; where it does not answer, what the plan or the table says. */
  async limits(model: PlanModel, purpose: Purpose, signal: AbortSignal): Promise<Limits> {
    const of = `${model.tier} ${model.size}`.toLowerCase()
    const now = this.#clock.now()
    if (this.#told === null || this.#told.of !== of || now - this.#told.at >= LIMITS_KEPT_MS) {
      this.#told = { of, at: now, limits: await this.#ask(model.size, purpose, signal) }
    }
    return limitsOf(model, this.#told.limits)
  }

  /** Accepted, or thrown: `unavailable` when nobody knows. */
  put({ whole }: PlanModel, capacity: number, tags: Readonly<Record<string, string>>, signal: AbortSignal) {
    const { resourceGroup, plan } = this.#options
    const what = `set the capacity of the plan ${plan} to ${capacity}`
    return this.#calls.changing(what, signal, async (client, abortSignal): Promise<Underway> => {
      const changed = { ...whole, tags: { ...tags }, sku: { ...whole.sku, capacity } }
      const poller = client.appServicePlans.createOrUpdate(resourceGroup, plan, changed, { abortSignal })
      await poller.submitted()
      let isBlind = false
      return {
        outcome: async pollSignal => {
          if (isBlind) return this.#lookAgain(pollSignal)
          return this.#calls.within(pollSignal, async late => {
            try {
              const state = poller.isDone ? poller.operationState : await poller.poll({ abortSignal: late })
              if (state?.status === 'failed' || state?.status === 'canceled') throw gaveUp(what, state.error)
              return poller.isDone ? (poller.result?.sku?.capacity ?? null) : null
            } catch (error) {
              const failure = this.#pollFailure(error, what, late)
              if (failure.kind === 'refused') throw failure
              // The client takes any failed poll for the end, and polls no more: from now on the plan itself tells.
              isBlind = true
              return null
            }
          })
        },
      }
    })
  }

  close(): void {
    this.#calls.close()
  }

  async #ask(size: string, purpose: Purpose, signal: AbortSignal): Promise<Partial<Limits>> {
    const { resourceGroup, plan } = this.#options
    try {
      const answer = await this.#calls.reading(
        purpose,
        `read what the plan ${plan} may have`,
        signal,
        (client, abortSignal) =>
          client.appServicePlans.getServerFarmSkus(resourceGroup, plan, { abortSignal }),
      )
      return toldIn(answer, size)
    } catch (error) {
      if (error instanceof PluginError && !signal.aborted) return {}
      throw error
    }
  }

  async #lookAgain(signal: AbortSignal): Promise<number | null> {
    const { whole, capacity } = await this.read('act', signal)
    return whole.provisioningState === 'InProgress' ? null : capacity
  }

  /** That Azure gave up is told by an answer: one without a status of its own, or one of 4xx. Anything else leaves it open. */
  #pollFailure(error: unknown, what: string, signal: AbortSignal): PluginError {
    if (error instanceof PluginError) return error
    const failure = this.#calls.failureOf(error, what, signal, true)
    const { status } = answeredBy(error)
    const isOpen = signal.aborted || isBroken(error) || failure.kind === 'throttled'
    if (isOpen || (status !== null && (status >= 500 || status === 408))) {
      return new PluginError('unavailable', failure.message, { cause: error })
    }
    return gaveUp(what, error)
  }
}

function modelOf(whole: AppServicePlan, name: string): PlanModel {
  const { sku, tags, numberOfWorkers, maximumNumberOfWorkers, elasticScaleEnabled } = whole
  const tier = sku?.tier ?? sku?.name ?? 'unknown'
  return {
    name,
    whole,
    tier,
    size: sku?.name ?? '',
    capacity: sku?.capacity ?? numberOfWorkers ?? 0,
    there: numberOfWorkers ?? null,
    most: maximumNumberOfWorkers ?? null,
    tags: tags ?? {},
    scalesItself: elasticScaleEnabled === true || scalesItself(tier),
    zoneRedundant: whole.zoneRedundant ?? false,
    perSiteScaling: whole.perSiteScaling ?? false,
    isSpot: whole.isSpot ?? false,
  }
}

async function importSdk(): Promise<PlanSdk> {
  return await import('@azure/arm-appservice')
}

function gaveUp(what: string, error: unknown): PluginError {
  const saw = error instanceof Error ? error.message.replace(/\s+/g, ' ') : 'no reason given'
  return new PluginError(
    'refused',
    `PLM-784 Azure accepted to ${what}, and gave up: ${saw}. What the plan has by now the next listing shows; it is tried again later.`,
    { cause: error },
  )
}
