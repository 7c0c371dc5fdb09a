/**
 * The target `azure-app-service-plan` on the fake, over Microsoft's own client and real TLS.
 *
 * Example: `const rig = await planRig({ ledger: true })`, `await rig.target.resize?.(3, 'shop/1/1', signal)`, `await rig.stop()`.
 */

import {
  type AzureAppServicePlanContext,
  type AzureAppServicePlanOptions,
  createAzureAppServicePlanTarget,
} from '../../src/plugins/targets/azure-app-service-plan.ts'
import type { Target, TargetInstance } from '../../src/ports/target.ts'
import { until } from '../builders/until.ts'
import { ANY_CREDENTIAL } from './fake-azure.ts'
import { FakePlans, PLAN, PLAN_GROUP, PLAN_SUBSCRIPTION } from './plans.ts'

export interface PlanRig {
  readonly plans: FakePlans
  readonly target: Target
  /** Another run of ours, on the same plan. */
  again(): Target
  settle(predicate: (instances: readonly TargetInstance[]) => boolean): Promise<void>
  stop(): Promise<void>
}

export async function planRig(
  options: Partial<AzureAppServicePlanOptions> = {},
  context: AzureAppServicePlanContext = {},
): Promise<PlanRig> {
  const plans = await FakePlans.start()
  const targets: Target[] = []
  const create = () => {
    const target = createAzureAppServicePlanTarget(
      {
        subscription: PLAN_SUBSCRIPTION,
        resourceGroup: PLAN_GROUP,
        plan: PLAN,
        endpoint: plans.endpoint,
        authorityHost: null,
        ledger: false,
        settleMs: 5_000,
        timeoutMs: 5_000,
        ...options,
      },
      {
        credential: ANY_CREDENTIAL,
        client: { tlsOptions: { ca: plans.cert } },
        lookEveryMs: 1,
        backOffMs: 1,
        ...context,
      },
    )
    targets.push(target)
    return target
  }
  const target = create()
  return {
    plans,
    target,
    again: create,
    async settle(predicate) {
      await until('the list is as expected', async () =>
        predicate(await target.listInstances(AbortSignal.timeout(10_000))),
      )
    },
    async stop() {
      for (const each of targets) await each.close()
      await plans.stop()
    },
  }
}
