import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import zlib, { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { parquetWriteBuffer } from 'hyparquet-writer'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runs } from '../../../test/seed.ts'
import type { LoadTrace, SessionTrace, Trace } from '../trace.ts'
import { inputOf } from './input.ts'
import { readInput, readTrace, type TraceOptions } from './read-trace.ts'
import { SessionBuilder } from './session-builder.ts'
import { TraceError } from './trace-error.ts'

const NOON = Date.UTC(2026, 10, 21, 12)
const MINUTE = 60_000

let folder: string
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'plimsoll-traces-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function written(name: string, content: string | Uint8Array): string {
  const file = path.join(folder, name)
  writeFileSync(file, content)
  return file
}

async function load(
  content: string | Uint8Array,
  options: TraceOptions = {},
  name = 'web.csv',
): Promise<LoadTrace> {
  const trace = await readTrace(written(name, content), options)
  if (trace.kind !== 'load') throw new Error(`${trace.kind} were read`)
  return trace
}

async function sessions(content: string, options: TraceOptions = {}): Promise<SessionTrace> {
  const trace = await readTrace(written('rides.csv', content), options)
  if (trace.kind !== 'sessions') throw new Error(`${trace.kind} was read`)
  return trace
}

async function failure(reading: Promise<unknown>): Promise<TraceError> {
  const error = await reading.then(
    () => null,
    (thrown: unknown) => thrown,
  )
  if (error instanceof TraceError) return error
  throw new Error(`expected a TraceError, not ${String(error)}`)
}

function repairs(trace: Trace): string[] {
  return trace.repairs.map(({ what, detail }) => `${what}: ${detail}`)
}

function iso(at: number): string {
  return new Date(at).toISOString()
}

const A = '2026-11-21T12:00:00Z'
const B = '2026-11-21T12:01:00Z'
const C = '2026-11-21T12:02:00Z'

