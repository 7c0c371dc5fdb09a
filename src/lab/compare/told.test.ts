/** A comparison as it is told: in a terminal, as a page, for programs. */
import { describe, expect, it } from 'vitest'
import { instance, T0 } from '../../../test/builders/journal.ts'
import { comparisonOf, MINUTE, type Scripted } from './compare.fixture.ts'
import { htmlComparison } from './html.ts'
import { jsonComparison } from './json.ts'
import { svgComparison } from './picture.ts'
import { textComparison } from './text.ts'
import { percentText } from './words.ts'

const load = (id: string, slots: number) => instance(id, { load: { kind: 'known', slots, at: T0 } })
const INSTANCES = ['web-1', 'web-2', 'web-3', 'web-4', 'web-5'].map((id, n) => load(id, n))

/** Three hours by the minute: too few from 12:30 to 13:00, then one more; that one goes at 14:00 with four sessions on it. */
const SCRIPT: readonly Scripted[] = Array.from({ length: 180 }, (_, minute) => {
  const theirs = minute >= 60 && minute < 120 ? 5 : 4
  return {
    minute,
    theirs,
    cpu: minute >= 30 && minute < 60 ? 90 : 50,
    instances: INSTANCES.slice(0, theirs),
  }
})
const COMPARISON = comparisonOf(SCRIPT, { minutes: 180 })
const OPTIONS = { timeZone: 'Europe/London', replay: 'plimsoll compare shop.yaml --replay' }

describe('in a terminal', () => {
  const text = textComparison(COMPARISON, { ...OPTIONS, width: 100, most: 10 })

  it('says what it comes to, where the two differ, and what to know', () => {
    expect(text.split('\n')).toEqual([
      'web, and what Plimsoll recommended beside it',
      '3 h: 21 Nov 2026, 12:00 to 15:00 (Europe/London); 180 ticks, one every 1 min',
      '',
      'For 83.3 % of the 3 h compared Plimsoll would have left the count as it was, for 16.7 % (30 min) it',
      'would have had more.',
      'Its rules asked for more than they had for 16.7 % of that time (30 min).',
      'Plimsoll would have grown it once; they came to the same count, after 30 min.',
      'The KPI busy was red for 0 % while it would have left the count as it was, 100 % while it would have',
      'had more.',
      'They took one instance away, with 4 sessions, which Plimsoll would have drained first.',
      '',
      '                they  Plimsoll',
      'instance-hours  13.0      13.5',
      'count           4..5      4..5',
      'changes            2         2',
      'flaps              0         0',
      '',
      'Plimsoll would have left it as it was  83.3 %   2.5 h',
      'Plimsoll would have had more           16.7 %  30 min',
      '',
      'Where they differ (Europe/London)',
      '21 Nov 12:30 to 13:00 (30 min)  they 4, Plimsoll 5',
      '  why   "Scale up" fired: avg(cpu, 1m) = 90 (avg(cpu, 1m) > 80%)',
      '  then  they came to the same count; busy was red for 30 min, and recovered',
      '',
      'Taken away with sessions on them',
      '21 Nov 14:00  web-5  4 sessions',
      '',
      '- Every recommendation answers the count that they had made. Had Plimsoll scaled, each instance',
      '  would have had another load, and every later decision would have been another: its instance-hours',
      '  and changes are those of the recommendations, no bill. What would have become of it is played by',
      '  `plimsoll compare shop.yaml --replay`.',
      '- 3 h say little: nights, Mondays and the end of the month are not in it.',
      '',
    ])
  })

  it('tells as many as are asked for, those that weigh most, and how many more there are', () => {
    const twice = SCRIPT.map(one => (one.minute >= 100 && one.minute < 110 ? { ...one, cpu: 90 } : one))
    const told = textComparison(comparisonOf(twice, { minutes: 180 }), { ...OPTIONS, width: 100, most: 1 })
    expect(told).toContain('21 Nov 12:30 to 13:00 (30 min)')
    expect(told).toContain('and 1 lesser one: --limit, or --json for all')
  })

  it('writes nothing that moves a cursor, whatever the names are', () => {
    const hostile = { ...COMPARISON, fleet: 'web\u001b[2J\u202e' }
    const told = textComparison(hostile, { ...OPTIONS, width: 100, most: 10 })
    expect([told.includes('\u001b'), told.includes('\u202e')]).toEqual([false, false])
    expect(told).toContain('web\ufffd[2J\ufffd')
  })
})

describe('as a page', () => {
  it('has the sentences, the picture, the tables and the notes, and names nothing to be loaded or run', () => {
    const page = htmlComparison(COMPARISON, { ...OPTIONS, replayed: null })
    expect(page).toContain('For 83.3 % of the 3 h compared')
    expect(page).toContain('<figure class="still"><svg')
    expect(page).toContain('they 4, Plimsoll 5')
    expect(page).toContain('<td>web-5</td><td>4</td>')
    expect(page).not.toContain('<script')
    expect(page.replaceAll('http://www.w3.org/2000/svg', '')).not.toMatch(
      /https?:|\bsrc=|\bhref=|@import|url\((?!#)/,
    )
    expect(page).not.toMatch(/NaN|undefined/)
  })

  it('is harmless whatever names and reasons say', () => {
    const hostile = '</title><script>alert("x")</script>'
    const page = htmlComparison(
      {
        ...COMPARISON,
        fleet: hostile,
        disagreements: COMPARISON.disagreements.map(one => ({ ...one, because: hostile, step: hostile })),
        removals: COMPARISON.removals.map(one => ({ ...one, instance: hostile })),
      },
      { timeZone: 'UTC', replay: hostile, replayed: null },
    )
    expect(page).not.toContain('<script')
  })
})

describe('as a picture', () => {
  it('has the two counts, a strip of what was asked and one for the KPI', () => {
    const svg = svgComparison(COMPARISON, 'UTC')
    expect(svg).toContain('>short</text>')
    expect(svg).toContain('>busy</text>')
    expect(svg).toContain('they 4, Plimsoll 5. &quot;Scale up&quot; fired')
  })
})

describe('for programs', () => {
  it('has times in ISO, lengths in milliseconds, and every difference', () => {
    const json = jsonComparison(COMPARISON, OPTIONS.replay, 'UTC')
    expect(JSON.parse(JSON.stringify(json))).toMatchObject({
      fleet: 'web',
      window: { from: '2026-11-21T12:00:00.000Z', to: '2026-11-21T15:00:00.000Z' },
      ticks: 180,
      comparedMs: 180 * MINUTE,
      theirs: {
        instanceHours: 13,
        changes: 2,
        moves: [{ at: '2026-11-21T13:00:00.000Z', from: 4, to: 5 }, {}],
      },
      short: { ms: 30 * MINUTE, heldMs: 0 },
      disagreements: [
        {
          from: '2026-11-21T12:30:00.000Z',
          to: '2026-11-21T13:00:00.000Z',
          direction: 'more',
          rule: 'Scale up',
          ended: 'they-came',
          kpis: [{ kpi: 'busy', became: 'recovered', redAt: '2026-11-21T12:30:00.000Z' }],
        },
      ],
      removals: [{ at: '2026-11-21T14:00:00.000Z', instance: 'web-5', sessions: 4 }],
      gaps: [],
    })
  })
})

describe('shares', () => {
  it.each([
    [0, '0 %'],
    [0.0004, '<0.1 %'],
    [0.4123, '41.2 %'],
    [0.9996, '>99.9 %'],
    [1, '100 %'],
  ])('%s is %s: a little is not nothing, nearly all is not all', (ratio, said) => {
    expect(percentText(ratio)).toBe(said)
  })
})
