/**
 * What a scale set says of itself that matters here, and whether Azure acts on it by itself as well.
 *
 * Example: `automaticRepairsPolicy: { enabled: true, gracePeriod: 'PT30M' }` is `repairs: { graceMs: 1_800_000 }`: an instance that is
 * unhealthy for half an hour is replaced by Azure.
 */
import type { VirtualMachineScaleSet } from '@azure/arm-compute'

export interface ScaleSetModel {
  readonly mode: 'Uniform' | 'Flexible'
  readonly capacity: number
  readonly etag: string | null
  readonly tags: Readonly<Record<string, string>>
  readonly upgradeMode: string
  readonly overprovision: boolean
  readonly zones: readonly string[]
  /** Azure replaces, restarts or reimages what is unhealthy for so long; null: it does not. */
  readonly repairs: { readonly graceMs: number } | null
  /** Azure moves instances between zones. */
  readonly rebalances: boolean
}

/** What Azure takes where nothing is written. */
const GRACE_MS = 600_000

export function modelOf(set: VirtualMachineScaleSet): ScaleSetModel {
  const mode = set.orchestrationMode?.toLowerCase() === 'flexible' ? 'Flexible' : 'Uniform'
  const { enabled = false, gracePeriod } = set.automaticRepairsPolicy ?? {}
  return {
    mode,
    capacity: set.sku?.capacity ?? 0,
    etag: set.etag ?? null,
    tags: set.tags ?? {},
    upgradeMode: set.upgradePolicy?.mode ?? 'Manual',
    overprovision: set.overprovision ?? mode === 'Uniform',
    zones: set.zones ?? [],
    repairs: enabled ? { graceMs: durationMs(gracePeriod ?? '') ?? GRACE_MS } : null,
    rebalances: set.resiliencyPolicy?.automaticZoneRebalancingPolicy?.enabled ?? false,
  }
}

/** `PT1H30M` is 5,400,000; `null` for what it is not. */
function durationMs(text: string): number | null {
  const [whole, hours = '0', minutes = '0', seconds = '0'] =
    /^PT(?:(\d{1,4})H)?(?:(\d{1,4})M)?(?:(\d{1,6})S)?$/i.exec(text) ?? []
  if (whole === undefined || whole.length === 2) return null
  return (Number(hours) * 3_600 + Number(minutes) * 60 + Number(seconds)) * 1_000
}