describe('a delimited file', () => {
  interface Good {
    readonly what: string
    readonly text: string
    readonly options?: TraceOptions
    readonly columns?: Readonly<Record<string, readonly number[]>>
    readonly repairs?: readonly unknown[]
  }

  const good: Good[] = [
    { what: 'commas and a header', text: `timestamp,value\n${A},1\n${B},2\n${C},3\n` },
    { what: 'no header', text: `${A},1\n${B},2\n${C},3\n` },
    { what: 'no line end at its end', text: `timestamp,value\n${A},1\n${B},2\n${C},3` },
    { what: 'CR LF', text: `timestamp,value\r\n${A},1\r\n${B},2\r\n${C},3\r\n` },
    { what: 'CR alone', text: `timestamp,value\r${A},1\r${B},2\r${C},3\r` },
    { what: 'a byte order mark', text: `\uFEFFtimestamp,value\n${A},1\n${B},2\n${C},3\n` },
    { what: 'semicolons', text: `timestamp;value\n${A};1\n${B};2\n${C};3\n` },
    { what: 'tabs', text: `timestamp\tvalue\n${A}\t1\n${B}\t2\n${C}\t3\n` },
    { what: 'bars', text: `timestamp|value\n${A}|1\n${B}|2\n${C}|3\n` },
    { what: 'quotes', text: `"timestamp","value"\n"${A}","1"\n"${B}","2"\n"${C}","3"\n` },
    {
      what: 'empty lines and remarks',
      text: `# made up\n\ntimestamp,value\n${A},1\n\n${B},2\n# so far\n${C},3\n\n`,
    },
    { what: 'the mark of a spreadsheet', text: `sep=;\ntimestamp;value\n${A};1\n${B};2\n${C};3\n` },
    {
      what: 'seconds since 1970',
      text: `ts,value\n${NOON / 1000},1\n${NOON / 1000 + 60},2\n${NOON / 1000 + 120},3\n`,
    },
    {
      what: 'broken seconds',
      text: `ts,value\n${NOON / 1000}.000,1\n${NOON / 1000 + 60}.000,2\n${NOON / 1000 + 120}.000,3\n`,
    },
    { what: 'milliseconds', text: `ts,value\n${NOON},1\n${NOON + MINUTE},2\n${NOON + 2 * MINUTE},3\n` },
    {
      what: 'microseconds',
      text: `ts,value\n${NOON}000,1\n${NOON + MINUTE}000,2\n${NOON + 2 * MINUTE}000,3\n`,
    },
    {
      what: 'nanoseconds',
      text: `ts,value\n${NOON}000000,1\n${NOON + MINUTE}000000,2\n${NOON + 2 * MINUTE}000000,3\n`,
    },
    {
      what: 'other ways to write a time',
      text: `when,value\n2026/11/21 12:00:00.000Z,1\n2026-11-21 13:01+01:00,2\n2026-11-21t07:02:00 -0500,3\n`,
    },
    { what: 'the time in the second column', text: `value,time\n1,${A}\n2,${B}\n3,${C}\n` },
    {
      what: 'the time by name',
      text: `first,second,value\n${B},${A},1\n${C},${B},2\n${C},${C},3\n`,
      options: { time: 'second' },
    },
    {
      what: 'words beside',
      text: `timestamp,host,value\n${A},web-1,1\n${B},"web,2",2\n${C},"web ""3""\n",3\n`,
    },
    {
      what: 'one column of several',
      text: `timestamp,value,other\n${A},1,7\n${B},2,8\n${C},3,9\n`,
      options: { column: 'value' },
    },
    {
      what: 'several columns',
      text: `timestamp,value,other\n${A},1,7\n${B},2,8\n${C},3,9\n`,
      columns: { value: [1, 2, 3], other: [7, 8, 9] },
    },
    {
      what: 'numbers of all kinds',
      text: `timestamp,value\n${A},1.25\n${B},2e3\n${C},+.5\n2026-11-21T12:03:00Z,0.1234567890123456789\n`,
      columns: { value: [1.25, 2000, 0.5, 0.12345678901234568] },
    },
    {
      what: 'decimal commas',
      text: `timestamp;value\n${A};1,5\n${B};2\n${C};3,25\n`,
      columns: { value: [1.5, 2, 3.25] },
    },
    {
      what: 'times without a zone',
      text: 'timestamp,value\n2026-11-21T12:00,1\n2026-11-21 12:01,2\n2026-11-21T12:02:00,3\n',
      repairs: ['assumed: 3 times without a zone; taken as UTC'],
    },
    {
      what: 'mixed line ends',
      text: `timestamp,value\n${A},1\r\n${B},2\n${C},3\n`,
      repairs: ['assumed: line ends are mixed (LF, CR LF), first at line 2; each ends a row'],
    },
    {
      what: 'a last line that is cut off',
      text: `timestamp,value\n${A},1\n${B},2\n${C},3\n2026-11-21T12`,
      repairs: ['cut: the last line, 5, ends too early; left out'],
    },
    {
      what: 'rows out of order',
      text: `timestamp,value\n${C},3\n${A},1\n${B},2\n`,
      repairs: ['disorder: 1 row out of order, first at line 3; sorted'],
    },
    {
      what: 'a row said twice',
      text: `timestamp,value\n${A},1\n${B},2\n${B},2\n${C},3\n`,
      repairs: ['duplicate: 1 row said twice, first at line 4; counted once'],
    },
    {
      what: 'two values of one time',
      text: `timestamp,value\n${A},1\n${B},1\n${B},3\n${C},3\n`,
      repairs: ['duplicate: 1 row with the time of another and other values, first at line 4; averaged'],
    },
    {
      what: 'a row that is missing',
      text: `timestamp,value\n${A},1\n${B},2\n2026-11-21T12:03:00Z,4\n2026-11-21T12:04:00Z,5\n`,
      columns: { value: [1, 2, Number.NaN, 4, 5] },
      repairs: ['gap: 1 bin of "value" without a value, at 2026-11-21T12:02:00.000Z; left as gaps'],
    },
    {
      what: 'values that are missing',
      text: `timestamp,value\n${A},1\n${B},n/a\n${C},3\n2026-11-21T12:03:00Z,\n`,
      columns: { value: [1, Number.NaN, 3, Number.NaN] },
      repairs: [
        'gap: 2 bins of "value" without a value, in 2 stretches, the first at 2026-11-21T12:01:00.000Z; left as gaps',
      ],
    },
    {
      what: 'values below zero',
      text: `timestamp,value\n${A},1\n${B},-2\n${C},3\n`,
      columns: { value: [1, Number.NaN, 3] },
      repairs: [
        'negative: 1 value below zero, first -2 at line 3, column "value"; taken as gaps',
        expect.stringContaining('gap: 1 bin'),
      ],
    },
    {
      what: 'values no load has',
      text: `timestamp,value\n${A},1\n${B},1e300\n${C},Infinity\n2026-11-21T12:03:00Z,-inf\n`,
      columns: { value: [1, Number.NaN, Number.NaN, Number.NaN] },
      repairs: [
        'absurd: 3 values too large to be true, first 1e+300 at line 3, column "value"; taken as gaps',
        expect.stringContaining('gap: 3 bins'),
      ],
    },
    {
      what: 'a word among numbers',
      text: `timestamp,value\n${A},1\n${B},oops\n${C},3\n`,
      columns: { value: [1, Number.NaN, 3] },
      repairs: [
        'absurd: 1 value not a number, first "oops" at line 3, column "value"; taken as gaps',
        expect.stringContaining('gap: 1 bin'),
      ],
    },
    {
      what: 'one row of twenty that cannot be read',
      text: `timestamp,value\n${Array.from({ length: 20 }, (_, i) => `${i === 7 ? 'yesterday' : iso(NOON + i * MINUTE)},${i}\n`).join('')}`,
      columns: { value: Array.from({ length: 20 }, (_, i) => (i === 7 ? Number.NaN : i)) },
      repairs: [
        'cut: 1 row cannot be read, first line 9, which has "yesterday" for a time; left out',
        expect.stringContaining('gap: 1 bin'),
      ],
    },
    {
      what: 'seconds from a beginning',
      text: 'time,value\n0,1\n60,2\n120,3\n',
      repairs: ['assumed: times are small numbers; taken as seconds since the beginning (1970)'],
    },
    {
      what: 'one row only',
      text: `timestamp,value\n${A},5\n`,
      columns: { value: [5] },
      repairs: ['assumed: no two rows differ in time, so that there is no step; taken as one minute'],
    },
  ]

  it.each(good)('with $what is read', async ({ text, options, columns, repairs: said }) => {
    const trace = await load(text, options)
    expect(trace).toMatchObject({ name: 'web', stepMs: MINUTE })
    const read = Object.fromEntries(
      Object.entries(trace.columns).map(([name, values]) => [name, [...values]]),
    )
    expect(read).toEqual(columns ?? { value: [1, 2, 3] })
    expect(trace.startAt).toBe(text.startsWith('time,') ? 0 : NOON)
    expect(repairs(trace)).toEqual(said ?? [])
  })

  interface Bad {
    readonly what: string
    readonly text: string | Uint8Array
    readonly options?: TraceOptions
    readonly says: string
    readonly code: string
  }

  const bad: Bad[] = [
    { what: 'nothing', text: '', code: 'PLM-701', says: 'web.csv: it is empty.' },
    { what: 'only empty lines', text: '\n\n\n', code: 'PLM-701', says: 'web.csv: it is empty.' },
    {
      what: 'only a header',
      text: 'timestamp,value\n',
      code: 'PLM-701',
      says: 'web.csv:1: it has a header and no row.',
    },
    {
      what: 'bytes',
      text: Uint8Array.of(127, 69, 76, 70, 0, 1, 2),
      code: 'PLM-702',
      says: 'it is no text: byte 5 is zero.',
    },
    {
      what: 'UTF-16',
      text: Buffer.from('\uFEFFtimestamp,value\n', 'utf16le'),
      code: 'PLM-702',
      says: 'it is text in UTF-16; save it as UTF-8.',
    },
    {
      what: 'a zip archive',
      text: Uint8Array.of(0x50, 0x4b, 3, 4, 20),
      code: 'PLM-702',
      says: 'it is a zip archive.',
    },
    {
      what: 'half of a gzip',
      text: gzipSync(`timestamp,value\n${A},1\n${B},2\n`).subarray(0, 40),
      code: 'PLM-700',
      says: 'it is packed with gzip and ends too early',
    },
    {
      what: 'another column',
      text: `timestamp,value,other\n${A},1,2\n`,
      options: { column: 'vlaue' },
      code: 'PLM-703',
      says: 'web.csv:1: there is no column "vlaue". Did you mean "value"? The columns are "timestamp", "value", "other".',
    },
    {
      what: 'another column of time',
      text: `timestamp,value\n${A},1\n`,
      options: { time: 'when' },
      code: 'PLM-703',
      says: 'there is no column "when". The columns are "timestamp", "value".',
    },
    {
      what: 'no time',
      text: 'timestamp,value\n21/11/2026 10:00,1\n',
      code: 'PLM-704',
      says: 'web.csv:2:1: no time can be read: column "timestamp" holds "21/11/2026 10:00".',
    },
    {
      what: 'a date that does not exist',
      text: 'timestamp,value\n2026-02-30T10:00Z,1\n',
      code: 'PLM-704',
      says: 'column "timestamp" holds "2026-02-30T10:00Z"',
    },
    {
      what: 'a time far from the others',
      text: `timestamp,value\n${A},1\n${B},2\n${C},3\n9999-01-01T00:00:00Z,4\n`,
      code: 'PLM-705',
      says: 'web.csv:5: 9999-01-01T00:00:00.000Z is 4,',
    },
    {
      what: 'rows that cannot be read',
      text: `timestamp,value\n${A},1\n${B},2\nnever,3\n${C},4\n`,
      code: 'PLM-706',
      says: 'web.csv:4:1: this row has "never" for a time, and more than a tenth of the rows cannot be read.',
    },
    {
      what: 'a quote that is never closed',
      text: `timestamp,value\n${A},1\n${B},"2\n${C},3\n`,
      code: 'PLM-706',
      says: 'web.csv:3: a quote is opened in this row and never closed.',
    },
    {
      what: 'words where numbers were asked for',
      text: `timestamp,value,host\n${A},1,web-1\n`,
      options: { column: 'host' },
      code: 'PLM-707',
      says: 'web.csv:2:3: column "host" holds "web-1", which is no number.',
    },
    {
      what: 'no numbers',
      text: `timestamp,host\n${A},web-1\n`,
      code: 'PLM-707',
      says: 'web.csv:2: no column holds numbers beside the time.',
    },
    {
      what: 'a step shorter than its own',
      text: `timestamp,value\n${A},1\n${B},2\n${C},3\n`,
      options: { stepMs: 10_000 },
      code: 'PLM-708',
      says: 'its rows are 1m apart; bins of 10s would mostly be empty. Give --step 1m or more.',
    },
    {
      what: 'a step that is none',
      text: `timestamp,value\n${A},1\n`,
      options: { stepMs: 0 },
      code: 'PLM-708',
      says: 'a step is a whole number of milliseconds above 0, not 0.',
    },
  ]

  it.each(bad)('with $what is refused, and said where', async ({ text, options, code, says }) => {
    const error = await failure(load(text, options))
    expect(error.message).toContain(says)
    expect(error.code).toBe(code)
  })

  it('that is not there is refused', async () => {
    const error = await failure(readTrace(path.join(folder, 'none.csv')))
    expect(error).toMatchObject({
      code: 'PLM-700',
      message: expect.stringContaining('there is no such file'),
    })
    expect((await failure(readTrace(folder))).message).toContain('it is a folder')
  })

  it('is read packed with gzip too, and is named without its endings', async () => {
    const trace = await load(gzipSync(`timestamp,value\n${A},1\n${B},2\n`), {}, 'shop.csv.gz')
    expect(trace).toMatchObject({ name: 'shop', columns: { value: Float64Array.of(1, 2) } })
  })

  it('with a line longer than any row is refused in bounded memory', async () => {
    const endless = async function* () {
      yield Buffer.from('timestamp,value\n')
      for (;;) yield Buffer.alloc(256 * 1024, '7')
    }
    const error = await failure(inputOf('endless', 'endless', endless()).then(input => readInput(input)))
    expect(error).toMatchObject({
      code: 'PLM-706',
      message: expect.stringContaining('endless:2: the line is longer than 256 KiB'),
    })
  })
})

