import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { htmlReport } from './html.ts'
import { madeReport } from './report.fixture.ts'
import type { Report } from './report.ts'
import { SCRIPT, STYLE } from './script.generated.ts'

const HOSTILE = '</script><script>alert("x")</script>&\u202e'

function sha(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`
}

describe('the page of a replay', () => {
  it('is harmless whatever names and reasons say', () => {
    const made = madeReport({ days: 1, contenders: [HOSTILE, 'hpa'], title: HOSTILE })
    const hostile: Report = {
      ...made,
      subtitle: HOSTILE,
      loadUnit: HOSTILE,
      notes: [HOSTILE],
      facts: [{ label: HOSTILE, value: HOSTILE }],
      table: made.table.map(row => ({
        ...row,
        label: HOSTILE,
        unit: HOSTILE,
        group: HOSTILE,
        means: HOSTILE,
      })),
      courses: made.courses.map(course => ({
        ...course,
        decisions: course.decisions.map(decision => ({ ...decision, rule: HOSTILE, because: HOSTILE })),
      })),
    }
    const page = htmlReport(hostile)
    expect(page.match(/<script/g)?.length).toBe(2)
    expect(page.match(/<\/script/g)?.length).toBe(2)
    expect(page.includes('alert("x")')).toBe(false)
    expect(page.includes('\u202e')).toBe(false)
  })

  it('allows its own script and style, by what they are, and nothing else', () => {
    const page = htmlReport(madeReport({ days: 1 }))
    expect(page).toContain(
      `default-src &#39;none&#39;; script-src &#39;${sha(SCRIPT).slice(1, -1)}&#39;; style-src &#39;${sha(STYLE).slice(1, -1)}&#39;`,
    )
    expect(page).toContain(`<script>${SCRIPT}</script>`)
    expect(page).toContain(`<style>${STYLE}</style>`)
  })

  it('names nothing to be loaded', () => {
    const page = htmlReport(madeReport({ days: 1 }))
    const loaded = page.replaceAll('http://www.w3.org/2000/svg', '')
    expect(loaded).not.toMatch(/https?:|\bsrc=|\bhref=|@import|url\((?!#)/)
  })

  it('says the scores, the best in bold and in words, and the decisions without a script', () => {
    const page = htmlReport(madeReport({ days: 1 }))
    expect(page).toMatch(/<td class="own best">[\d.]+<span class="unseen"> \(best\)<\/span><\/td>/)
    expect(page).toContain('<th scope="col" class="beyond">oracle</th>')
    expect(page).toMatch(/<td>1 Jun 01:\d\d:00<\/td><td>\d+ → \d+<\/td><td>&quot;Follow the load&quot; fired/)
    expect(page).toContain('<figure class="still"><svg')
  })

  it('stays under two megabytes with a month by the minute of eight', () => {
    const contenders = ['web', 'hpa', 'aws', 'azure', 'nomad', 'react', 'hist', 'oracle']
    expect(htmlReport(madeReport({ days: 30, contenders })).length).toBeLessThan(2_000_000)
  })

  it('speaks of the best only where there are several', () => {
    expect(htmlReport(madeReport({ days: 1 }))).toContain('Bold is the best of a row')
    expect(htmlReport(madeReport({ days: 1, contenders: ['rooms'] }))).not.toContain('Bold is the best')
  })

  it('can be of nothing', () => {
    const page = htmlReport({ ...madeReport({ days: 1 }), courses: [], table: [], contenders: [], notes: [] })
    expect(page.replace(SCRIPT, '').match(/undefined|NaN/)).toBeNull()
  })
})
