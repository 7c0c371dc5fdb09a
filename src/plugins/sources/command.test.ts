import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { MetricSpec } from '../../model/spec.ts'
import { metricSourceAcceptance } from '../../ports/metric-source.acceptance.ts'
import type { MetricAnswer, MetricSource } from '../../ports/metric-source.ts'
import { createCommandSource } from './command.ts'

const NOON = Date.UTC(2026, 10, 21, 12)
const WINDOW = { from: NOON - 60_000, to: NOON }
const clock = { now: () => NOON, after: () => () => {} }
const script = (source: string) => [process.execPath, '-e', source]

function query(options: Record<string, unknown>, fleet = 'web') {
  const metric: MetricSpec = {
    name: 'queue',
    kind: 'total',
    unit: null,
    source: 'command',
    options,
    everyMs: 15_000,
    staleAfterMs: 45_000,
    ofFleet: null,
    grainMs: null,
    across: null,
    filter: [],
    dividePerInstance: false,
  }
  return { fleet, metric }
}

metricSourceAcceptance('the command source', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-command-source-'))
  return {
    source: createCommandSource(clock),
    now: () => NOON,
    query: (fleet, name) => query({ command: ['cat', join(folder, name)] }, fleet),
    offer: (name, value) => writeFileSync(join(folder, name), `${value}\n`),
    failing: query({ command: script('process.exitCode = 3') }),
    hanging: query({ command: script('setInterval(() => {}, 1000)') }),
    cleanUp: async () => rmSync(folder, { recursive: true }),
  }
})

describe('a metric that a command prints', () => {
  let source: MetricSource
  beforeEach(() => {
    source = createCommandSource(clock)
  })
  afterEach(() => source.close())

  async function read(options: Record<string, unknown>): Promise<MetricAnswer> {
    const [answer] = await source.read([query(options)], WINDOW, AbortSignal.timeout(20_000))
    if (answer === undefined) throw new Error('no answer')
    return answer
  }
  const printing = (text: string) => ['printf', '%s', text]

  it.each<[string, string | null, unknown]>([
    ['42', null, [{ at: NOON, value: 42 }]],
    ['  -0.5\n', null, [{ at: NOON, value: -0.5 }]],
    ['+1.5e3', null, [{ at: NOON, value: 1500 }]],
    ['.5', null, [{ at: NOON, value: 0.5 }]],
    ['0', null, [{ at: NOON, value: 0 }]],
    ['{"length": 7}', '/length', [{ at: NOON, value: 7 }]],
    ['7', '', [{ at: NOON, value: 7 }]],
    ['{"web-1": 7}', null, [{ at: NOON, value: 7, instance: 'web-1' }]],
  ])('reads %j with the pointer %j', async (printed, pointer, samples) => {
    expect(await read({ command: printing(printed), pointer })).toEqual({ samples })
  })

  it.each<[string, string | null, string]>([
    ['', null, 'PLM-362 "C" printed nothing where a number was expected'],
    ['many', null, 'PLM-362 "C" printed "many" where a number was expected'],
    ['83.2%', null, 'PLM-362 "C" printed "83.2%" where a number was expected'],
    ['0x10', null, 'PLM-362 "C" printed "0x10" where a number was expected'],
    ['1 2', null, 'PLM-362 "C" printed "1 2" where a number was expected'],
    ['NaN', null, 'PLM-362 "C" printed "NaN" where a number was expected'],
    ['"7"', null, 'PLM-365 "C": the answer is the text "7", not a number; let it be sent without quotes'],
    ['1e999', null, 'PLM-365 "C": the answer is Infinity, not a finite number'],
    ['length: 7', '/length', 'PLM-362 "C" printed "length: 7" where JSON was expected'],
    ['{"size": 7}', '/length', 'PLM-364 "C": there is no "length" in the document, which has "size"'],
  ])('says what it saw instead: %j with the pointer %j', async (printed, pointer, gap) => {
    const command = printing(printed)
    const said = command.join(' ').trim()
    expect(await read({ command, pointer })).toEqual({ gap: gap.replace('C', said) })
  })

  it('is a gap that says how the command failed', async () => {
    expect(await read({ command: script('console.error("no queue"); process.exitCode = 69') })).toEqual({
      gap: expect.stringMatching(/^PLM-352 .* exited with code 69. It printed: "no queue"$/),
    })
    expect(await read({ command: ['./no-such-program'] })).toEqual({
      gap: expect.stringMatching(/^PLM-350 cannot run ".\/no-such-program"/),
    })
    expect(await read({ command: script('setInterval(() => {}, 1000)'), timeoutMs: 300 })).toEqual({
      gap: expect.stringMatching(/^PLM-353 .* did not end within 300 ms/),
    })
  })

  it('runs the same command once per read for all who need it', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'plimsoll-command-source-'))
    try {
      const log = join(folder, 'log')
      const command = ['sh', '-c', `echo run >> ${log}; echo '{"a": 1, "b": 2}'`]
      const queries = ['/a', '/b', '/a'].map(pointer => query({ command, pointer }))
      const answers = await source.read(queries, WINDOW, AbortSignal.timeout(20_000))
      expect(answers.map(answer => ('samples' in answer ? answer.samples[0]?.value : answer))).toEqual([
        1, 2, 1,
      ])
      expect(readFileSync(log, 'utf8')).toBe('run\n')
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  it('says which of its options it cannot use', async () => {
    expect(await read({ command: [] })).toEqual({ gap: expect.stringMatching(/^PLM-366 .*command/) })
    expect(await read({ command: 'uptime' })).toEqual({ gap: expect.stringMatching(/^PLM-366 .*command/) })
  })
})
