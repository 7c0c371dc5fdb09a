/**
 * The plugins of one fleet, made from its specification: the only place that knows built-in targets and routers by name.
 *
 * Example: `target: { type: process, ... }` with `router: { type: proxy, ... }` becomes a process target and a proxy that
 * already listens; when the port is taken, the target is closed again and the error says which port.
 */
import { routerOptions, targetOptions } from '../config/schema.ts'
import type { FleetSpec } from '../model/spec.ts'
import { createProxyRouter, type ProxyRouter } from '../plugins/routers/proxy/proxy.ts'
import { createCommandTarget } from '../plugins/targets/command.ts'
import { createNoneTarget } from '../plugins/targets/none.ts'
import { createProcessTarget, type ProcessTarget } from '../plugins/targets/process.ts'
import type { Clock } from '../ports/clock.ts'
import type { MetricSource } from '../ports/metric-source.ts'
import { PluginError } from '../ports/plugin.ts'
import type { SessionRouter } from '../ports/session-router.ts'
import type { Target } from '../ports/target.ts'

/** A host program's own plugins, by the name its configuration uses. */
export interface HostPlugins {
  readonly targets?: Readonly<Record<string, (fleet: string) => Target>>
  readonly routers?: Readonly<Record<string, (fleet: string) => SessionRouter>>
  readonly sources?: Readonly<Record<string, MetricSource>>
}

export interface FleetParts {
  readonly spec: FleetSpec
  readonly target: Target
  readonly router: SessionRouter | null
}

export interface PartsContext {
  readonly plugins: HostPlugins
  readonly clock: Clock
  readonly log: (fleet: string, line: string) => void
}

/** @throws PluginError when a part cannot start; nothing of the fleet is left running */
export async function createParts(spec: FleetSpec, context: PartsContext): Promise<FleetParts> {
  const target = createTarget(spec, context)
  try {
    return { spec, target, router: await createRouter(spec, context) }
  } catch (error) {
    await target.close()
    throw error
  }
}

/** The router first: it lets requests finish while their instances still run. */
export async function closeParts({ target, router }: FleetParts): Promise<void> {
  await router?.close()
  await target.close()
}

/** A change of rules keeps the plugins; a change of what they are made from makes them anew. */
export function samePlugins(before: FleetSpec, after: FleetSpec): boolean {
  return JSON.stringify(madeOf(before)) === JSON.stringify(madeOf(after))
}

export function processTargetOf(parts: FleetParts | undefined): ProcessTarget | null {
  return parts !== undefined && isProcessTarget(parts.target) ? parts.target : null
}

export function proxyOf(parts: FleetParts | undefined): ProxyRouter | null {
  const router = parts?.router ?? null
  return router !== null && isProxyRouter(router) ? router : null
}

function createTarget({ name, target }: FleetSpec, context: PartsContext): Target {
  const own = context.plugins.targets?.[target.type]
  if (own !== undefined) return own(name)
  const fleet = fleetContext(name, context)
  switch (target.type) {
    case 'process':
      return createProcessTarget(targetOptions.process.parse(target.options), fleet)
    case 'command':
      return createCommandTarget(targetOptions.command.parse(target.options), fleet)
    case 'none':
      return createNoneTarget()
    default:
      throw new PluginError('misconfigured', `fleet "${name}": there is no target "${target.type}"`)
  }
}

function madeOf({ target, routers, sessions }: FleetSpec): readonly unknown[] {
  return [target, routers, sessions]
}

async function createRouter(
  { name, routers }: FleetSpec,
  context: PartsContext,
): Promise<SessionRouter | null> {
  const [router] = routers
  if (router === undefined) return null
  const own = context.plugins.routers?.[router.type]
  if (own !== undefined) return own(name)
  if (router.type !== 'proxy') {
    throw new PluginError('misconfigured', `fleet "${name}": there is no router "${router.type}"`)
  }
  return createProxyRouter(routerOptions.proxy.parse(router.options), fleetContext(name, context))
}

function fleetContext(
  fleet: string,
  { clock, log }: PartsContext,
): { fleet: string; clock: Clock; log: (line: string) => void } {
  return { fleet, clock, log: line => log(fleet, line) }
}

function isProcessTarget(target: Target): target is ProcessTarget {
  return 'usage' in target
}

function isProxyRouter(router: SessionRouter): router is ProxyRouter {
  return 'readings' in router
}
