import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  formatDuration,
  LITERAL_UNITS,
  type LiteralUnit,
  literalValue,
  type MeasuredUnit,
  parseDuration,
  parseShare,
  suggestUnit,
} from './units.ts'

describe('a duration', () => {
  it.each<[string, number | null]>([
    ['300ms', 300],
    ['2s', 2000],
    ['45m', 2_700_000],
    ['1.5h', 5_400_000],
    ['1d', 86_400_000],
    ['2w', 1_209_600_000],
    [' 5m ', 300_000],
    ['0s', 0],
    ['4.35s', 4350],
    ['0.1ms', null],
    ['5', null],
    ['5 m', null],
    ['-5m', null],
    ['m', null],
    ['5min', null],
    ['5M', null],
    ['1h30m', null],
    ['1e3s', null],
    ['99999999999999999w', null],
    ['', null],
    ['5toString', null],
  ])('%s is %s ms', (text, ms) => {
    expect(parseDuration(text)).toBe(ms)
  })

  it.each([
    [2_700_000, '45m'],
    [90_000, '90s'],
    [3_600_000, '1h'],
    [5_400_000, '90m'],
    [86_400_000, '1d'],
    [604_800_000, '1w'],
    [691_200_000, '8d'],
    [1500, '1500ms'],
    [0, '0s'],
  ])('of %s ms is written %s', (ms, text) => {
    expect(formatDuration(ms)).toBe(text)
  })

  it('is read back as it was written', () => {
    fc.assert(
      fc.property(fc.oneof(fc.nat(), fc.maxSafeNat()), ms => {
        expect(parseDuration(formatDuration(ms))).toBe(ms)
      }),
    )
  })
})

describe('a share', () => {
  it.each<[string | number, number | null]>([
    ['25%', 0.25],
    ['-20%', -0.2],
    ['+50%', 0.5],
    ['12.5 %', 0.125],
    ['7%', 0.07],
    ['0.25', 0.25],
    [0.25, 0.25],
    [1, 1],
    [Number.NaN, null],
    [Number.POSITIVE_INFINITY, null],
    ['', null],
    ['%', null],
    ['half', null],
    ['25%%', null],
    ['1e999', null],
  ])('%s is %s', (share, ratio) => {
    expect(parseShare(share)).toBe(ratio)
  })
})

describe('a literal', () => {
  it.each<[number, LiteralUnit, MeasuredUnit, number]>([
    [80, '%', 'percent', 80],
    [80, '%', 'ratio', 0.8],
    [4.35, '%', 'ratio', 0.0435],
    [300, 'ms', 'ms', 300],
    [300, 'ms', 's', 0.3],
    [4.35, 's', 'ms', 4350],
    [45, 'm', 'ms', 2_700_000],
    [45, 'm', 's', 2700],
    [1, 'h', 's', 3600],
    [1, 'd', 's', 86_400],
    [1, 'w', 's', 604_800],
    [7, 'B', 'bytes', 7],
    [2, 'kB', 'bytes', 2000],
    [2, 'MB', 'bytes', 2_000_000],
    [2, 'GB', 'bytes', 2_000_000_000],
    [2, 'KiB', 'bytes', 2048],
    [2, 'MiB', 'bytes', 2_097_152],
    [2, 'GiB', 'bytes', 2_147_483_648],
  ])('%s%s counts in %s as %s', (amount, unit, measured, value) => {
    expect(literalValue(amount, unit, measured)).toBe(value)
  })
})

describe('a unit that does not exist', () => {
  it.each<[string, LiteralUnit | null]>([
    ['minutes', 'm'],
    ['min', 'm'],
    ['Sec', 's'],
    ['percent', '%'],
    ['gb', 'GB'],
    ['gib', 'GiB'],
    ['KB', 'kB'],
    ['xyz', null],
    ['constructor', null],
  ])('%s is taken to mean %s', (word, unit) => {
    expect(suggestUnit(word)).toBe(unit)
  })

  it('is never one that does', () => {
    for (const unit of LITERAL_UNITS) expect(suggestUnit(unit)?.toLowerCase()).toBe(unit.toLowerCase())
  })
})