describe('the grid', () => {
  it('takes the step most rows have, and says what was moved', async () => {
    const rows = [0.1, 14.8, 30.2, 45.1, 60.3, 74.9].map((s, i) => `${iso(NOON + s * 1000)},${i}\n`).join('')
    const trace = await load(`at,value\n${rows}`)
    expect([trace.stepMs, trace.startAt, [...(trace.columns.value ?? [])]]).toEqual([
      15_000,
      NOON,
      [0, 1, 2, 3, 4, 5],
    ])
    expect(repairs(trace)).toEqual([
      'resampled: put into bins of 15s; 6 rows beside the grid, by at most 300ms',
    ])
  })

  it('begins where the rows begin when they are even', async () => {
    const rows = [7, 67, 127].map(s => `${iso(NOON + s * 1000)},1\n`).join('')
    const trace = await load(`at,value\n${rows}`)
    expect([trace.startAt - NOON, trace.repairs]).toEqual([7000, []])
  })

  it.each([
    { aggregate: 'avg', value: [2, 5], said: 'averaged' },
    { aggregate: 'sum', value: [6, 15], said: 'summed' },
    { aggregate: 'max', value: [3, 6], said: 'the largest taken' },
  ] as const)('puts several rows into a longer bin by $aggregate', async ({ aggregate, value, said }) => {
    const rows = [1, 2, 3, 4, 5, 6].map((n, i) => `${iso(NOON + i * MINUTE)},${n}\n`).join('')
    const trace = await load(`at,value\n${rows}`, { stepMs: 3 * MINUTE, aggregate })
    expect([...(trace.columns.value ?? [])]).toEqual(value)
    expect(repairs(trace)).toEqual([`resampled: put into bins of 3m; 4 rows shared a bin: ${said}`])
  })

  it('says which step a record too long for its own step would need', async () => {
    const rows = [0, 1, 2, 3, 4 * 365 * 86_400].map(s => `${iso(NOON + s * 1000)},1\n`).join('')
    const { message } = await failure(load(`at,value\n${rows}`))
    expect(message).toContain(
      'at most 5,000,000 are kept. Give --step 30s, or correct this time if it is wrong.',
    )
    expect((await load(`at,value\n${rows}`, { stepMs: 30_000 })).length).toBe(4 * 365 * 2880 + 1)
  })

  it('tells one gap by its time, and several by their first', async () => {
    const rows = [0, 1, 2, 5, 6].map(m => `${iso(NOON + m * MINUTE)},1\n`).join('')
    const trace = await load(`at,value\n${rows}`)
    expect(trace.repairs).toMatchObject([
      { what: 'gap', count: 2, when: { from: NOON + 3 * MINUTE, to: NOON + 5 * MINUTE } },
    ])
  })
})

