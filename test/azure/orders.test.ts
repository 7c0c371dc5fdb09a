/**
 * Orders and terminations in any order, with any faults between: in the end each order is one instance, neither more nor less, and only
 * who was chosen is gone.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { LivesBook } from '../../src/plugins/targets/azure-vmss/lives.ts'
import type { LaunchResult, Target, Victim } from '../../src/ports/target.ts'
import { until } from '../builders/until.ts'
import { runs } from '../seed.ts'
import type { Fault } from './fake-azure.ts'
import { type AzureRig, azureRig } from './rig.ts'

const signal = AbortSignal.timeout(120_000)
const RAISE = { method: 'PATCH', path: /./ }
const READ = { method: 'GET', path: /./ }
const DELETE = { method: 'POST', path: /\/delete$/ }
const DEALLOCATE = { method: 'POST', path: /\/deallocate$/ }
const START = { method: 'POST', path: /\/start$/ }
const SCALE_OUT = { method: 'POST', path: /\/scaleOut$/ }

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
  on: fc.constantFrom(RAISE, READ, DELETE, DEALLOCATE, START, SCALE_OUT),
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

it('so it is where instances are deallocated and started again, by zone or not, across restarts of ours', async () => {
  const someOtherStep = fc.record({ do: fc.constant('restart' as const) })
  const steps = fc.oneof({ weight: 6, arbitrary: step }, { weight: 1, arbitrary: someOtherStep })
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom('Uniform' as const, 'Flexible' as const),
      fc.constantFrom<readonly string[]>([], ['1', '2', '3']),
      fc.integer({ min: 0, max: 3 }),
      fc.array(fc.record({ faults, step: steps }), { minLength: 1, maxLength: 10 }),
      async (mode, zones, keepDeallocated, taken) => {
        const livesIn = join(mkdtempSync(join(tmpdir(), 'plimsoll-orders-')), 'web.lives')
        const options = { mode, zones, scaleIn: 'deallocate' as const, keepDeallocated, appearMs: 10 }
        const rig = await azureRig(options, { lives: new LivesBook(livesIn) })
        try {
          const fleet = new Fleet(rig, zones)
          for (const { faults, step } of taken) {
            rig.arm.faults.push(...faults.map(({ on, ...rest }) => ({ ...on, ...rest })))
            // What was asked of Azure and not answered is known again only where there is a ledger, or a book of lives.
            if (step.do !== 'restart' || fleet.isSettled) await fleet.take(step)
          }
          await fleet.rest()
          const staying = [...rig.arm.vms.values()].filter(vm => vm.provisioning !== 'Deleting')
          const up = staying.filter(({ power }) => power !== 'deallocated' && power !== 'deallocating')
          expect(up.map(vm => vm.name).sort()).toEqual([...fleet.standing].sort())
          expect([rig.arm.capacity, rig.arm.lowered]).toEqual([staying.length, 0])
          const all = await rig.again().listInstances(signal)
          const listed = all.filter(({ lifecycle }) => lifecycle !== 'terminating')
          expect(listed.map(({ id }) => id).sort()).toEqual([...fleet.standing].sort())
        } finally {
          await rig.stop()
          rmSync(dirname(livesIn), { recursive: true })
        }
      },
    ),
    { numRuns: runs(30) },
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
  #doomed: Victim[] = []
  #next = 0

  readonly #zones: readonly string[]

  constructor(rig: AzureRig, zones: readonly string[] = []) {
    this.#rig = rig
    this.#zones = zones
    this.#target = rig.target
  }

  /** Nothing is open that only this run knows of. */
  get isSettled(): boolean {
    return this.#open.length === 0
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
        const id = [...this.standing][step.which]
        if (id === undefined) return this.#terminate([])
        const listed = await this.#target.listInstances(signal).catch(() => [])
        const incarnation = listed.find(one => one.id === id)?.incarnation ?? null
        // As a fleet that could not be listed is left alone.
        return this.#terminate(incarnation === null ? [] : [{ id, incarnation }])
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
      tokens.map(token => ({ token, zone: this.#zoneOf(token) })),
      signal,
    )
    this.#open = results.filter(isOpen).map(({ token }) => token)
    for (const result of results) {
      if (!result.ok) continue
      this.launched += 1
      this.standing.add(result.instance)
    }
  }

  /** The same each time it is asked for. */
  #zoneOf(token: string): string | null {
    return this.#zones[Number(token.split('/')[1]) % this.#zones.length] ?? null
  }

  async #terminate(chosen: readonly Victim[]): Promise<void> {
    for (const { id } of chosen) this.standing.delete(id)
    this.#doomed.push(...chosen)
    const results = await this.#target.terminate(this.#doomed, signal)
    this.#doomed = this.#doomed.filter(({ id }) => results.some(({ ok, instance }) => !ok && instance === id))
  }
}

function isOpen(result: LaunchResult): boolean {
  return !result.ok && result.kind === 'unavailable'
}
