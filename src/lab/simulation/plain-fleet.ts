/**
 * The plainest fleet there is, to say of a simulated one only what matters of it: one constraint, no rules, no metrics, and no
 * waiting of any kind.
 *
 * Example: `{ ...PLAIN_FLEET, name: 'rooms', constraints: [capacityOf(1, 8)], rules: [reserveOf({ kind: 'slots', slots: 2 }, 5)] }`
 * has 1..8 instances of 5 slots, of which 2 are kept free.
 */
import { USUAL_REPAIR } from '../../model/health.ts'
import {
  type ConstraintRule,
  type FleetSpec,
  type Guards,
  type ReserveRule,
  USUAL_SESSIONS,
} from '../../model/spec.ts'

export const NO_WAITING: Guards = Object.freeze<Guards>({
  scaleIn: 'all',
  flapping: true,
  cooldownOutMs: 0,
  cooldownInMs: 0,
  cooldownFrom: 'own',
  stabilizationOutMs: 0,
  stabilizationInMs: 0,
  rateOut: { limits: [], select: 'max' },
  rateIn: { limits: [], select: 'max' },
  billingHour: null,
  growDuringWarmup: true,
  withoutConstraint: 'free',
})

export function capacityOf(min: number, max: number): ConstraintRule {
  return { name: 'capacity', rank: 0, enabled: true, min, max, default: null, schedule: null }
}

export function reserveOf(reserve: ReserveRule['reserve'], slotsPerInstance: number): ReserveRule {
  return {
    kind: 'reserve',
    name: 'reserve',
    rank: 0,
    enabled: true,
    forMs: 0,
    during: null,
    cooldownMs: null,
    effects: { set: {}, notify: [], run: [] },
    reserve,
    slotsPerInstance,
  }
}

export const PLAIN_FLEET: FleetSpec = Object.freeze<FleetSpec>({
  name: 'web',
  target: { type: 'none', options: {} },
  routers: [],
  sessions: USUAL_SESSIONS,
  health: null,
  repair: USUAL_REPAIR,
  constraints: [capacityOf(1, 10)],
  kpis: [],
  rules: [],
  metrics: {},
  operands: [],
  count: null,
  guards: NO_WAITING,
  outageGuard: null,
  quota: null,
  settings: {},
  settingsWebhook: null,
  mode: 'scale',
  approvalExpiresMs: 1_800_000,
  everyMs: 15_000,
  quorumRatio: 0.5,
  warmupMs: 0,
  bootTimeoutMs: 300_000,
  launchBatch: 10,
})
