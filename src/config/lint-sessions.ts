/**
 * Warns about settings of sessions that hardly do what was meant: a drain that cuts sessions, a reserve that no instance
 * count can hold, a lease that a short pause outlasts.
 *
 * Example: `reserve: 300` with 20 slots on at most 10 instances: even without a single session 15 would be needed.
 */
import type { FleetSpec, ReserveRule } from '../model/spec.ts'
import { CODES } from './codes.ts'
import { type Origins, originKey } from './compile-fleet.ts'
import { formatDuration } from './expression/units.ts'
import type { Report } from './problem.ts'

/** A garbage collection, a failover or a lost packet takes a few seconds. */
const SHORT_LEASE_MS = 10_000

export function lintSessions(fleet: FleetSpec, origins: Origins, report: Report): void {
  lintDrain(fleet, report)
  lintReserve(fleet, origins, report)
  lintLease(fleet, report)
  lintProbing(fleet, report)
  lintRestart(fleet, report)
  lintChoice(fleet, report)
}

function lintDrain({ name, sessions: { drain } }: FleetSpec, report: Report): void {
  const path = ['fleets', name, 'sessions', 'drain', 'then']
  if (drain.pastDeadline === 'force' && drain.deadlineMs !== null) {
    report({
      code: CODES.forcedDrain,
      severity: 'warning',
      message: `sessions that last longer than ${formatDuration(drain.deadlineMs)} are cut off when their instance is to go`,
      hint: 'keep waits for them and tells you; reopen lets the instance take new ones again',
      path,
    })
  }
  if (drain.pastDeadline !== 'keep' && drain.deadlineMs === null) {
    report({
      code: CODES.noDeadline,
      severity: 'warning',
      message: `"then: ${drain.pastDeadline}" never comes: the drain has no deadline`,
      hint: 'add deadline: 4h, or delete "then"',
      path,
    })
  }
}

const NEVER_RESTART = ['none', 'azure-app-service-plan']

/** Of targets that are built in: a host program's own may well restart. */
function lintRestart({ name, repair, target: { type, options } }: FleetSpec, report: Report): void {
  if (repair.how !== 'restart') return
  const canRestart = type === 'command' ? options.restart !== undefined : !NEVER_RESTART.includes(type)
  if (canRestart) return
  const instead = CHOOSE_THEMSELVES.includes(type)
    ? 'and neither replace one'
    : 'an unhealthy one is replaced'
  report({
    code: CODES.cannotRestart,
    severity: 'warning',
    message: `the target of ${JSON.stringify(name)} cannot restart an instance; ${instead}`,
    hint: type === 'command' ? 'give the target a command for it: restart: [...]' : 'write how: replace',
    path: ['fleets', name, 'repair', 'how'],
  })
}

/** They are only asked for a number, and which ones go is their affair. */
const CHOOSE_THEMSELVES = ['azure-app-service-plan']

/** A router knows of sessions, and nobody can see to it that one that goes is empty. */
function lintChoice({ name, target: { type }, routers, sessions }: FleetSpec, report: Report): void {
  if (!CHOOSE_THEMSELVES.includes(type) || routers.length === 0 || sessions.mayCut) return
  report({
    code: CODES.targetChooses,
    severity: 'warning',
    message: `the target of ${JSON.stringify(name)} chooses which instance goes: the fleet is made smaller only while no session is in use anywhere, and none is drained`,
    hint: 'write sessions: { mayCut: true } where sessions may end, or take a target that can choose, such as azure-vmss',
    path: ['fleets', name, 'target', 'type'],
  })
}

function lintReserve({ name, rules, constraints }: FleetSpec, origins: Origins, report: Report): void {
  const most = Math.max(0, ...constraints.filter(({ enabled }) => enabled).map(({ max }) => max))
  for (const rule of rules) {
    if (rule.kind !== 'reserve' || !rule.enabled) continue
    const needed = neededWithoutSessions(rule)
    if (constraints.length === 0 || needed <= most) continue
    const origin = origins.get(originKey(name, rule.name)) ?? ['fleets', name]
    report({
      code: CODES.reserveTooLarge,
      severity: 'warning',
      message: `"${rule.name}" can never be kept: even without a session it needs ${needed} instances, and at most ${most} are allowed`,
      hint: `raise max to ${needed}, or keep fewer slots free`,
      path: origin.at(-1) === 'reserve' ? origin : [...origin, 'reserve'],
    })
  }
}

function neededWithoutSessions({ reserve, slotsPerInstance }: ReserveRule): number {
  return reserve.kind === 'slots' ? Math.ceil(reserve.slots / slotsPerInstance) : 0
}

function lintLease({ name, sessions: { leaseMs } }: FleetSpec, report: Report): void {
  if (leaseMs === null || leaseMs >= SHORT_LEASE_MS) return
  report({
    code: CODES.shortLease,
    severity: 'warning',
    message: `a client that pauses for ${formatDuration(leaseMs)} loses its session`,
    hint: `a lease of ${formatDuration(SHORT_LEASE_MS)} or more outlasts a short pause`,
    path: ['fleets', name, 'sessions', 'lease'],
  })
}

/** The next question waits for the answer to the one before. */
function lintProbing({ name, health }: FleetSpec, report: Report): void {
  if (health === null || health.timeoutMs <= health.everyMs) return
  report({
    code: CODES.slowProbe,
    severity: 'warning',
    message: `an instance is asked every ${formatDuration(health.everyMs)}, and may take ${formatDuration(health.timeoutMs)} to answer: one that hangs is asked less often`,
    hint: 'let "timeout" be at most "every"',
    path: ['fleets', name, 'health', 'timeout'],
  })
}
