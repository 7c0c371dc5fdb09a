/**
 * The golden cases of the Kubernetes HPA's behaviour, as `hpa_behavior.json` has them: in its own words (replicas, pods,
 * seconds), for the tests that put them to the guards alone and to the whole of Plimsoll.
 *
 * Example: `HPA.rateLimit[0].scaleUp.policies` is `[{ type: 'Pods', value: 4, periodSeconds: 60 }]`.
 */
import { readFileSync } from 'node:fs'

export interface Policies {
  readonly selectPolicy: 'Max' | 'Min' | 'Disabled'
  readonly policies: readonly { type: 'Pods' | 'Percent'; value: number; periodSeconds: number }[]
}

/** A change that was made so long ago. */
export interface ScaleEvent {
  readonly change: number
  readonly ageSeconds: number
}

interface Case {
  readonly id: string
  readonly title: string
  readonly currentReplicas: number
}

interface RateCase extends Case {
  readonly desiredBeforeLimits: number
  readonly minReplicas: number
  readonly maxReplicas: number
  readonly scaleUp: Policies
  readonly scaleDown: Policies
  readonly scaleUpIsDefault?: boolean
  readonly scaleDownIsDefault?: boolean
  readonly scaleUpEvents: readonly ScaleEvent[]
  readonly scaleDownEvents: readonly ScaleEvent[]
  readonly expectedReplicas: number
}

interface StabilizationCase extends Case {
  readonly scaleUpWindowSeconds: number
  readonly scaleDownWindowSeconds: number
  readonly history: readonly { recommendation: number; ageSeconds: number }[]
  readonly desired: number
  readonly expectedReplicas: number
}

interface LimitCase extends Case, Policies {
  readonly direction: 'up' | 'down'
  readonly expectedLimit: number
}

export interface HpaBehaviour {
  readonly defaults: { readonly scaleUp: Policies; readonly scaleDown: Policies }
  readonly rateLimit: readonly RateCase[]
  readonly behaviorStabilization: readonly StabilizationCase[]
  readonly policyLimit: readonly LimitCase[]
}

export const HPA: HpaBehaviour = JSON.parse(
  readFileSync(new URL('./hpa_behavior.json', import.meta.url), 'utf8'),
)
