/**
 * The fault simulator as part of the tests: 300 seeds without a violation, every planted fault found, and one seed always the
 * same story.
 */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import type { PlantedName } from '../../src/lab/simulation/planted-faults.ts'
import type { Violation } from '../../src/lab/simulation/simulation.ts'
import { runOnce, type Story } from './run-seed.ts'

const SIMULATE = fileURLToPath(new URL('./simulate.ts', import.meta.url))
const SEEDS = 300
/** Each call goes through a client and a resource manager, so they are fewer. */
const ON_AZURE = 40

/** Seeds that found a mistake of the product, and what it was. */
const ONCE_FAILED: readonly (readonly [number, string])[] = [
  [464, 'a clock a minute ahead of the cloud gave up whatever was launched, as not ready in time'],
  [6077, 'a daemon that had stood still placed a session on an instance another had ended meanwhile'],
  [2166, 'two daemons whose clocks are far apart gave up one that was only listed late'],
]

interface Ran {
  readonly code: number
  readonly out: string
  readonly err: string
}

function storyOf(seed: number, planted: Story['planted'] = null): Story {
  return { seed, planted, cloud: 'plain' }
}

async function simulate(...args: readonly string[]): Promise<Ran> {
  try {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [SIMULATE, ...args])
    return { code: 0, out: stdout, err: stderr }
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string }
    return { code, out: stdout, err: stderr }
  }
}

describe('a simulated fleet under faults', () => {
  it(`breaks no invariant in ${SEEDS} seeds, and comes to rest once the faults end`, {
    timeout: 600_000,
  }, async () => {
    const { code, out, err } = await simulate('--seeds', String(SEEDS), '--json')
    expect(err).toBe('')
    const sum = JSON.parse(out.trim().split('\n').at(-1) ?? '')
    expect(sum).toMatchObject({ seeds: SEEDS, violations: 0 })
    expect(code).toBe(0)
    // A crowd that never came, or faults that never struck, would prove nothing.
    expect(sum.sessions).toBeGreaterThan(10_000)
    expect(sum.terminated).toBeGreaterThan(1_000)
    expect(Object.keys(sum.faults).length).toBeGreaterThan(25)
  })

  it(`breaks none in ${ON_AZURE} seeds with a scale set behind it, through Microsoft's own client`, {
    timeout: 600_000,
  }, async () => {
    const { code, out, err } = await simulate('--cloud', 'scale-set', '--seeds', String(ON_AZURE), '--json')
    expect(err).toBe('')
    const sum = JSON.parse(out.trim().split('\n').at(-1) ?? '')
    expect(sum).toMatchObject({ seeds: ON_AZURE, violations: 0 })
    expect(code).toBe(0)
    expect(sum.sessions).toBeGreaterThan(1_000)
    expect(sum.terminated).toBeGreaterThan(100)
    expect(Object.keys(sum.faults).length).toBeGreaterThan(20)
  })

  it.each(ONCE_FAILED)('breaks none in seed %i: %s', async seed => {
    expect((await runOnce(storyOf(seed))).violations).toEqual([])
  })

  it('has the same story for the same seed, and another for another', async () => {
    const [first, again, other] = [
      await runOnce(storyOf(7)),
      await runOnce(storyOf(7)),
      await runOnce(storyOf(8)),
    ]
    expect(again.log).toEqual(first.log)
    expect(other.log).not.toEqual(first.log)
  })

  it('says which option is wrong', async () => {
    expect(await simulate('--seeds', 'many')).toMatchObject({ code: 2, err: expect.stringContaining('many') })
    expect(await simulate('--planted', 'nothing')).toMatchObject({
      code: 2,
      err: expect.stringContaining('unknown-as-zero'),
    })
    expect(await simulate('--cloud', 'nine')).toMatchObject({
      code: 2,
      err: expect.stringContaining('plain, scale-set'),
    })
  })
})

/** Within how many seeds each must be found, and what it must have broken. */
const FOUND_WITHIN: readonly (readonly [PlantedName, number, readonly string[]])[] = [
  ['epoch-check-removed', 300, ['16', '2', 'acknowledged']],
  ['load-read-before-close', 60, ['2']],
  ['unknown-as-zero', 120, ['2']],
  ['latch-never-released', 200, ['17']],
  ['recycled-id-trusted', 300, ['2', '16', '17', 'acknowledged', '15']],
  ['drain-mark-lost', 150, ['2', '16', 'acknowledged']],
]

describe('a planted fault is found', () => {
  it.each(FOUND_WITHIN)('%s: within %i seeds', { timeout: 600_000 }, async (planted, seeds, invariants) => {
    const found = await firstViolation(planted, seeds)
    expect(invariants).toContain(found?.invariant)
  })

  it('with a scale set behind it, too', { timeout: 600_000 }, async () => {
    const found = await firstViolation('unknown-as-zero', 120, 'scale-set')
    expect(found?.invariant).toBe('2')
  })

  it('and a failing seed prints its faults and the command that shows it again', {
    timeout: 600_000,
  }, async () => {
    const { code, err } = await simulate('--seeds', '40', '--planted', 'unknown-as-zero')
    expect(code).toBe(1)
    expect(err).toMatch(/seed \d+: \d+ violations/)
    expect(err).toMatch(/faults: .*router-silent \d+/)
    expect(err).toMatch(/again: npm run simulate -- --seed \d+ --show --planted unknown-as-zero/)
  })
})

async function firstViolation(
  planted: PlantedName,
  seeds: number,
  cloud: Story['cloud'] = 'plain',
): Promise<Violation | null> {
  for (let seed = 1; seed <= seeds; seed++) {
    const [violation] = (await runOnce({ ...storyOf(seed, planted), cloud })).violations
    if (violation !== undefined) return violation
  }
  return null
}
