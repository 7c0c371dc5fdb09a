/**
 * What probing an instance found, and what is remembered of it from one tick to the next.
 *
 * Example: `failures: 3`, three consecutive failed probes: `suspect` closes web-3; a sixth one makes it `unhealthy`, and it is
 * replaced; two successes in a row make it `healthy` again.
 */
import type { Health } from './inventory.ts'
import type { EpochMs } from './time.ts'

/** One probe. `initializing`: it answers, and says that it is not there yet. `unknown`: the probe itself could not be made. */
export interface ProbeAnswer {
  readonly at: EpochMs
  readonly state: 'healthy' | 'unhealthy' | 'initializing' | 'unknown'
  /** What was seen, in words: `HTTP 503 from /healthz`. */
  readonly detail: string
}

export interface HealthMemory {
  readonly state: Health
  /** When it came into this state. */
  readonly since: EpochMs
  /** Probes in a row with that result. */
  readonly failures: number
  readonly successes: number
  /** The probe last counted. */
  readonly probedAt: EpochMs
  readonly detail: string
}

export interface HealthSpec {
  readonly probe: {
    readonly type: 'http' | 'tcp' | 'command'
    /** As written; the probe's own schema parses them. */
    readonly options: Readonly<Record<string, unknown>>
  }
  readonly everyMs: number
  readonly timeoutMs: number
  /** After it is ready, and after every restart: failures do not count yet. */
  readonly graceMs: number
  /** Consecutive failures: from so many it is suspect (closed, reversible), from so many unhealthy (replaced). */
  readonly suspectAfter: number
  readonly unhealthyAfter: number
  /** Consecutive successes that make it healthy again. */
  readonly healthyAfter: number
}

/** How what is unhealthy is mended. */
export interface RepairSpec {
  readonly how: 'replace' | 'restart'
  /** At most so many under repair at a time: the larger of the two. */
  readonly atOnce: number
  readonly atOnceRatio: number
  /** Beyond this share of unhealthy (or silent) instances a shared cause is likely: everything destructive is frozen. */
  readonly maxUnhealthyRatio: number
  /** A freeze whose cause does not go away turns into repair one at a time after so long. */
  readonly freezeMs: number
}

export const USUAL_REPAIR: RepairSpec = Object.freeze({
  how: 'replace',
  atOnce: 1,
  atOnceRatio: 0.05,
  maxUnhealthyRatio: 0.4,
  freezeMs: 1_800_000,
})

/** Everything destructive is held back, because so much fails at once that one cause is likely. */
export interface Freeze {
  readonly since: EpochMs
  readonly cause: 'unhealthy' | 'silent' | 'replacements-fail'
  readonly because: string
  /** It ends then at the latest; before, when the cause is gone or an operator lifts it. */
  readonly until: EpochMs
}