describe('JSON', () => {
  it.each(['timestamp', 'time', 'ts', 'at', 'date'])('lines with their time in "%s" are read', async name => {
    const text = [1, 2, 3].map(
      (n, i) => `${JSON.stringify({ [name]: iso(NOON + i * MINUTE), users: n, host: 'a' })}\n`,
    )
    const trace = await load(text.join(''), {}, 'web.jsonl')
    expect(trace).toMatchObject({ startAt: NOON, columns: { users: Float64Array.of(1, 2, 3) }, repairs: [] })
  })

  it('arrays are read, and objects in objects are columns by their path', async () => {
    const rows = [1, 2, 3].map((n, i) => ({ at: NOON + i * MINUTE, cpu: { avg: n, max: String(2 * n) } }))
    const trace = await load(JSON.stringify(rows, null, 2), {}, 'web.json')
    expect(trace.columns).toEqual({
      'cpu.avg': Float64Array.of(1, 2, 3),
      'cpu.max': Float64Array.of(2, 4, 6),
    })
  })

  it('lines with a start and an end are sessions', async () => {
    const text = `{"start":"${A}","end":"${B}"}\n{"start":"${B}","end":null}\n{"start":"${B}","end":"${C}"}\n`
    const trace = await readTrace(written('rides.jsonl', text))
    expect(trace).toMatchObject({
      kind: 'sessions',
      sessions: [{ atMs: 0 }, { lengthMs: MINUTE }, { lengthMs: MINUTE }],
    })
    expect(repairs(trace)).toEqual([
      'cut: 1 session without an end, first at line 2; lasting to the end of the record',
    ])
  })

  it('says what is wrong and in which line', async () => {
    const line = (i: number) => `{"at":${NOON + i * MINUTE},"users":${i}}\n`
    const most = Array.from({ length: 20 }, (_, i) => (i === 4 ? 'oops\n' : line(i))).join('')
    const trace = await load(`${most}{"at":17952`, {}, 'web.jsonl')
    expect(repairs(trace)).toEqual([
      'cut: the last line, 21, ends too early; left out',
      'cut: 1 row cannot be read, first line 5, which holds no whole JSON object; left out',
      expect.stringContaining('gap: 1 bin'),
    ])
    expect((await failure(load(`${line(0)}x\n${line(1)}`, {}, 'web.jsonl'))).message).toContain(
      'web.jsonl:2: this row',
    )
    expect((await failure(load('{\n"at": 1\n}\n', {}, 'web.jsonl'))).code).toBe('PLM-706')
    expect((await failure(load('[{"at":1},\n2', {}, 'web.json'))).message).toContain(
      'web.json:2: it is no whole JSON array',
    )
    expect((await failure(load('[]', {}, 'web.json'))).code).toBe('PLM-701')
    expect((await failure(load(line(0), { column: 'user' }, 'web.jsonl'))).message).toContain(
      'Did you mean "users"?',
    )
  })

  it('says of columns that turn up late that they are not read, unless they are asked for', async () => {
    const early = Array.from({ length: 201 }, (_, i) => `{"at":${NOON + i * MINUTE},"users":${i}}\n`).join('')
    const trace = await load(`${early}{"at":${NOON + 201 * MINUTE},"users":1,"more":2}\n`, {}, 'web.jsonl')
    expect(repairs(trace)).toEqual([expect.stringContaining('first "more" at 202; not read')])
  })
})

