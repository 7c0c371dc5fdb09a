/** Files that could be read as something they do not say: what is told of each. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { LoadTrace } from '../trace.ts'
import { readTrace, type TraceOptions } from './read-trace.ts'

const NOON = Date.UTC(2026, 10, 21, 12)
const MINUTE = 60_000

let folder: string
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'plimsoll-misread-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

async function read(content: string | Uint8Array, options: TraceOptions = {}): Promise<LoadTrace> {
  const file = path.join(folder, 'web.csv')
  writeFileSync(file, content)
  const trace = await readTrace(file, options)
  if (trace.kind !== 'load') throw new Error(`${trace.kind} were read`)
  return trace
}

function rows(count: number, row: (index: number) => string): string {
  return Array.from({ length: count }, (_, index) => row(index)).join('\n')
}

const iso = (index: number, stepMs = MINUTE): string => new Date(NOON + index * stepMs).toISOString()
const details = ({ repairs }: LoadTrace): string[] => repairs.map(({ what, detail }) => `${what}: ${detail}`)

describe('a row with more fields than there are columns', () => {
  it('is left out and told: 1,234 without quotes is not 1', async () => {
    const trace = await read(
      `time,requests\n${rows(30, index => `${iso(index)},${index === 7 ? '1,234' : '900'}`)}\n`,
    )
    expect(trace.columns.requests?.[7]).toBeNaN()
    expect(details(trace)).toContain(
      'cut: 1 row cannot be read, first line 9, which has 3 of 2 fields; left out',
    )
  })

  it('is read where what is more is empty, as spreadsheets write it', async () => {
    const trace = await read(`time,requests\n${rows(30, index => `${iso(index)},${index},, `)}\n`)
    expect(trace.columns.requests?.[7]).toBe(7)
    expect(trace.repairs).toEqual([])
  })
})

describe('values that are no numbers', () => {
  it('are shown where there is nothing else', async () => {
    const reading = read(`time,requests\n${rows(5, index => `${iso(index)},"1,23${index}"`)}\n`)
    await expect(reading).rejects.toMatchObject({
      code: 'PLM-707',
      message: expect.stringContaining('Column "requests" holds "1,230".'),
    })
  })
})

describe('a header', () => {
  it('whose quote is never closed is refused for that', async () => {
    const reading = read(`"time","requests\n${rows(5, index => `${iso(index)},1`)}\n`)
    await expect(reading).rejects.toMatchObject({
      code: 'PLM-706',
      message: expect.stringContaining('a quote is opened in this row and never closed'),
    })
  })

  it('that says one name twice gives both a name of their own, and says so', async () => {
    const trace = await read(
      `time,requests,requests\n${rows(5, index => `${iso(index)},${index},${2 * index}`)}\n`,
    )
    expect(trace.columns.requests?.[4]).toBe(4)
    expect(trace.columns.requests_2?.[4]).toBe(8)
    expect(details(trace)).toContain(
      'assumed: 1 column has the name of another ("requests"); called "requests_2"',
    )
  })

  it('in Latin-1 is read as that, and it says so', async () => {
    const trace = await read(
      Buffer.from(`time,f\u00e4cher\n${rows(5, index => `${iso(index)},${index}`)}\n`, 'latin1'),
    )
    expect(Object.keys(trace.columns)).toEqual(['f\u00e4cher'])
    expect(details(trace)).toContain('assumed: names of columns that are no UTF-8; taken as Latin-1')
  })
})

describe('times as numbers', () => {
  const of = (at: (index: number) => number) => `time,requests\n${rows(40, index => `${at(index)},5`)}\n`

  it.each([
    ['seconds among milliseconds', (index: number) => (index === 9 ? NOON / 1000 : NOON + index * MINUTE)],
    ['zero among seconds', (index: number) => (index === 9 ? 0 : NOON / 1000 + index * 60)],
    ['milliseconds among seconds', (index: number) => (index === 9 ? NOON : NOON / 1000 + index * 60)],
  ])('of another size are no times: %s', async (_, at) => {
    const trace = await read(of(at))
    expect(trace).toMatchObject({ startAt: NOON, length: 40 })
    expect(trace.columns.requests?.[9]).toBeNaN()
    expect(details(trace)[0]).toContain('1 row cannot be read, first line 11')
  })

  it('may count from the beginning of a measurement', async () => {
    const trace = await read(of(index => index * 60))
    expect(trace).toMatchObject({ startAt: 0, stepMs: MINUTE, length: 40 })
  })
})

describe('a step that is longer than the record', () => {
  it('begins where a bin begins, not in the midst of the rows', async () => {
    const trace = await read(`time,requests\n${rows(600, index => `${iso(index, 5 * MINUTE)},5`)}\n`, {
      stepMs: 10 * 86_400_000,
    })
    expect(trace.startAt).toBeLessThanOrEqual(NOON)
    expect(trace.startAt + 2 * trace.stepMs).toBeGreaterThan(NOON + 600 * 5 * MINUTE)
    expect(trace.columns.requests?.every(value => value === 5)).toBe(true)
  })
})
