/**
 * The plugins of one fleet, made from its specification: the only place that knows built-in targets by name.
 *
 * Example: `target: { type: process, ... }` with `router: { type: proxy, ... }` becomes a process target and a proxy that
 * already listens; when the port is taken, the target is closed again and the error says which port.
 */
import { join } from 'node:path'
import { targetOptions } from '../config/schema-targets.ts'
import type { FleetSpec } from '../model/spec.ts'
import type { AgentRouter } from '../plugins/routers/agent/agent.ts'
import type { ProxyRouter } from '../plugins/routers/proxy/proxy.ts'
import { createWitnesses } from '../plugins/routers/witnesses.ts'
import { createAzureAppServicePlanTarget } from '../plugins/targets/azure-app-service-plan.ts'
import { LivesBook } from '../plugins/targets/azure-vmss/lives.ts'
import { createAzureVmssTarget } from '../plugins/targets/azure-vmss.ts'
import { createCommandTarget } from '../plugins/targets/command.ts'
import { createNoneTarget } from '../plugins/targets/none.ts'
import { createProcessTarget, type ProcessTarget } from '../plugins/targets/process.ts'
import type { HealthWatch } from '../ports/health-probe.ts'
import { PluginError } from '../ports/plugin.ts'
import type { SessionRouter } from '../ports/session-router.ts'
import type { Target } from '../ports/target.ts'
import type { SessionBroker } from '../sessions/session-broker.ts'
import { fleetContext, type PartsContext } from './context.ts'
import { createHealth } from './health.ts'
import { createRouters } from './routers.ts'

export interface FleetParts {
  readonly spec: FleetSpec
  readonly target: Target
  /** Each of its routers; one of them, or all together, is `router`. */
  readonly routers: readonly SessionRouter[]
  readonly router: SessionRouter | null
  readonly health: HealthWatch | null
}

/** @throws PluginError when a part cannot start; nothing of the fleet is left running */
export async function createParts(spec: FleetSpec, context: PartsContext): Promise<FleetParts> {
  const target = createTarget(spec, context)
  try {
    const routers = await createRouters(spec, context)
    return { spec, target, routers, router: togetherOf(routers), health: createHealth(spec, context) }
  } catch (error) {
    await target.close()
    throw error
  }
}

/**
 * What can change while the instances go on: how they are probed, and how sessions are placed.
 * @returns the parts as they are from now on
 */
export async function adjustParts(
  parts: FleetParts,
  spec: FleetSpec,
  context: PartsContext,
): Promise<FleetParts> {
  if (JSON.stringify(parts.spec.sessions) !== JSON.stringify(spec.sessions)) {
    brokerOf(parts)?.configure(spec.sessions)
  }
  if (JSON.stringify(parts.spec.health) === JSON.stringify(spec.health)) return { ...parts, spec }
  await parts.health?.close()
  return { ...parts, spec, health: createHealth(spec, context) }
}

/** The router first: it lets requests finish while their instances still run. */
export async function closeParts({ target, router, health }: FleetParts): Promise<void> {
  await health?.close()
  await router?.close()
  await target.close()
}

/** A change of rules keeps the plugins; a change of what they are made from makes them anew. */
export function samePlugins(before: FleetSpec, after: FleetSpec): boolean {
  return JSON.stringify(madeOf(before)) === JSON.stringify(madeOf(after))
}

function madeOf({ target, routers }: FleetSpec): readonly unknown[] {
  return [target, routers]
}

export function processTargetOf(parts: FleetParts | undefined): ProcessTarget | null {
  return parts !== undefined && isProcessTarget(parts.target) ? parts.target : null
}

export function proxyOf(parts: FleetParts | undefined): ProxyRouter | null {
  return parts?.routers.find(isProxyRouter) ?? null
}

export function brokerOf(parts: FleetParts | undefined): SessionBroker | null {
  return parts?.routers.find(isBroker) ?? null
}

export function agentOf(parts: FleetParts | undefined): AgentRouter | null {
  return parts?.routers.find(isAgent) ?? null
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
    case 'azure-vmss':
      return createAzureVmssTarget(targetOptions['azure-vmss'].parse(target.options), {
        clock: fleet.clock,
        log: fleet.log,
        lives: new LivesBook(join(fleet.keptIn, `${name}.lives`)),
      })
    case 'azure-app-service-plan':
      return createAzureAppServicePlanTarget(targetOptions['azure-app-service-plan'].parse(target.options), {
        clock: fleet.clock,
      })
    case 'none':
      return createNoneTarget()
    default:
      throw new PluginError('misconfigured', `fleet "${name}": there is no target "${target.type}"`)
  }
}

/** Several are witnesses: all of them must say that an instance is empty. */
function togetherOf(routers: readonly SessionRouter[]): SessionRouter | null {
  const [first, second] = routers
  if (first === undefined) return null
  if (second === undefined) return first
  // The broker last: nobody comes back to what it closed, so its seal is the one that cannot be regretted.
  return createWitnesses([...routers.filter(one => !isBroker(one)), ...routers.filter(isBroker)])
}

function isProcessTarget(target: Target): target is ProcessTarget {
  return 'usage' in target
}

function isProxyRouter(router: SessionRouter): router is ProxyRouter {
  return 'readings' in router
}

function isBroker(router: SessionRouter): router is SessionBroker {
  return 'placeMany' in router
}

function isAgent(router: SessionRouter): router is AgentRouter {
  return 'awaitChange' in router
}