describe('Parquet', () => {
  const parquet = (columns: Parameters<typeof parquetWriteBuffer>[0]['columnData'], rowGroupSize = 100) =>
    new Uint8Array(parquetWriteBuffer({ columnData: columns, rowGroupSize }))

  it.each([
    { what: 'timestamps', type: 'TIMESTAMP', at: (i: number) => new Date(NOON + i * MINUTE) },
    { what: 'whole numbers', type: 'INT64', at: (i: number) => BigInt(NOON + i * MINUTE) },
    { what: 'numbers', type: 'DOUBLE', at: (i: number) => NOON / 1000 + i * 60 },
    { what: 'texts', type: 'STRING', at: (i: number) => iso(NOON + i * MINUTE) },
  ] as { what: string; type: 'TIMESTAMP' | 'INT64' | 'DOUBLE' | 'STRING'; at: (i: number) => unknown }[])(
    'with its time as $what is read over several groups of rows',
    async ({ type, at }) => {
      const rows = Array.from({ length: 250 }, (_, i) => i)
      const bytes = parquet([
        { name: 'at', data: rows.map(at), type },
        { name: 'users', data: rows, type: 'INT32' },
        { name: 'host', data: rows.map(() => 'web-1'), type: 'STRING' },
      ])
      const trace = await load(bytes, {}, 'web.parquet')
      expect(trace).toMatchObject({ name: 'web', startAt: NOON, stepMs: MINUTE, repairs: [] })
      expect(trace.columns).toEqual({ users: Float64Array.from(rows) })
    },
  )

  interface Packing {
    readonly codec: 'GZIP' | 'BROTLI' | 'ZSTD'
    readonly pack: (bytes: Uint8Array) => Uint8Array
  }
  const packings: Packing[] = [
    { codec: 'GZIP', pack: bytes => gzipSync(bytes) },
    { codec: 'BROTLI', pack: bytes => zlib.brotliCompressSync(bytes) },
  ]
  // Older Nodes cannot pack with it; reading does not need them to.
  if ('zstdCompressSync' in zlib)
    packings.push({ codec: 'ZSTD', pack: bytes => zlib.zstdCompressSync(bytes) })

  it.each(packings)('packed with $codec is read', async ({ codec, pack }) => {
    const bytes = parquetWriteBuffer({
      columnData: [
        { name: 'at', data: [0, 1, 2].map(i => new Date(NOON + i * MINUTE)), type: 'TIMESTAMP' },
        { name: 'users', data: [1, 2, 3], type: 'DOUBLE' },
      ],
      codec,
      compressors: { [codec]: pack },
    })
    const trace = await load(new Uint8Array(bytes), {}, 'web.parquet')
    expect(trace.columns).toEqual({ users: Float64Array.of(1, 2, 3) })
  })

  it('with missing values leaves gaps', async () => {
    const bytes = parquet([
      { name: 'at', data: [0, 1, 2].map(i => new Date(NOON + i * MINUTE)), type: 'TIMESTAMP' },
      { name: 'users', data: [1, null, 3], type: 'DOUBLE', nullable: true },
    ])
    const trace = await load(bytes, {}, 'web.parquet')
    expect(trace.columns).toEqual({ users: Float64Array.of(1, Number.NaN, 3) })
  })

  it('that is cut off, damaged or without the column is refused', async () => {
    const bytes = parquet([
      { name: 'at', data: [NOON], type: 'DOUBLE' },
      { name: 'users', data: [1], type: 'DOUBLE' },
    ])
    const damaged = bytes.slice()
    damaged.fill(0xff, bytes.length - 60, bytes.length - 10)
    expect(await failure(load(bytes.subarray(0, -3), {}, 'web.parquet'))).toMatchObject({
      code: 'PLM-709',
      message: expect.stringContaining('its last four bytes are not "PAR1"'),
    })
    expect((await failure(load(damaged, {}, 'web.parquet'))).code).toBe('PLM-709')
    expect((await failure(load(bytes, { column: 'usres' }, 'web.parquet'))).message).toContain(
      'Did you mean "users"?',
    )
  })
})

