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
      message: expect.stringContaining('Column "requests" holds "1,230" at line 2.'),
    })
  })
})

describe('a column of words with a number here and there', () => {
  it('is refused for one of the words', async () => {
    const reading = read(
      `time,requests\n${rows(9, index => `${iso(index)},${index % 3 === 0 ? index : 'many'}`)}\n`,
    )
    await expect(reading).rejects.toMatchObject({
      code: 'PLM-707',
      message: expect.stringContaining('Column "requests" holds "many" at line 3.'),
    })
    const asked = read(
      `time,requests\n${rows(9, index => `${iso(index)},${index % 3 === 0 ? index : 'many'}`)}\n`,
      {
        column: 'requests',
      },
    )
    await expect(asked).rejects.toMatchObject({
      message: expect.stringContaining('web.csv:3:2: column "requests" holds "many", which is no number.'),
    })
  })
})

describe('a day and a time of day in columns of their own', () => {
  const day = (index: number) => iso(index).slice(0, 10)
  const clock = (index: number) => iso(index).slice(11, 16)

  it.each([
    ['date,time', (index: number) => `${day(index)},${clock(index)}`],
    ['Time,Date', (index: number) => `${clock(index)}:00,${day(index)}`],
    ['date,hour', (index: number) => `${day(index)},${clock(index)}`],
  ])('%s are one time, and that is said', async (header, times) => {
    const trace = await read(`${header},requests\n${rows(90, index => `${times(index)},${index}`)}\n`)
    expect(trace).toMatchObject({ startAt: NOON, stepMs: MINUTE, length: 90 })
    expect([...(trace.columns.requests ?? [])].slice(-2)).toEqual([88, 89])
    expect(details(trace)[0]).toMatch(/^assumed: times are column "[Dd]ate" at column "([Tt]ime|hour)"$/)
    expect(details(trace)).toContain('assumed: 90 times without a zone; taken as UTC')
  })

  it('are not, where a time is whole by itself', async () => {
    const trace = await read(`time,hour,requests\n${rows(9, index => `${iso(index)},${clock(index)},1`)}\n`)
    expect(trace).toMatchObject({ startAt: NOON, length: 9 })
    expect(details(trace).join()).not.toContain('at column')
  })

  it('a row without a readable time of day is left out', async () => {
    const content = `date,time,requests\n${rows(90, index => `${day(index)},${index === 7 ? 'noon' : clock(index)},${index}`)}\n`
    expect(details(await read(content))).toContain(
      'cut: 1 row cannot be read, first line 9, which has "noon" for a time; left out',
    )
  })
})

describe('times without a zone', () => {
  const wall = (index: number) =>
    new Date(Date.UTC(2026, 9, 24, 20) + index * 3_600_000).toISOString().slice(0, 16)
  const content = `time,requests\n${rows(14, index => `${wall(index)},${index}`)}\n`

  it('are of the zone that is said, also where its clock changes', async () => {
    const trace = await read(content, { timeZone: 'Europe/Berlin' })
    // 20:00 in summer, two hours ahead; from 03:00 on one hour: the hour that came twice was written once.
    expect(trace).toMatchObject({ startAt: Date.UTC(2026, 9, 24, 18), stepMs: 3_600_000, length: 15 })
    expect([...(trace.columns.requests ?? [])].slice(5, 9)).toEqual([5, 6, Number.NaN, 7])
    expect(details(trace)).toContain('assumed: 14 times without a zone; taken as Europe/Berlin')
    expect((await read(content)).startAt).toBe(Date.UTC(2026, 9, 24, 20))
  })

  it('leave alone those that have one', async () => {
    const zoned = `time,requests\n${rows(5, index => `${iso(index)},${index}`)}\n`
    expect((await read(zoned, { timeZone: 'Asia/Tokyo' })).startAt).toBe(NOON)
  })

  it('are of that zone in JSON lines, Parquet and lists of sessions, too', async () => {
    const lines = rows(14, index => JSON.stringify({ time: wall(index), requests: index }))
    expect((await read(lines, { timeZone: 'Asia/Tokyo' })).startAt).toBe(Date.UTC(2026, 9, 24, 11))
    const file = path.join(folder, 'visits.csv')
    writeFileSync(file, 'start,end\n2026-11-21 12:00,2026-11-21 12:30\n')
    expect(await readTrace(file, { timeZone: 'Asia/Tokyo' })).toMatchObject({ startAt: NOON - 9 * 3_600_000 })
  })
})

