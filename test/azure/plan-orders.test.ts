/**
 * Resizes of a plan in any order, with any faults and somebody else who scales it between: what was answered is so, what somebody else did
 * since the plan was listed is never undone, and a token is done once.
 */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { PluginError } from '../../src/ports/plugin.ts'
import type { Target } from '../../src/ports/target.ts'
import { runs } from '../seed.ts'
import type { Fault } from './fake-azure.ts'
import { type PlanRig, planRig } from './plan-rig.ts'

const signal = AbortSignal.timeout(120_000)
const PUT = { method: 'PUT', path: /serverfarms\/shop$/i }
const GET = { method: 'GET', path: /serverfarms\/shop$/i }
const POLL = { method: 'GET', path: /\/operations\// }
const SOON = { 'retry-after': '0' }

const broken: readonly Fault['what'][] = [
  'lost',
  'dropped',
  { status: 500 },
  { status: 503, headers: SOON },
  { status: 429, headers: SOON },
]
const declined: readonly Fault['what'][] = [
  { status: 409, code: 'Conflict' },
  { status: 409, code: 'OperationNotAllowed' },
]
const times = fc.integer({ min: 1, max: 4 })
const fault = fc.oneof(
  fc.record({ on: fc.constant(PUT), what: fc.constantFrom(...broken, ...declined), times }),
  fc.record({ on: fc.constantFrom(GET, POLL), what: fc.constantFrom(...broken), times }),
)

type Step =
  | { readonly do: 'resize' | 'scale'; readonly count: number }
  | { readonly do: 'repeat' | 'list' | 'restart' | 'hurry' | 'dawdle' | 'shout' }

const count = fc.integer({ min: 1, max: 10 })
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('resize' as const), count }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('scale' as const), count }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constantFrom('repeat' as const, 'list', 'list', 'restart', 'hurry', 'dawdle', 'shout'),
    }),
  },
)
const course = fc.array(fc.record({ faults: fc.array(fault, { maxLength: 2 }), step }), {
  minLength: 1,
  maxLength: 10,
})

it('has what was answered, and what somebody else wants', async () => {
  await fc.assert(
    fc.asyncProperty(fc.boolean(), course, async (ledger, steps) => {
      const rig = await planRig({ ledger })
      try {
        const fleet = new Fleet(rig)
        await fleet.take({ do: 'list' })
        for (const { faults, step } of steps) {
          rig.plans.faults.push(...faults.map(({ on, ...rest }) => ({ ...on, ...rest })))
          await fleet.take(step)
        }
        await fleet.rest()
        const { tags } = rig.plans.plan
        expect(Object.keys(tags ?? {}).filter(name => name !== 'plimsoll-resizes')).toEqual(['team'])
      } finally {
        await rig.stop()
      }
    }),
    { numRuns: runs(60) },
  )
})

/** The plan by what is told of it. */
class Fleet {
  readonly #rig: PlanRig
  #target: Target
  /** Of this run; null before it has listed. */
  #seen: number | null = null
  #last: { readonly count: number; readonly token: string } | null = null
  #next = 0

  constructor(rig: PlanRig) {
    this.#rig = rig
    this.#target = rig.target
  }

  async take(step: Step): Promise<void> {
    const { plans } = this.#rig
    switch (step.do) {
      case 'scale':
        plans.capacity = step.count
        return
      case 'hurry':
      case 'dawdle':
        plans.isSlow = step.do === 'dawdle'
        return
      case 'shout':
        plans.shouts = !plans.shouts
        return
      case 'restart':
        this.#target = this.#rig.again()
        this.#seen = null
        return
      case 'list':
        return this.#list()
      case 'resize':
        // As the loop does: what is asked for is worked out from a listing of this run.
        if (this.#seen === null) await this.#list()
        if (this.#seen !== null) await this.#resize(step.count, `shop/${this.#next++}/1`)
        return
      case 'repeat':
        if (this.#last !== null) await this.#resize(this.#last.count, this.#last.token)
    }
  }

  /** The outside is well again. */
  async rest(): Promise<void> {
    this.#rig.plans.faults.length = 0
    await this.#list()
    await this.#resize(7, `shop/${this.#next++}/1`)
    expect(this.#rig.plans.capacity).toBe(7)
  }

  async #list(): Promise<void> {
    const { plans } = this.#rig
    try {
      const listed = await this.#target.listInstances(signal)
      expect(listed).toHaveLength(plans.capacity)
      this.#seen = plans.capacity
    } catch (error) {
      if (!(error instanceof PluginError)) throw error
    }
  }

  async #resize(count: number, token: string): Promise<void> {
    const { plans } = this.#rig
    const before = plans.capacity
    const isStale = this.#seen !== null && this.#seen !== before && before !== count
    const isNew = this.#last?.token !== token
    const told = await this.#told(count, token)
    // What is under way where the answer got lost comes to its end.
    plans.finish()
    this.#last = { count, token }
    if (isStale && isNew) expect([plans.capacity, told === 'done']).toEqual([before, false])
    if (told === 'done' && isNew) {
      expect(plans.capacity).toBe(count)
      this.#seen = count
    }
    if (told !== 'done' && told !== 'unavailable') expect(plans.capacity).toBe(before)
    // How things are is known to none but the next listing.
    if (told !== 'done' || !isNew) this.#seen = null
    expect([before, count]).toContain(plans.capacity)
  }

  async #told(count: number, token: string): Promise<string> {
    try {
      await this.#target.resize?.(count, token, signal)
      return 'done'
    } catch (error) {
      if (error instanceof PluginError) return error.kind
      throw error
    }
  }
}
