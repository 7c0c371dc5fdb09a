/**
 * From what a file says of sessions, health and repair to the model's, with the defaults of what it leaves out.
 *
 * Example: `health: { http: /healthz, every: 5s }` becomes a probe of type `http` with the options `{ path: '/healthz' }`,
 * asked every 5000 ms; suspect after 3 failures, unhealthy after 6.
 */
import { resolve } from 'node:path'
import type { z } from 'zod'
import { type HealthSpec, type RepairSpec, USUAL_REPAIR } from '../model/health.ts'
import { type SessionsSpec, USUAL_SESSIONS } from '../model/spec.ts'
import type { healthSchema, repairSchema, sessionsSchema } from './schema-sessions.ts'

type ReadHealth = z.output<typeof healthSchema>

export function compileSessions(written: z.output<typeof sessionsSchema> | undefined): SessionsSpec {
  if (written === undefined) return USUAL_SESSIONS
  const { slotsPerInstance, placement, lease, waiting, drain, mayCut } = written
  return {
    slotsPerInstance: slotsPerInstance ?? null,
    placement,
    leaseMs: lease ?? null,
    mostWaiting: waiting.most,
    longestWaitMs: waiting.longest,
    drain: { deadlineMs: drain.deadline ?? null, pastDeadline: drain.then },
    mayCut,
  }
}

/** @param folder where commands run; `null` leaves it open */
export function compileHealth(written: ReadHealth | undefined, folder: string | null): HealthSpec | null {
  if (written === undefined) return null
  return {
    probe: probeOf(written, folder),
    everyMs: written.every,
    timeoutMs: written.timeout,
    graceMs: written.grace,
    suspectAfter: written.suspectAfter,
    unhealthyAfter: written.unhealthyAfter,
    healthyAfter: written.healthyAfter,
  }
}

/** In the long form, so that its schema reads it again. */
function probeOf({ http, tcp, command }: ReadHealth, folder: string | null): HealthSpec['probe'] {
  if (http !== undefined) {
    return { type: 'http', options: typeof http === 'string' ? { path: http } : defined(http) }
  }
  if (tcp !== undefined)
    return { type: 'tcp', options: typeof tcp === 'number' ? { port: tcp } : defined(tcp) }
  if (command === undefined) throw new Error('A probe of no kind was compiled')
  const options = 'command' in command ? defined(command) : { command }
  const cwd = 'cwd' in options && typeof options.cwd === 'string' ? options.cwd : '.'
  return { type: 'command', options: folder === null ? options : { ...options, cwd: resolve(folder, cwd) } }
}

/** JSON has no `undefined`. */
function defined(options: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
}

export function compileRepair(written: z.output<typeof repairSchema>): RepairSpec {
  const { how, atOnce, maxUnhealthy, freeze } = written
  return {
    how,
    atOnce: atOnce?.count ?? USUAL_REPAIR.atOnce,
    atOnceRatio: atOnce?.ratio ?? USUAL_REPAIR.atOnceRatio,
    maxUnhealthyRatio: maxUnhealthy,
    freezeMs: freeze,
  }
}
