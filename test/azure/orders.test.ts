/**
 * Orders and terminations in any order, with any faults between: in the end each order is one instance, neither more nor less, and only
 * who was chosen is gone.
 */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { LaunchResult, Target } from '../../src/ports/target.ts'
import { until } from '../builders/until.ts'
import { runs } from '../seed.ts'
import type { Fault } from './fake-azure.ts'
import { type AzureRig, azureRig } from './rig.ts'

const signal = AbortSignal.timeout(120_000)
const RAISE = { method: 'PATCH', path: /./ }
const READ = { method: 'GET', path: /./ }
const DELETE = { method: 'POST', path: /\/delete$/ }

const what = fc.constantFrom<Fault['what']>(
  'lost',
  'dropped',
  { status: 500 },
  { status: 502 },
  { status: 503, headers: { 'retry-after': '0' } },
  { status: 429, headers: { 'retry-after': '0' } },
  { status: 412 },
  { status: 409, code: 'OperationNotAllowed' },
)
const fault = fc.record({
  on: fc.constantFrom(RAISE, READ, DELETE),
  what,
  times: fc.integer({ min: 1, max: 2 }),
})

type Step =
  | { readonly do: 'launch'; readonly count: number }
  | { readonly do: 'terminate'; readonly which: number }
  | { readonly do: 'hide' | 'show' | 'shout' | 'restart' }

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('launch' as const), count: fc.integer({ min: 1, max: 3 }) }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('terminate' as const), which: fc.nat(5) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constantFrom('hide' as const, 'hide' as const, 'show' as const, 'shout' as const),
    }),
  },
)
const faults = fc.array(fault, { maxLength: 2 })
const course = fc.array(fc.record({ faults, step }), {
  minLength: 1,
  maxLength: 8,
})

it('one order is one instance, whatever happens to the calls', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom('Uniform' as const, 'Flexible' as const),
      course,
      async (mode, steps) => {
        const rig = await azureRig({ mode, appearMs: 10 })
        try {
          const fleet = new Fleet(rig)
          for (const { faults, step } of steps) {
            rig.arm.faults.push(...faults.map(({ on, ...rest }) => ({ ...on, ...rest })))
            await fleet.take(step)
          }
          await fleet.rest()
          const there = [...rig.arm.vms.values()].filter(vm => vm.provisioning !== 'Deleting')
          expect(there.map(vm => vm.name).sort()).toEqual([...fleet.standing].sort())
          expect([rig.arm.capacity, rig.arm.lowered]).toEqual([there.length, 0])
        } finally {
          await rig.stop()
        }
      },
    ),
    { numRuns: runs(60) },
  )
})

it('with a ledger that holds across restarts of ours, too', async () => {
  const restarts = fc.record({ do: fc.constant('restart' as const) })
  const steps = fc.oneof(
    { weight: 2, arbitrary: step.filter(one => one.do !== 'terminate') },
    { weight: 1, arbitrary: restarts },
  )
  await fc.assert(
    fc.asyncProperty(fc.array(fc.record({ faults, step: steps }), { maxLength: 8 }), async taken => {
      const rig = await azureRig({ ledger: true, appearMs: 10 })
      try {
        const fleet = new Fleet(rig)
        for (const { faults, step } of taken) {
          rig.arm.faults.push(...faults.map(({ on, ...rest }) => ({ ...on, ...rest })))
          await fleet.take(step)
        }
        await fleet.rest()
        expect([rig.arm.vms.size, rig.arm.capacity]).toEqual([fleet.launched, fleet.launched])
      } finally {
        await rig.stop()
      }
    }),
    { numRuns: runs(40) },
  )
})

/** What the orders came to, as whoever gave them was told. */
class Fleet {
  readonly standing = new Set<string>()
  /** Orders that were answered with an instance. */
  launched = 0
  readonly #rig: AzureRig
  #target: Target
  /** Told that nobody knows: asked for again. */
  #open: string[] = []
  #doomed: string[] = []
  #next = 0

  constructor(rig: AzureRig) {
    this.#rig = rig
    this.#target = rig.target
  }

  async take(step: Step): Promise<void> {
    const { arm } = this.#rig
    switch (step.do) {
      case 'hide':
        arm.hidesNew = true
        return
      case 'show':
        arm.showAll()
        return
      case 'shout':
        arm.shouts = !arm.shouts
        return
      case 'restart':
        this.#target = this.#rig.again()
        return
      case 'launch':
        return this.#launch(step.count)
      case 'terminate': {
        const chosen = [...this.standing][step.which]
        return this.#terminate(chosen === undefined ? [] : [chosen])
      }
    }
  }

  /** The outside is well again. */
  async rest(): Promise<void> {
    this.#rig.arm.faults.length = 0
    this.#rig.arm.showAll()
    await until('no order is open', async () => {
      await this.#launch(0)
      return this.#open.length === 0
    })
    await this.#terminate([])
    expect(this.#doomed).toEqual([])
  }

  async #launch(count: number): Promise<void> {
    const fresh = Array.from({ length: count }, () => `web/${this.#next++}/1`)
    const tokens = [...this.#open, ...fresh]
    const results = await this.#target.launch(
      tokens.map(token => ({ token, zone: null })),
      signal,
    )
    this.#open = results.filter(isOpen).map(({ token }) => token)
    for (const result of results) {
      if (!result.ok) continue
      this.launched += 1
      this.standing.add(result.instance)
    }
  }

  async #terminate(chosen: readonly string[]): Promise<void> {
    this.#doomed.push(...chosen)
    const asked = this.#doomed.map(id => ({ id, incarnation: null }))
    const results = await this.#target.terminate(asked, signal)
    this.#doomed = results.filter(({ ok }) => !ok).map(({ instance }) => instance)
    for (const { ok, instance } of results) if (ok) this.standing.delete(instance)
  }
}

function isOpen(result: LaunchResult): boolean {
  return !result.ok && result.kind === 'unavailable'
}
