import { describe, expect, it } from 'vitest'
import { jsonReport } from './json.ts'
import { madeReport } from './report.fixture.ts'

describe('the report for programs', () => {
  const report = madeReport({ days: 1 })

  it('has every score under its key, by contender', () => {
    const { scores } = jsonReport(report)
    expect(Object.keys(scores)).toEqual(report.table.map(({ key }) => key))
    expect(scores.costRatio).toMatchObject({ unit: 'x', betterIs: 'lower', values: { oracle: 1 } })
  })

  it('says of each decision when, what and why, in words', () => {
    const [web, hpa] = jsonReport(report).courses
    expect(web?.decisions[0]).toMatchObject({
      at: expect.stringMatching(/^2026-06-01T\d\d:\d\d:00.000Z$/),
      rule: expect.any(String),
      because: expect.stringContaining('fired'),
      steps: expect.arrayContaining([expect.stringContaining('cooldown: over')]),
    })
    expect(hpa?.decisions[0]).not.toHaveProperty('steps')
    expect(jsonReport(report, { steps: false }).courses[0]?.decisions[0]).not.toHaveProperty('steps')
  })

  it('has the bins where they are asked for, and gaps and no limit as null', () => {
    expect(jsonReport(report).courses[0]).not.toHaveProperty('bins')
    const highest = new Float64Array(1440).fill(Number.MAX_SAFE_INTEGER)
    const needed = new Float64Array(1440).fill(Number.NaN)
    const courses = report.courses.map(course => ({ ...course, highest, needed }))
    const [web] = jsonReport({ ...report, courses }, { bins: true }).courses
    expect(web?.bins?.ready.length).toBe(1440)
    expect([web?.bins?.highest[3], web?.bins?.needed[3]]).toEqual([null, null])
  })

  it('is the same after it was written and read', () => {
    const told = jsonReport(report, { bins: true })
    expect(JSON.parse(JSON.stringify(told))).toEqual(told)
  })
})