describe('a list of sessions', () => {
  it('is read from start and end', async () => {
    const trace = await sessions(`start,end\n${A},${B}\n${B},${C}\n`)
    expect(trace).toMatchObject({ startAt: NOON, repairs: [] })
    expect(trace.sessions).toEqual([
      { atMs: 0, lengthMs: MINUTE },
      { atMs: MINUTE, lengthMs: MINUTE },
    ])
  })

  it('says which are out of order, end before they begin, never end, or last too long', async () => {
    const trace = await sessions(
      `start,end,who\n${B},${C},a\n${A},,b\n${C},${A},c\n${A},2029-01-01T00:00:00Z,d\n`,
    )
    expect(trace.sessions).toEqual([
      { atMs: 0, lengthMs: 2 * MINUTE },
      { atMs: MINUTE, lengthMs: MINUTE },
    ])
    expect(repairs(trace)).toEqual([
      'disorder: 2 sessions out of order, first at line 3; sorted',
      'negative: 1 session ended before the start, first at line 4; left out',
      'absurd: 1 session longer than a year, first at line 5; left out',
      'cut: 1 session without an end, first at line 3; lasting to the end of the record',
    ])
  })

  it('that is none is refused', async () => {
    const error = await failure(readTrace(written('a.csv', `at,value\n${A},1\n`), { kind: 'sessions' }))
    expect(error).toMatchObject({
      code: 'PLM-703',
      message: expect.stringContaining('it is no list of sessions'),
    })
    expect((await failure(sessions(`start,end\n${B},${A}\n`))).message).toContain(
      'none of its sessions can be used',
    )
  })
})

