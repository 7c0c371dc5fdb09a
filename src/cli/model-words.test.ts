import { describe, expect, it } from 'vitest'
import { bootQuantileMs } from '../lab/service.ts'
import { CliError } from './cli-error.ts'
import { parseModelWords } from './model-words.ts'

describe('the service model on the command line', () => {
  it.each([
    { words: [], means: {} },
    { words: ['standard'], means: { standard: true } },
    { words: ['per-instance=0.5'], means: { perInstance: 0.5 } },
    { words: ['boot=3m'], means: { boot: { kind: 'constant', ms: 180_000 } } },
    { words: ['boot=0s'], means: { boot: { kind: 'constant', ms: 0 } } },
    { words: ['warmup=2m, warmup-share=25%'], means: { warmupMs: 120_000, warmupShare: 0.25 } },
    { words: ['queue=30s'], means: { excess: { kind: 'queued', longestMs: 30_000 } } },
    { words: ['queue=none'], means: { excess: { kind: 'lost' } } },
    { words: ['queue=0'], means: { excess: { kind: 'lost' } } },
    { words: ['drain=1h', 'delay=45s'], means: { drainMs: 3_600_000, metricDelayMs: 45_000 } },
    { words: ['every=1s', 'initial=0'], means: { everyMs: 1_000, initial: 0 } },
    { words: ['per-instance=1', 'per-instance=2'], means: { perInstance: 2 } },
    { words: ['standard,boot=1m,'], means: { standard: true, boot: { kind: 'constant', ms: 60_000 } } },
  ])('$words', ({ words, means }) => {
    expect(parseModelWords(words)).toEqual(means)
  })

  it('draws boots that are half, 95 and 99 % within what was said', () => {
    const { boot } = parseModelWords(['boot=20s/45s/1m'])
    if (boot === undefined) throw new Error('nothing was said')
    expect([0, 0.5, 0.95, 0.99, 1].map(share => bootQuantileMs(boot, share))).toEqual([
      10_000, 20_000, 45_000, 60_000, 60_000,
    ])
  })

  it.each([
    ['per-instanc=5', 'Did you mean "per-instance"?'],
    ['standart', 'Did you mean "standard"?'],
    ['per-instance', '--model per-instance is written per-instance=100.'],
    ['boot', '--model boot is written boot=3m.'],
    ['per-instance=0', 'a number above 0'],
    ['per-instance=-3', 'a number above 0'],
    ['per-instance=many', 'a number above 0'],
    ['per-instance=Infinity', 'a number above 0'],
    ['boot=3', '"3" is no duration; write 30s, 3m or 1h'],
    ['boot=-3m', 'is no duration'],
    ['boot=1m/2m', 'write one duration (3m), or three for 50, 95 and 99 % (23s/45s/52s)'],
    ['boot=3m/2m/1m', 'the three must not fall'],
    ['warmup-share=0.5', 'a share from 0% to 100%'],
    ['warmup-share=120%', 'a share from 0% to 100%'],
    ['warmup-share=50%', 'says nothing without how long it holds: add warmup=2m'],
    ['queue=long', 'is no duration'],
    ['every=10ms', 'at least 1s'],
    ['initial=1.5', 'a whole number from 0 to 100000'],
    ['initial=1000000', 'a whole number from 0 to 100000'],
  ])('%s is refused with what would be right', (word, says) => {
    const parse = () => parseModelWords([word])
    expect(parse).toThrow(CliError)
    expect(parse).toThrow(expect.objectContaining({ code: 'PLM-501' }))
    expect(parse).toThrow(says)
  })
})
