/**
 * A minute of torture in the test run; the nightly run has 200 kills. What it found broken is in its own words in the message.
 */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'

const TORTURE = fileURLToPath(new URL('./torture.ts', import.meta.url))
const DEADLINE_MS = 600_000

const Verdict = z.looseObject({
  placements: z.number(),
  kills: z.number(),
  violations: z.number(),
  acknowledgedLost: z.number(),
  sessionsCut: z.number(),
  orphans: z.number(),
})

interface Ran {
  readonly code: number
  readonly out: string
  readonly said: string
}

function torture(...args: readonly string[]): Promise<Ran> {
  return new Promise(resolve => {
    execFile(
      process.execPath,
      [TORTURE, ...args],
      { timeout: DEADLINE_MS, maxBuffer: 64 * 1024 * 1024 },
      (error, out, said) => resolve({ code: Number(error?.code ?? 0), out, said }),
    )
  })
}

describe.skipIf(process.platform !== 'linux')('the torture (which finds processes in /proc)', () => {
  it.each([
    ['processes', '1'],
    ['scale-set', '0.7'],
  ])(
    'of %s loses nothing that was acknowledged, cuts nobody and leaves nothing, whoever is ended by force',
    async (cloud, minutes) => {
      const { code, out, said } = await torture(
        '--cloud',
        cloud,
        '--minutes',
        minutes,
        '--seed',
        '1',
        '--json',
      )
      expect(out, said).toMatch(/"kills":\d+,"acknowledgedLost":\d+,"sessionsCut":\d+,"orphans":\d+}\n$/)
      const verdict = Verdict.parse(JSON.parse(out))
      expect(verdict, said).toMatchObject({
        violations: 0,
        acknowledgedLost: 0,
        sessionsCut: 0,
        orphans: 0,
      })
      expect(code).toBe(0)
      // It was torture, and there was somebody to lose.
      expect(verdict.kills).toBeGreaterThan(0)
      expect(verdict.placements).toBeGreaterThan(0)
    },
    DEADLINE_MS,
  )

  it('takes no option it does not understand', async () => {
    expect(await torture('--minutes', 'many')).toMatchObject({ code: 2, out: '' })
    expect(await torture('--kills', '0')).toMatchObject({ code: 2, out: '' })
    expect(await torture('--cloud', 'nine')).toMatchObject({ code: 2, out: '' })
    expect(await torture('--loudly')).toMatchObject({ code: 2, out: '' })
  })
})
