/**
 * Asks every plugin of a configuration whether it could do its work, without a tick and without a launch.
 *
 * Example: a process target whose program does not exist is
 * `{ what: 'target of web', ok: false, detail: '"nod" is not ...' }`.
 */
import type { FleetSpec } from '../model/spec.ts'
import { createSettingsWebhook } from '../plugins/settings-webhook.ts'
import type { Clock } from '../ports/clock.ts'
import type { MetricSource } from '../ports/metric-source.ts'
import type { CheckResult, Plugin } from '../ports/plugin.ts'
import type { Target } from '../ports/target.ts'
import type { PartsContext } from './context.ts'
import { createProbe } from './health.ts'
import { createParts, type FleetParts } from './parts.ts'

/** What one plugin said of itself. */
export interface PluginCheck extends CheckResult {
  /** `target of web`, `router of web`, `source push`. */
  readonly what: string
}

const CHECK_DEADLINE_MS = 10_000

/** @param keep takes the parts that were made; whoever keeps them closes them */
export async function checkFleet(
  spec: FleetSpec,
  context: PartsContext,
  keep: (parts: FleetParts) => void,
): Promise<readonly PluginCheck[]> {
  try {
    const parts = await createParts(spec, context)
    keep(parts)
    const target = withMost(await checkPlugin(`target of ${spec.name}`, parts.target), spec, parts.target)
    const router = parts.router === null ? [] : [await checkPlugin(`router of ${spec.name}`, parts.router)]
    const probe =
      spec.health === null ? [] : [await checkPlugin(`health of ${spec.name}`, createProbe(spec.health))]
    return [target, ...router, ...probe]
  } catch (error) {
    return [{ what: `plugins of ${spec.name}`, ok: false, detail: messageOf(error) }]
  }
}

export async function checkSettingsWebhook(
  { name, settingsWebhook }: FleetSpec,
  clock: Clock,
): Promise<readonly PluginCheck[]> {
  if (settingsWebhook === null) return []
  const webhook = createSettingsWebhook(settingsWebhook, clock)
  try {
    return [await checkPlugin(`settings webhook of ${name}`, webhook)]
  } finally {
    await webhook.close()
  }
}

export function checkSource(name: string, source: MetricSource): Promise<PluginCheck> {
  return checkPlugin(`source ${name}`, source)
}

export async function checkPlugin(what: string, plugin: Plugin): Promise<PluginCheck> {
  try {
    const { ok, detail } = await plugin.check(AbortSignal.timeout(CHECK_DEADLINE_MS))
    return { what, ok, detail }
  } catch (error) {
    return { what, ok: false, detail: messageOf(error) }
  }
}

/** Known by now, where the target can only be asked: a fleet that may want more than it can have never gets it. */
function withMost(check: PluginCheck, { constraints }: FleetSpec, { capabilities }: Target): PluginCheck {
  const { highestCount } = capabilities
  const most = Math.max(0, ...constraints.filter(({ enabled }) => enabled).map(({ max }) => max))
  if (!check.ok || highestCount === null || most <= highestCount) return check
  const note = `the fleet may want ${most}, and its target has at most ${highestCount}: it is never asked for more`
  return { ...check, detail: `${check.detail}; ${note}` }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
