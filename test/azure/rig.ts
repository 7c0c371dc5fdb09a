/**
 * A target on the fake, over Microsoft's own clients and real TLS.
 *
 * Example: `const rig = await azureRig({ mode: 'Flexible' })`, `await rig.target.launch(...)`, `await rig.stop()`.
 */

import {
  type AzureVmssContext,
  type AzureVmssOptions,
  createAzureVmssTarget,
} from '../../src/plugins/targets/azure-vmss.ts'
import type { Target, TargetInstance } from '../../src/ports/target.ts'
import { until } from '../builders/until.ts'
import { FakeArm, GROUP, SCALE_SET, SUBSCRIPTION } from './arm.ts'
import { ANY_CREDENTIAL } from './fake-azure.ts'
import { Judge, type Verdict } from './judge.ts'

export type RigOptions = Partial<AzureVmssOptions> & { readonly mode?: FakeArm['mode'] }

export interface AzureRig {
  readonly arm: FakeArm
  readonly target: Target
  /** Another run of ours, on the same scale set. */
  again(): Target
  settle(predicate: (instances: readonly TargetInstance[]) => boolean | Promise<boolean>): Promise<void>
  /** Of all that was asked and answered; nothing was judged where Microsoft's description of the API is absent. */
  verdict(): Promise<Verdict>
  /** Throws when something was answered that Azure would not answer. */
  stop(): Promise<void>
}

export async function azureRig(
  { mode = 'Uniform', ...options }: RigOptions = {},
  context: AzureVmssContext = {},
): Promise<AzureRig> {
  const arm = await FakeArm.start({ mode })
  const judge = await Judge.open()
  arm.hear = judge?.hear ?? null
  const verdict = async () => (await judge?.verdict()) ?? { judged: new Map(), complaints: [] }
  const targets: Target[] = []
  const create = () => {
    const target = createAzureVmssTarget(azureOptions(arm, options), {
      credential: ANY_CREDENTIAL,
      client: { tlsOptions: { ca: arm.cert } },
      lookEveryMs: 1,
      backOffMs: 1,
      ...context,
    })
    targets.push(target)
    return target
  }
  const target = create()
  return {
    arm,
    target,
    again: create,
    verdict,
    async settle(predicate) {
      await until('the list is as expected', async () =>
        predicate(await target.listInstances(AbortSignal.timeout(10_000))),
      )
    },
    async stop() {
      for (const each of targets) await each.close()
      await arm.stop()
      const { complaints } = await verdict()
      if (complaints.length > 0) throw new Error(`the fake is not Azure:\n${complaints.join('\n')}`)
    },
  }
}

/** Those of the scale set in the fake, with what a test cares about. */
export function azureOptions(arm: FakeArm, options: Partial<AzureVmssOptions> = {}): AzureVmssOptions {
  return {
    subscription: SUBSCRIPTION,
    resourceGroup: GROUP,
    scaleSet: SCALE_SET,
    endpoint: arm.endpoint,
    authorityHost: null,
    address: null,
    exclusive: false,
    ledger: false,
    listingLagMs: 0,
    reach: null,
    scaleIn: 'delete',
    keepDeallocated: 1_000,
    zones: [],
    protect: false,
    appearMs: 5_000,
    timeoutMs: 5_000,
    ...options,
  }
}
