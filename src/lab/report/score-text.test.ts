import { describe, expect, it } from 'vitest'
import type { ScoreRow } from './report.ts'
import { bestColumns, scoreTexts } from './score-text.ts'

function row(values: ScoreRow['values'], change: Partial<ScoreRow> = {}): ScoreRow {
  return { key: 'score', label: 'score', unit: '', betterIs: 'lower', values, ...change }
}

describe('scores', () => {
  it.each([
    ['whole numbers without decimals', [3, 12_345], ['3', '12345']],
    ['shares with two', [0.42, 12.3], ['0.42', '12.30']],
    ['small ones with three', [0.1234, 0.9], ['0.123', '0.900']],
    ['large ones with none', [1234.5, 7.7], ['1235', '8']],
    ['a little as more than nothing', [0.0004, 5.5], ['<0.01', '5.50']],
    ['nothing as nothing', [0, 5.5], ['0.00', '5.50']],
    ['what means nothing as a dash', [null, 1.5], ['-', '1.50']],
    ['what is not a number as a dash', [Number.NaN, 1.5], ['-', '1.50']],
    ['what has no end in words', [Number.POSITIVE_INFINITY, 1.5], ['without limit', '1.50']],
  ])('are written: %s', (_what, values, texts) => {
    expect(scoreTexts(row(values))).toEqual(texts)
  })
})

describe('the best of a row', () => {
  const columns = [
    { name: 'web' },
    { name: 'hpa' },
    { name: 'aws' },
    { name: 'oracle', outOfCompetition: true },
  ]

  it.each([
    ['the lowest', row([3, 2, 4, 1]), [1]],
    ['the highest', row([3, 2, 4, 9], { betterIs: 'higher' }), [2]],
    ['all that read alike', row([2.001, 2.002, 4, 1]), [0, 1]],
    ['nobody where all are alike', row([2, 2, 2, 1]), []],
    ['nobody where nothing is better', row([3, 2, 4, 1], { betterIs: 'neither' }), []],
    ['nobody where only one has a score', row([3, null, null, 1]), []],
  ])('is %s', (_what, scores, best) => {
    expect(bestColumns(scores, columns)).toEqual(best)
  })
})