describe('whatever was measured', () => {
  const grid = fc.record({
    startAt: fc.integer({ min: 0, max: 1_000_000 }).map(minutes => minutes * MINUTE + 1_000_000_000_000),
    stepMs: fc.constantFrom(1000, 10_000, MINUTE, 300_000, 3_600_000),
    values: fc.array(fc.double({ min: 0, max: 1e12, noNaN: true }).map(Math.abs), {
      minLength: 3,
      maxLength: 60,
    }),
  })
  type Grid = { readonly startAt: number; readonly stepMs: number; readonly values: readonly number[] }

  const csv = ({ startAt, stepMs, values }: Grid, order = values.map((_, i) => i)): string =>
    `timestamp,value\n${order.map(i => `${iso(startAt + i * stepMs)},${values[i]}\n`).join('')}`

  it('written as CSV, JSON lines or Parquet reads back the same', async () => {
    await fc.assert(
      fc.asyncProperty(grid, async given => {
        const { startAt, stepMs, values } = given
        const times = values.map((_, i) => startAt + i * stepMs)
        const lines = values.map((value, i) => `${JSON.stringify({ at: times[i], value })}\n`).join('')
        const bytes = parquetWriteBuffer({
          columnData: [
            { name: 'at', data: times.map(at => new Date(at)), type: 'TIMESTAMP' },
            { name: 'value', data: [...values], type: 'DOUBLE' },
          ],
        })
        const same = {
          startAt,
          stepMs,
          length: values.length,
          columns: { value: Float64Array.from(values) },
          repairs: [],
        }
        expect(await load(csv(given))).toMatchObject(same)
        expect(await load(lines, {}, 'web.jsonl')).toMatchObject(same)
        expect(await load(new Uint8Array(bytes), {}, 'web.parquet')).toMatchObject(same)
      }),
      { numRuns: runs(40) },
    )
  })

  it('is the same trace when its rows are shuffled, and says that they were', async () => {
    const shuffled = grid.chain(given =>
      fc.record({
        given: fc.constant(given),
        order: fc.shuffledSubarray(
          given.values.map((_, i) => i),
          { minLength: given.values.length },
        ),
      }),
    )
    await fc.assert(
      fc.asyncProperty(shuffled, async ({ given, order }) => {
        const straight = await load(csv(given))
        const { repairs: said, ...trace } = await load(csv(given, order))
        const isSorted = order.every((index, place) => index === place)
        expect(said.map(({ what }) => what)).toEqual(isSorted ? [] : ['disorder'])
        expect({ ...trace, repairs: [] }).toEqual(straight)
      }),
      { numRuns: runs(40) },
    )
  })

  it('is cut into chunks anywhere without any difference', async () => {
    const text = Buffer.from(`\uFEFFts;"a;b";c\r\n${A};"1";x\r${B};2;"y\n""z"\n${C};3;\r\n`)
    const whole = await load(text)
    expect(whole.columns).toEqual({ 'a;b': Float64Array.of(1, 2, 3) })
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: text.length - 1 }), { maxLength: 6 }),
        async cuts => {
          const places = [0, ...cuts.sort((a, b) => a - b), text.length]
          const chunks = async function* () {
            for (const [index, place] of places.entries())
              yield text.subarray(place, places[index + 1] ?? text.length)
          }
          expect(await readInput(await inputOf('web.csv', 'web', chunks()))).toEqual(whole)
        },
      ),
      { numRuns: runs(40) },
    )
  })

  it('never fails but with its own error, whatever the bytes', async () => {
    const rubbish = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc
        .string({
          maxLength: 200,
          unit: fc.constantFrom(',', ';', '"', '\n', '\r', '1', '-', ':', 'T', '{', '}', '[', 'e'),
        })
        .map(text => Buffer.from(text)),
      fc
        .uint8Array({ maxLength: 100 })
        .map(bytes => Buffer.concat([Buffer.from('PAR1'), bytes, Buffer.from('PAR1')])),
    )
    await fc.assert(
      fc.asyncProperty(rubbish, async bytes => {
        const trace = await readTrace(written('rubbish', bytes)).catch((error: unknown) => error)
        expect(
          trace instanceof TraceError || (typeof trace === 'object' && trace !== null && 'kind' in trace),
        ).toBe(true)
      }),
      { numRuns: runs(150) },
    )
  })
})

