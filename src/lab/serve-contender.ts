/**
 * A fleet with one `serve` rule, as an operator would write it, beside the other contenders: the production `decide` over the
 * production learner. Its knob is the stated share of demand that is to find capacity.
 *
 * Example: `createOurs(0.995, { perInstance: 100, stepMs: 60_000, bootMs: 180_000, startAt })` answers 47 where 41 are needed now and 6
 * more may be before a new instance is ready.
 */
import { decide } from '../engine/decide.ts'
import { createHeadroom, type Headroom } from '../forecast/headroom.ts'
import { USUAL_REPAIR } from '../model/health.ts'
import { EMPTY_MEMORY, type Memory } from '../model/memory.ts'
import { NO_SESSIONS, type Observation } from '../model/observation.ts'
import { NO_OVERRIDES } from '../model/override.ts'
import { type FleetSpec, type ServeRule, USUAL_SESSIONS } from '../model/spec.ts'
import type { EpochMs } from '../model/time.ts'
import type { Contender, Seen } from './contender.ts'
import { bootBinsOf } from './standard-setting.ts'

export interface OursOptions {
  /** What one ready instance can serve. */
  readonly perInstance: number
  /** How far apart decisions are, and bins. */
  readonly stepMs: number
  readonly bootMs: number
  readonly startAt: EpochMs
}

/** @param slo share of the demand that is to find ready capacity, e.g. 0.995 */
export function createOurs(slo: number, options: OursOptions): Contender {
  return new ServeContender(slo, options)
}

class ServeContender implements Contender {
  readonly name: string
  readonly #startAt: EpochMs
  readonly #leadMs: number
  readonly #fleet: FleetSpec
  readonly #rule: ServeRule
  readonly #headroom: Headroom
  #memory: Memory = EMPTY_MEMORY

  constructor(slo: number, { perInstance, stepMs, bootMs, startAt }: OursOptions) {
    this.name = 'ours'
    this.#startAt = startAt
    // In the standard setting what is ordered after a bin serves from the boot time's last bin on.
    this.#leadMs = bootBinsOf({ bootMs, stepMs }) * stepMs
    this.#rule = serveRule(slo, perInstance, bootMs)
    this.#fleet = fleetOf(this.#rule, stepMs)
    this.#headroom = createHeadroom({ ...this.#rule, stepMs, leadMs: this.#leadMs })
  }

  next(seen: Seen): number {
    const at = this.#startAt + seen.atMs
    this.#headroom.learn(at, seen.load)
    const { decision, memory } = decide(this.#fleet, this.#observe(seen, at), this.#memory)
    this.#memory = memory
    return decision.desired ?? seen.ready + seen.booting
  }

  #observe({ load, ready, booting }: Seen, at: EpochMs): Observation {
    const { sloRatio } = this.#rule
    return {
      at,
      fleet: this.#fleet.name,
      capacity: { open: ready, pending: booting, draining: 0, replacing: 0 },
      capacityGap: null,
      external: null,
      sessions: NO_SESSIONS,
      readings: {},
      windows: {},
      targetHighest: null,
      overrides: NO_OVERRIDES,
      fleets: {},
      outlooks: Number.isNaN(load)
        ? UNKNOWN
        : {
            Serve: {
              kind: 'serve',
              demand: load,
              capacity: this.#headroom.want(load),
              leadMs: this.#leadMs,
              boot: 'stated',
              sloRatio,
              servedRatio: null,
              learntMs: this.#headroom.learntMs,
            },
          },
    }
  }
}

const UNKNOWN: NonNullable<Observation['outlooks']> = { Serve: { kind: 'none', waitsFor: 'the demand' } }

function serveRule(sloRatio: number, perInstance: number, bootMs: number): ServeRule {
  return {
    name: 'Serve',
    kind: 'serve',
    rank: 0,
    enabled: true,
    forMs: 0,
    during: null,
    cooldownMs: 0,
    effects: { set: {}, notify: [], run: [] },
    // The load of each bin is what the rule reads.
    operand: { node: 'number', value: 0, text: 'load' },
    operandText: 'load',
    spread: 'total',
    perInstance,
    sloRatio,
    bootMs,
  }
}

/** With the guards that a file with only a `serve` rule has: it keeps what it has by itself for as long as it learnt to. */
function fleetOf(rule: ServeRule, everyMs: number): FleetSpec {
  const always = { rank: 0, enabled: true, min: 1, max: Number.MAX_SAFE_INTEGER, default: 1, schedule: null }
  return {
    name: 'ours',
    target: { type: 'none', options: {} },
    routers: [],
    sessions: USUAL_SESSIONS,
    health: null,
    repair: USUAL_REPAIR,
    constraints: [{ name: 'capacity', ...always }],
    kpis: [],
    rules: [rule],
    metrics: {},
    operands: [],
    count: null,
    guards: {
      scaleIn: 'all',
      flapping: true,
      cooldownOutMs: 180_000,
      cooldownInMs: 600_000,
      cooldownFrom: 'own',
      stabilizationOutMs: 0,
      stabilizationInMs: 0,
      rateOut: { limits: [], select: 'max' },
      rateIn: { limits: [], select: 'max' },
      billingHour: null,
      growDuringWarmup: true,
      withoutConstraint: 'free',
    },
    outageGuard: null,
    quota: null,
    settings: {},
    settingsWebhook: null,
    mode: 'scale',
    approvalExpiresMs: 1_800_000,
    everyMs,
    quorumRatio: 0.5,
    warmupMs: 0,
    bootTimeoutMs: 600_000,
    launchBatch: Number.MAX_SAFE_INTEGER,
  }
}
