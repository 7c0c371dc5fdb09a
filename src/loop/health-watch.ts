/**
 * Asks every ready instance whether it is well, again and again, beside the ticks: a tick takes what has been answered by
 * then and waits for nobody. Bounded: so many questions at a time, each with a deadline, spread over the period by chance,
 * so that a thousand instances are not asked in one instant.
 *
 * Example: `every: 5s, timeout: 2s`: rooms-3 is asked at 1.3 s, answers nothing, counts as `unhealthy` ("no answer within
 * 2s") at 3.3 s and is asked again at 6.3 s. After the third such answer the fleet's tick is woken.
 */
import type { HealthSpec, ProbeAnswer } from '../model/health.ts'
import type { Clock, Random } from '../ports/clock.ts'
import {
  type HealthProbe,
  type HealthWatch,
  MOST_ANSWERS,
  type ProbedInstance,
  type ProbeReading,
} from '../ports/health-probe.ts'

export interface HealthWatchOptions {
  readonly spec: HealthSpec
  readonly probe: HealthProbe
  readonly clock: Clock
  readonly random: Random
  readonly mostAtOnce?: number
}

const MOST_AT_ONCE = 100
/** Each period is up to so much longer or shorter, so that questions once together drift apart. */
const JITTER = 0.1

export function createHealthWatch(options: HealthWatchOptions): HealthWatch {
  return new Watch(options)
}

/** One instance, for as long as it is ready under this identity. */
interface Asked {
  readonly instance: ProbedInstance
  readonly answers: ProbeAnswer[]
  cancel: () => void
  question: AbortController | null
}

class Watch implements HealthWatch {
  readonly #options: HealthWatchOptions
  readonly #asked = new Map<string, Asked>()
  /** Those whose time has come, in its order. */
  readonly #due: Asked[] = []
  readonly #wakes = new Set<() => void>()
  readonly #running = new Set<Promise<void>>()

  constructor(options: HealthWatchOptions) {
    this.#options = options
  }

  watch(instances: readonly ProbedInstance[]): void {
    const present = new Map(instances.map(instance => [instance.id, instance]))
    for (const [id, asked] of this.#asked) {
      const now = present.get(id)
      if (now === undefined || !isSame(now, asked.instance)) this.#forget(id, asked)
    }
    for (const { id, incarnation, address } of instances) {
      if (this.#asked.has(id)) continue
      const asked: Asked = {
        instance: { id, incarnation, address },
        answers: [],
        cancel: () => undefined,
        question: null,
      }
      this.#asked.set(id, asked)
      this.#later(asked, Math.round(this.#options.random.next() * this.#options.spec.everyMs))
    }
  }

  readings(): ReadonlyMap<string, ProbeReading> {
    const readings = new Map<string, ProbeReading>()
    for (const [id, { instance, answers }] of this.#asked) {
      if (answers.length > 0) readings.set(id, { incarnation: instance.incarnation, answers: [...answers] })
    }
    return readings
  }

  subscribe(wake: () => void): () => void {
    this.#wakes.add(wake)
    return () => this.#wakes.delete(wake)
  }

  async close(): Promise<void> {
    for (const [id, asked] of this.#asked) this.#forget(id, asked)
    await Promise.all(this.#running)
    await this.#options.probe.close()
  }

  #forget(id: string, asked: Asked): void {
    this.#asked.delete(id)
    asked.cancel()
    asked.question?.abort(new Error('it is no longer asked'))
    const place = this.#due.indexOf(asked)
    if (place >= 0) this.#due.splice(place, 1)
  }

  #later(asked: Asked, ms: number): void {
    asked.cancel = this.#options.clock.after(ms, () => {
      this.#due.push(asked)
      this.#askNext()
    })
  }

  #askNext(): void {
    const most = this.#options.mostAtOnce ?? MOST_AT_ONCE
    while (this.#running.size < most) {
      const asked = this.#due.shift()
      if (asked === undefined) return
      const running = this.#ask(asked).finally(() => {
        this.#running.delete(running)
        this.#askNext()
      })
      this.#running.add(running)
    }
  }

  async #ask(asked: Asked): Promise<void> {
    const { probe, spec, clock, random } = this.#options
    const question = new AbortController()
    asked.question = question
    const at = clock.now()
    const cancelDeadline = clock.after(spec.timeoutMs, () => {
      question.abort(new Error(`no answer within ${spec.timeoutMs / 1000} s`))
    })
    const verdict = await probe
      .probe(asked.instance, question.signal)
      // A probe does not throw; one that does tells of itself, not of the instance.
      .catch((error: unknown) => ({
        state: 'unknown' as const,
        detail: `the probe failed: ${String(error)}`,
      }))
    cancelDeadline()
    if (this.#asked.get(asked.instance.id) !== asked) return
    this.#took(asked, { at: clock.now(), ...verdict })
    const jitter = 1 + JITTER * (2 * random.next() - 1)
    this.#later(asked, Math.max(0, Math.round(spec.everyMs * jitter) - (clock.now() - at)))
  }

  #took({ answers }: Asked, answer: ProbeAnswer): void {
    answers.push(answer)
    if (answers.length > this.#mostAnswers()) answers.shift()
    if (!isTurn(answers, this.#options.spec)) return
    for (const wake of this.#wakes) wake()
  }

  /** At least as many as tell that it is unhealthy. */
  #mostAnswers(): number {
    const { unhealthyAfter, healthyAfter } = this.#options.spec
    return Math.max(MOST_ANSWERS, unhealthyAfter + 1, healthyAfter + 1)
  }
}

function isSame(a: ProbedInstance, b: ProbedInstance): boolean {
  return a.incarnation === b.incarnation && a.address === b.address
}

/** The newest answer may change what is thought of the instance, so that no tick should be waited for. */
function isTurn(answers: readonly ProbeAnswer[], spec: HealthSpec): boolean {
  const known = answers.filter(({ state }) => state !== 'unknown')
  const newest = known.at(-1)
  if (newest === undefined || newest !== answers.at(-1)) return false
  const isWell = newest.state === 'healthy'
  const before = known.findLastIndex(({ state }) => (state === 'healthy') !== isWell)
  const inARow = known.length - 1 - before
  if (!isWell) return inARow === spec.suspectAfter || inARow === spec.unhealthyAfter
  return before >= 0 && (inARow === 1 || inARow === spec.healthyAfter)
}
