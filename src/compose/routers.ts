/**
 * The routers of a fleet, made from its specification: the only place that knows the built-in ones by name.
 *
 * Example: `router: [{ type: broker }, { type: haproxy, ... }]` becomes a broker whose log is opened at its first list, and a
 * router that speaks to HAProxy's socket; both are asked before an instance counts as empty.
 */
import { randomBytes } from 'node:crypto'
import { routerOptions } from '../config/schema-routers.ts'
import type { FleetSpec, PluginRef } from '../model/spec.ts'
import { createAgentRouter } from '../plugins/routers/agent/agent.ts'
import { createHaproxyRouter } from '../plugins/routers/haproxy/haproxy.ts'
import { createHttpRouter } from '../plugins/routers/http/http.ts'
import { createProxyRouter } from '../plugins/routers/proxy/proxy.ts'
import type { Random } from '../ports/clock.ts'
import { PluginError } from '../ports/plugin.ts'
import type { SessionRouter } from '../ports/session-router.ts'
import { createBroker } from '../sessions/broker.ts'
import { fleetContext, type PartsContext } from './context.ts'

/** In their order in the file. When one cannot start, those before it are closed. */
export async function createRouters(spec: FleetSpec, context: PartsContext): Promise<SessionRouter[]> {
  const made: SessionRouter[] = []
  try {
    for (const router of spec.routers) made.push(await createRouter(spec, router, context))
    return made
  } catch (error) {
    for (const router of made) await router.close()
    throw error
  }
}

async function createRouter(
  spec: FleetSpec,
  { type, options }: PluginRef,
  context: PartsContext,
): Promise<SessionRouter> {
  const own = context.plugins.routers?.[type]
  if (own !== undefined) return own(spec.name)
  const fleet = fleetContext(spec.name, context)
  switch (type) {
    case 'proxy':
      return createProxyRouter(routerOptions.proxy.parse(options), fleet)
    case 'broker':
      return createBroker({
        fleet: spec.name,
        spec: spec.sessions,
        log: await context.sessionLog(),
        clock: context.clock,
        random: secureRandom,
        holder: context.holder,
      })
    case 'agent': {
      const { clock } = context
      return createAgentRouter(routerOptions.agent.parse(options), {
        fleet: spec.name,
        clock,
        random: secureRandom,
      })
    }
    case 'http':
      return createHttpRouter(routerOptions.http.parse(options), fleet)
    case 'haproxy':
      return createHaproxyRouter(routerOptions.haproxy.parse(options), fleet)
    default:
      throw new PluginError('misconfigured', `fleet "${spec.name}": there is no router "${type}"`)
  }
}

/** Nobody may guess the next number, since session ids are made of them. */
export const secureRandom: Random = {
  next: () => randomBytes(6).readUIntBE(0, 6) / 2 ** 48,
}
