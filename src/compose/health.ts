/**
 * The health probe of a fleet and who asks it, made from its specification.
 *
 * Example: `health: { http: /healthz, every: 5s }` becomes a watch that asks each ready instance with GET every 5 s.
 */
import { probeOptions } from '../config/schema-sessions.ts'
import { createHealthWatch } from '../loop/health-watch.ts'
import type { HealthSpec } from '../model/health.ts'
import type { FleetSpec } from '../model/spec.ts'
import { createCommandProbe } from '../plugins/probes/command.ts'
import { createHttpProbe } from '../plugins/probes/http.ts'
import { createTcpProbe } from '../plugins/probes/tcp.ts'
import type { HealthProbe, HealthWatch } from '../ports/health-probe.ts'
import type { PartsContext } from './context.ts'
import { secureRandom } from './routers.ts'

/** `null`: nothing is probed. */
export function createHealth({ health }: FleetSpec, { clock }: PartsContext): HealthWatch | null {
  if (health === null) return null
  return createHealthWatch({ spec: health, probe: createProbe(health), clock, random: secureRandom })
}

export function createProbe({ probe: { type, options }, timeoutMs }: HealthSpec): HealthProbe {
  switch (type) {
    case 'http': {
      const { path, port } = probeOptions.http.parse(options)
      return createHttpProbe({ path, port: port ?? null })
    }
    case 'tcp':
      return createTcpProbe({ port: probeOptions.tcp.parse(options).port ?? null })
    case 'command': {
      const { command, env, cwd } = probeOptions.command.parse(options)
      return createCommandProbe({ command, env, cwd: cwd ?? null, timeoutMs })
    }
  }
}