describe('a record of many megabytes', () => {
  it('is read as a stream: what is kept grows with the bins, not with the rows', async () => {
    const rows = 600_000
    let at = NOON
    const stream = async function* () {
      yield Buffer.from('timestamp,value\n')
      for (let row = 0; row < rows; row += 10_000) {
        let text = ''
        for (let one = 0; one < 10_000; one++, at += 100) text += `${at},${one % 10}\n`
        yield Buffer.from(text)
      }
    }
    const input = await inputOf('stream', 'stream', stream())
    const trace = await readInput(input, { stepMs: MINUTE, aggregate: 'sum' })
    if (trace.kind !== 'load') throw new Error('no load')
    expect(trace.length).toBe(1000)
    const total = (trace.columns.value ?? new Float64Array()).reduce((sum, value) => sum + value, 0)
    expect(total).toBe(rows * 4.5)
  })
})

describe('what is kept', () => {
  it('is at most so many sessions', () => {
    const builder = new SessionBuilder('rides.csv', 'line', 2)
    builder.add(2, NOON, NOON + 1)
    builder.add(3, NOON, NOON + 1)
    const adding = async () => builder.add(4, NOON, NOON + 1)
    return expect(failure(adding())).resolves.toMatchObject({
      code: 'PLM-714',
      message: expect.stringContaining('rides.csv:4: more than 2 sessions'),
    })
  })

  it('is at most a JSON array of 64 MiB', async () => {
    const large = async function* () {
      yield Buffer.from('[')
      for (let part = 0; part < 65; part++) yield Buffer.alloc(1024 * 1024, ' ')
    }
    const reading = inputOf('large.json', 'large', large()).then(input => readInput(input))
    expect(await failure(reading)).toMatchObject({
      code: 'PLM-714',
      message: expect.stringContaining('jq -c'),
    })
  })
})
