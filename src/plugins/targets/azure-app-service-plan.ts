/**
 * Instances as the workers of an App Service plan. Azure only lets the number be set and chooses who goes, so this target is asked
 * for a count, and launches and terminates nobody by name.
 *
 * Example: `resize(5, 'web/42/1', signal)` puts the plan back with capacity 5 unless somebody else has scaled it since it was listed;
 * `listInstances` then lists 3 that are ready and 2 that boot. The same token again changes nothing.
 */
import type { Clock } from '../../ports/clock.ts'
import type { PluginErrorKind } from '../../ports/plugin.ts'
import type { Target, TargetCapabilities } from '../../ports/target.ts'
import { systemClock } from '../clocks/system.ts'
import { type Limits, requireAllowed, requireOurs } from './azure-app-service-plan/limits.ts'
import { Plan, type PlanContext, type PlanModel, type PlanOptions } from './azure-app-service-plan/plan.ts'
import { Resizing } from './azure-app-service-plan/resizing.ts'
import { countedInstances, namedInstances } from './azure-app-service-plan/workers.ts'

export interface AzureAppServicePlanOptions extends PlanOptions {
  /** Tokens are kept as a tag of the plan, so that nothing is asked for twice across a restart of ours. */
  readonly ledger: boolean
  /** How long a resize waits to see what becomes of it. */
  readonly settleMs: number
}

export interface AzureAppServicePlanContext extends Omit<PlanContext, 'clock'> {
  readonly clock?: Clock
  /** Between two looks at what is under way, at first. */
  readonly lookEveryMs?: number
}

const LOOK_EVERY_MS = 1_000

const ONLY_COUNTS = {
  kind: 'refused' as PluginErrorKind,
  error:
    'PLM-787 an App Service plan has no call to launch or terminate a chosen instance; only their number can be set. Nothing was changed.',
}

export function createAzureAppServicePlanTarget(
  options: AzureAppServicePlanOptions,
  context: AzureAppServicePlanContext = {},
): Target {
  const clock = context.clock ?? systemClock
  const plan = new Plan(options, { ...context, clock })
  const resizing = new Resizing(plan, {
    clock,
    ledger: options.ledger,
    settleMs: options.settleMs,
    lookEveryMs: context.lookEveryMs ?? LOOK_EVERY_MS,
  })
  let highest: number | null = null
  const capabilities: TargetCapabilities = {
    acts: true,
    choosesVictim: false,
    zones: [],
    idempotentLaunch: false,
    // Azure replaces workers as it likes, and anybody may set the number.
    exclusive: false,
    /** Of the tier, once it was read. */
    get highestCount() {
      return highest
    },
  }

  async function look(signal: AbortSignal) {
    const [model, workers] = await Promise.all([plan.read('look', signal), plan.workers(signal)])
    const limits = await plan.limits(model, 'look', signal)
    highest = model.scalesItself ? null : limits.highest
    resizing.saw(model)
    return { model, workers, limits }
  }

  return {
    capabilities,

    async listInstances(signal) {
      const { model, workers } = await look(signal)
      return workers === null ? countedInstances(model) : namedInstances(workers, model)
    },

    async launch(orders) {
      return orders.map(({ token }) => ({ token, ok: false, ...ONLY_COUNTS }))
    },

    async terminate(victims) {
      return victims.map(({ id }) => ({ instance: id, ok: false, ...ONLY_COUNTS }))
    },

    resize(count, token, signal) {
      return resizing.resize(count, token, signal)
    },

    async check(signal) {
      try {
        const { model, workers, limits } = await look(signal)
        requireOurs(model)
        // Where there can be no second one, nothing can be scaled.
        requireAllowed(Math.max(2, limits.lowest), model, limits)
        const parts = [said(model, limits), ...notes(model, workers === null), plan.allowance.describe()]
        return { ok: true, detail: parts.filter(part => part !== null).join('; ') }
      } catch (error) {
        return { ok: false, detail: error instanceof Error ? error.message : String(error) }
      }
    },

    async close() {
      plan.close()
    },
  }
}

function said({ name, tier, size, capacity }: PlanModel, { lowest, highest }: Limits): string {
  const most = highest === null ? 'as many as Azure allows' : `${highest}`
  return `${tier} ${size} plan ${name}: capacity ${capacity}, ${lowest} to ${most} instances; which ones go, Azure chooses`
}

function notes({ perSiteScaling, isSpot, zoneRedundant }: PlanModel, isCounted: boolean): string[] {
  return [
    isCounted ? 'Azure tells no names of its instances, so they are numbered' : null,
    perSiteScaling
      ? 'apps scale on their own (perSiteScaling): an app may run on fewer instances than the plan has'
      : null,
    isSpot ? 'it has spot instances, which Azure takes away when it needs them' : null,
    zoneRedundant ? 'it is spread over zones' : null,
  ].filter(note => note !== null)
}