describe('the numbers of a spreadsheet for days', () => {
  it('are days since 1899-12-30, and that is said', async () => {
    const serial = (index: number) => (NOON / 86_400_000 + 25_569 + index / 1440).toFixed(7)
    const trace = await read(`time,requests\n${rows(90, index => `${serial(index)},${index}`)}\n`)
    expect(trace).toMatchObject({ startAt: NOON, stepMs: MINUTE, length: 90 })
    expect(details(trace)).toContain(
      'assumed: times are days with fractions; taken as days since 1899-12-30, as spreadsheets count them',
    )
  })

  it('seconds since the beginning of a measurement are still seconds', async () => {
    const trace = await read(`time,requests\n${rows(90, index => `${40_000 + index * 10},${index}`)}\n`)
    expect(trace).toMatchObject({ startAt: 40_000_000, stepMs: 10_000 })
  })
})

describe('rows that scatter', () => {
  it('go into bins of a length that people use', async () => {
    const scattered = (index: number) =>
      new Date(NOON + index * MINUTE + ((index * 7919) % 50_000)).toISOString()
    const trace = await read(`time,requests\n${rows(900, index => `${scattered(index)},${index}`)}\n`)
    expect(trace).toMatchObject({ stepMs: MINUTE, startAt: NOON })
    const wild = (index: number) => new Date(NOON + Math.round(index ** 1.7 * 911)).toISOString()
    const other = await read(`time,requests\n${rows(400, index => `${wild(index)},${index}`)}\n`)
    expect(other.stepMs).toBe(MINUTE)
  })
})

describe('rows of several things', () => {
  it('are averaged, and it is said what tells them apart', async () => {
    const content = `time,metric,value\n${rows(600, index => `${iso(index >> 1)},${index % 2 === 0 ? 'requests' : 'errors'},${index}`)}\n`
    const said =
      'assumed: rows of one time differ in column "metric" ("requests", "errors"); taken as parts of one thing. If they are not, give a file of each'
    expect(details(await read(content))).toContain(said)
    expect(details(await read(content, { aggregate: 'sum' })).join()).not.toContain('differ in column')
  })
})

describe('an answer of Prometheus that was kept in a file', () => {
  const values = (count: number) =>
    Array.from({ length: count }, (_, index) => [(NOON + index * MINUTE) / 1000, String(index)])
  const answer = (...result: readonly object[]) =>
    JSON.stringify({ status: 'success', data: { resultType: 'matrix', result } })

  it('is read, each series as a column', async () => {
    const one = await read(answer({ metric: {}, values: values(60) }))
    expect(one).toMatchObject({ startAt: NOON, stepMs: MINUTE, length: 60 })
    expect(one.columns.value?.[59]).toBe(59)
    const two = await read(
      answer(
        { metric: { job: 'web', instance: 'a' }, values: values(60) },
        { metric: { job: 'web', instance: 'b' }, values: values(60).filter((_, index) => index !== 7) },
      ),
    )
    expect(Object.keys(two.columns)).toEqual(['{instance="a"}', '{instance="b"}'])
    expect(two.columns['{instance="b"}']?.[7]).toBeNaN()
  })

  it('that says no matrix is refused with what to ask', async () => {
    const vector = JSON.stringify({ status: 'success', data: { resultType: 'vector', result: [] } })
    await expect(read(vector)).rejects.toMatchObject({
      code: 'PLM-711',
      message: expect.stringContaining('Ask /api/v1/query_range'),
    })
    await expect(read(answer())).rejects.toMatchObject({ code: 'PLM-712' })
    const refusal = JSON.stringify({ status: 'error', errorType: 'bad_data', error: '1:5: parse error' })
    await expect(read(refusal)).rejects.toMatchObject({
      code: 'PLM-711',
      message: expect.stringContaining('Prometheus refused this query: 1:5: parse error'),
    })
  })
})

describe('an address of the web', () => {
  it('is no file, and it is said how a Prometheus is named', async () => {
    await expect(readTrace('http://127.0.0.1:9090/api/v1/query_range?query=up')).rejects.toMatchObject({
      code: 'PLM-715',
      message: expect.stringContaining('prometheus:http://127.0.0.1:9090?query='),
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
