import { describe, expect, it } from 'vitest'
import { madeReport } from './report.fixture.ts'
import type { Report, ScoreRow } from './report.ts'
import { textReport } from './text.ts'

const lost: ScoreRow = {
  key: 'lostPercent',
  label: 'lost',
  unit: '%',
  betterIs: 'lower',
  values: [0.42, 1.3, 0],
}
const cost: ScoreRow = {
  key: 'costRatio',
  label: 'cost/oracle',
  unit: 'x',
  betterIs: 'lower',
  values: [1.81, 2.02, 1],
}
const report: Report = {
  ...madeReport({ days: 1 }),
  title: 'web on nasa',
  subtitle: 'July by the minute',
  notes: ['12 rows are out of order; sorted.'],
  contenders: [{ name: 'web' }, { name: 'hpa' }, { name: 'oracle', outOfCompetition: true }],
  table: [lost, cost],
}

describe('the report in a terminal', () => {
  it('is one table with its notes', () => {
    expect(textReport(report)).toBe(
      [
        'web on nasa',
        'July by the minute',
        '',
        'SCORE        UNIT    web    hpa   (oracle)',
        'lost         %     *0.42   1.30       0.00',
        'cost/oracle  x     *1.81   2.02       1.00',
        '',
        '- 12 rows are out of order; sorted.',
        '',
      ].join('\n'),
    )
  })

  it('puts contenders for whom there is no room below, with the own one again', () => {
    const lines = textReport(report, { width: 36 }).split('\n')
    expect(lines.filter(line => line.startsWith('SCORE'))).toEqual([
      'SCORE        UNIT    web    hpa',
      'SCORE        UNIT    web   (oracle)',
    ])
    for (const line of lines.slice(3)) expect(line.length).toBeLessThanOrEqual(36)
  })

  it('colours after it aligned', () => {
    const bold = textReport(report, { emphasise: text => `<b>${text}</b>` })
    expect(bold.replaceAll(/<\/?b>/g, '')).toBe(textReport(report))
    expect(bold).toContain('<b>*0.42</b>')
  })

  it('shows what would move the cursor as a mark', () => {
    const hostile = { ...report, title: 'web\u001b[2J', notes: ['a\u0007b', 'c\u202ed'] }
    expect(textReport(hostile)).not.toMatch(/(?!\n)\p{Cc}|\u202e/u)
  })

  it('tells of the replay itself below the table', () => {
    const speed = { ...cost, label: 'decisions a second', unit: '', values: [18_908, 2, 3], isAside: true }
    const lines = textReport({ ...report, table: [lost, speed] }).split('\n')
    expect(lines.slice(-4)).toEqual([
      'decisions a second: 18908',
      '',
      '- 12 rows are out of order; sorted.',
      '',
    ])
    expect(lines.filter(line => line.includes('decisions'))).toHaveLength(1)
  })

  it('parts groups of rows', () => {
    const grouped = {
      ...report,
      table: [
        { ...lost, group: 'Service' },
        { ...cost, group: 'Cost' },
      ],
    }
    expect(textReport(grouped)).toMatch(/lost .*\n\ncost/)
  })
})
