/** The benchmark of autoscalers from end to end: real files in a real folder, real workers. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { run } from '../bench/quality.ts'

interface Row {
  readonly trace: string
  readonly policy: string
  readonly lostPercent: number
  readonly costRatio: number
  readonly half: 'all' | 'second'
}

interface Cost {
  readonly trace: string
  readonly lossPercent: number
  readonly policy: string
  readonly costRatio: number | null
  readonly ratioToHpa: number | null
}

interface Result {
  readonly rows: readonly Row[]
  readonly summary: readonly Cost[]
  readonly summarySecondHalf: readonly Cost[]
}

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'quality-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

function write(name: string, header: string, rows: readonly string[]): void {
  writeFileSync(join(folder, name), `${[header, ...rows].join('\n')}\n`)
}

/** Two days by the minute: a wave. */
function load(): string[] {
  return Array.from({ length: 2880 }, (_, minute) => {
    const at = new Date(minute * 60_000).toISOString()
    return `${at},${Math.round(1000 + 900 * Math.sin(minute / 229))}`
  })
}

async function benched(...args: readonly string[]): Promise<Result> {
  const { result } = await run(['--traces', folder, ...args])
  if (!isResult(result)) throw new Error('the benchmark answers with something else')
  return result
}

function isResult(result: object): result is Result {
  return 'rows' in result && 'summary' in result && 'summarySecondHalf' in result
}

describe('the quality benchmark', () => {
  it('sweeps the named contenders over every load file, and leaves sessions, scores and what is not demand', async () => {
    write('wave.csv', 'timestamp,value', load())
    write('sessions.csv', 'start,end', ['2019-01-01T00:00:00Z,2019-01-01T01:00:00Z'])
    write('scores.csv', 'trace,policy,lost', ['wave,hpa,1'])
    write('nab_asg_cpu.csv', 'timestamp,value', load())
    write('nab_rds_any.csv', 'timestamp,value', load())
    const { rows, summary, summarySecondHalf } = await benched('--policies', 'hpa,oracle')
    expect(new Set(rows.map(({ trace }) => trace))).toEqual(new Set(['wave']))
    expect(new Set(rows.map(({ policy }) => policy))).toEqual(new Set(['hpa', 'oracle']))
    expect(new Set(rows.map(({ half }) => half))).toEqual(new Set(['all', 'second']))
    expect(summary.map(({ lossPercent, policy }) => `${policy} ${lossPercent}`)).toEqual(
      [0.1, 0.5, 1, 2].flatMap(loss => [`hpa ${loss}`, `oracle ${loss}`]),
    )
    expect(summarySecondHalf).toHaveLength(summary.length)
    for (const { policy, ratioToHpa, costRatio } of summary) {
      if (policy === 'hpa') expect(ratioToHpa).toBe(1)
      expect(costRatio).toBeGreaterThanOrEqual(0.97)
    }
  })

  it('says what it is missing', async () => {
    await expect(run([])).rejects.toThrow('--traces DIR')
    await expect(benched()).rejects.toThrow('No load file')
    write('wave.csv', 'timestamp,value', load())
    await expect(benched('--policies', 'hpb')).rejects.toThrow('There is no "hpb" to sweep')
  })

  it.each([
    { row: '1970-01-01T00:02:00.000Z,-1', says: /odd\.csv:4: .* is no time and a load of 0 or more/ },
    { row: '1970-01-01T00:02:00.000Z,', says: /odd\.csv:4/ },
    { row: 'yesterday,1', says: /odd\.csv:4/ },
    { row: '1970-01-01T00:02:30.000Z,1', says: /odd\.csv:4: .* is not on the grid/ },
  ])('names the file and the line of "$row"', async ({ row, says }) => {
    write('odd.csv', 'timestamp,value', [...load().slice(0, 2), row])
    await expect(benched('--policies', 'static')).rejects.toThrow(says)
  })
})
