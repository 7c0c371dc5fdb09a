/**
 * Rules imported from the Application Block decide as they did at home: from XML over the written file to the decision.
 */
import { describe, expect, it } from 'vitest'
import { imagine } from '../src/cli/what-if.ts'
import { parseWhatIf } from '../src/cli/what-if-input.ts'
import { parseConfig } from '../src/config/load.ts'
import { importWasabi } from '../src/importers/wasabi/import-wasabi.ts'
import { reactiveXml, rulesXml, servicesXml } from '../src/importers/wasabi/xml.fixture.ts'
import type { Decision } from '../src/model/decision.ts'
import type { Spec } from '../src/model/spec.ts'
import { createCalendar } from '../src/plugins/calendars/temporal.ts'

const calendar = createCalendar()
/** A Saturday. */
const NOON = '2026-11-21T12:00:00Z'

function specOf(rules: string, services?: string): Spec {
  const { text } = importWasabi({
    rules: { file: 'rules.xml', text: rules },
    ...(services === undefined ? {} : { services: { file: 'services.xml', text: services } }),
  })
  const read = parseConfig(text, { file: 'plimsoll.yaml', env: {}, readFile: () => '' })
  if (!read.ok) throw new Error(read.problems.map(({ message }) => message).join('; '))
  return read.loaded.spec
}

type Seen = Readonly<Record<string, unknown>>

function decide(spec: Spec, seen: Seen = {}, at = NOON, name = 'web'): Decision {
  const given = parseWhatIf(JSON.stringify({ at, fleets: { [name]: { open: 4, ...seen } } }), 'the test')
  const [fleet, stated] = [spec.fleets[name], given.fleets[name]]
  if (fleet === undefined || stated === undefined) throw new Error(`no fleet ${name}`)
  const answer = imagine(spec, fleet, stated, given.at, calendar)
  if (!answer.ok) throw new Error(answer.problems.join('; '))
  return answer.decision
}

const range = (min: number, max: number, attributes = '', timetable = '') =>
  `<rule name="R${min}" enabled="true" ${attributes}>${timetable}<actions><range target="web" min="${min}" max="${max}"/></actions></rule>`
const WIDE = range(2, 10)
const FIRES = '<greater operand="queue" than="0"/>'
const firing = { values: { 'max(queue, 10m)': 1 } }

/** A rule that fires, e.g. `+1@10`: by +1, of rank 10. */
function ruleOf(words: string): string {
  const [by = '', rank = '0'] = words.split('@')
  return reactiveXml(FIRES, `<scale target="web" by="${by}"/>`, `rank="${rank}"`)
}

describe('the rules that fire at 4 instances', () => {
  it.each([
    ['+1@10 -1@10', 5],
    ['+1@10 -1@20', 3],
    ['+1 +3 -1', 7],
    ['-1 -3', 3],
    ['+50% +1', 6],
    ['+10% +3', 7],
    ['-1 -50%', 3],
    ['-10%', 3],
    ['-30%', 3],
    ['+10%', 5],
  ])('%s make it %i', (words, desired) => {
    const spec = specOf(rulesXml({ constraints: WIDE, reactive: words.split(' ').map(ruleOf).join('') }))
    expect(decide(spec, firing).desired).toBe(desired)
  })

  it('are enough alone: one that shrinks needs no other to agree', () => {
    const calm = reactiveXml('<less operand="cpu" than="20"/>', '<scale target="web" by="-1"/>')
    const spec = specOf(rulesXml({ constraints: WIDE, reactive: ruleOf('-1') + calm }))
    expect(decide(spec, { values: { ...firing.values, 'avg(cpu, 45m)': 50 } }).desired).toBe(3)
  })

  it('take a count and a percentage of one rule as the larger of both', () => {
    const both = reactiveXml(FIRES, '<scale target="web" by="1"/><scale target="web" by="75%"/>')
    expect(decide(specOf(rulesXml({ constraints: WIDE, reactive: both })), firing).desired).toBe(7)
  })

  it('change nothing while they are disabled', () => {
    const off = ruleOf('+1').replace('enabled="true"', 'enabled="false"')
    expect(decide(specOf(rulesXml({ constraints: WIDE, reactive: off })), firing).desired).toBe(4)
  })
})

describe('constraints', () => {
  it.each([
    [range(6, 8), 6],
    [range(1, 3), 3],
    [range(6, 8, 'rank="1"') + range(2, 3), 6],
    [range(5, 8) + range(2, 3), 5],
  ])('move the fleet without any rule: case %#', (constraints, desired) => {
    expect(decide(specOf(rulesXml({ constraints })), { open: 4 }).desired).toBe(desired)
  })

  const evening = range(
    6,
    9,
    'rank="5"',
    '<timetable startTime="22:00:00" duration="03:00:00" utcOffset="+01:00"><weekly days="Friday"/></timetable>',
  )
  it.each([
    ['2026-11-20T20:59:59Z', 4],
    ['2026-11-20T21:00:00Z', 6],
    ['2026-11-20T23:59:59Z', 6],
    ['2026-11-21T00:00:00Z', 4],
  ])('with a timetable hold from its start to just before its end: %s', (at, desired) => {
    expect(decide(specOf(rulesXml({ constraints: WIDE + evening })), {}, at).desired).toBe(desired)
  })

  it('when none is in force, leave everything as it is, whatever the rules say', () => {
    const spec = specOf(rulesXml({ constraints: evening, reactive: ruleOf('+3') }))
    expect(decide(spec, firing).desired).toBe(4)
    expect(decide(spec, firing, '2026-11-20T21:00:00Z').desired).toBe(7)
  })
})

describe('conditions', () => {
  const cpu = (than: number) => `<greater operand="cpu" than="${than}"/>`
  it.each([
    [
      'a gap beside what is true',
      `<any>${cpu(1)}${FIRES}</any>`,
      { 'avg(cpu, 45m)': null, 'max(queue, 10m)': 1 },
      5,
    ],
    [
      'a gap beside what must be true too',
      `<all>${cpu(1)}${FIRES}</all>`,
      { 'avg(cpu, 45m)': null, 'max(queue, 10m)': 1 },
      4,
    ],
    ['the opposite of a gap', `<not>${cpu(1)}</not>`, { 'avg(cpu, 45m)': null }, 4],
    [
      'equality to within a hundred-thousandth',
      '<equals operand="cpu" to="50"/>',
      { 'avg(cpu, 45m)': 50.000009 },
      5,
    ],
    ['equality beyond that', '<equals operand="cpu" to="50"/>', { 'avg(cpu, 45m)': 50.00002 }, 4],
    [
      'arithmetic from left to right',
      '<equals operand="queue / 2 * 5" to="50 / 2"/>',
      { 'max(queue, 10m)': 10 },
      5,
    ],
    ['an empty all', '<all/>', {}, 5],
    ['an empty any', '<any/>', {}, 4],
  ])('%s', (_, condition, values, desired) => {
    const spec = specOf(rulesXml({ constraints: WIDE, reactive: reactiveXml(condition) }))
    expect(decide(spec, { values }).desired).toBe(desired)
  })
})

describe('the stabilizer', () => {
  const stabilizer = '<stabilizer scaleUpCooldown="00:05:00" scaleDownCooldown="00:30:00"/>'
  const changed = (minutes: number, direction: 'in' | 'out') => ({
    ...firing,
    lastChange: { at: new Date(Date.parse(NOON) - minutes * 60_000).toISOString(), direction },
  })

  it.each([
    ['+1', 10, 'in', 5],
    ['+1', 4, 'in', 4],
    ['-1', 10, 'out', 4],
    ['-1', 31, 'out', 3],
  ] as const)(
    '%s, %i minutes after a change %s: the direction asked for says how long',
    (by, minutes, direction, desired) => {
      const spec = specOf(rulesXml({ constraints: WIDE, reactive: ruleOf(by) }), servicesXml({ stabilizer }))
      expect(decide(spec, changed(minutes, direction)).desired).toBe(desired)
    },
  )

  it('is twenty minutes where nothing says it, and holds back no constraint', () => {
    const spec = specOf(rulesXml({ constraints: WIDE, reactive: ruleOf('+1') }))
    expect([19, 20].map(minutes => decide(spec, changed(minutes, 'out')).desired)).toEqual([4, 5])
    const { lastChange } = changed(1, 'out')
    expect(decide(specOf(rulesXml({ constraints: range(6, 8) })), { lastChange }).desired).toBe(6)
  })

  it.each([
    ['+1', '2026-11-21T12:14:59Z', 5],
    ['+1', '2026-11-21T12:15:00Z', 4],
    ['-1', '2026-11-21T12:49:59Z', 4],
    ['-1', '2026-11-21T12:50:00Z', 3],
  ])('lets %s pass by the minutes of the hour: %s', (by, at, desired) => {
    const minutes = '<stabilizer scaleUpOnlyInFirstMinutesOfHour="15" scaleDownOnlyInLastMinutesOfHour="10"/>'
    const spec = specOf(
      rulesXml({ constraints: WIDE, reactive: ruleOf(by) }),
      servicesXml({ stabilizer: minutes }),
    )
    expect(decide(spec, firing, at).desired).toBe(desired)
  })
})

describe('a scale group', () => {
  const services = servicesXml({
    roles: '<role alias="web"/><role alias="jobs"/>',
    groups:
      '<scaleGroup name="shop"><roles><role roleAlias="web" ratio="3"/><role roleAlias="jobs" ratio="1"/></roles></scaleGroup>',
  })
  const constraints = '<rule name="All"><actions><range target="shop" min="1" max="10"/></actions></rule>'

  it.each([
    ['2', 'web', 10],
    ['2', 'jobs', 6],
    ['50%', 'web', 6],
  ])('by %s is, for %s, %i', (by, fleet, desired) => {
    const reactive = reactiveXml(FIRES, `<scale target="shop" by="${by}"/>`)
    expect(
      decide(
        specOf(rulesXml({ constraints, reactive }), services),
        { values: { 'max(queue, 10m)': 1 } },
        NOON,
        fleet,
      ).desired,
    ).toBe(desired)
  })
})

describe('settings', () => {
  it('are set while the rule fires, whether or not the count can change', () => {
    const reactive = reactiveXml(FIRES, '<changeSetting target="web" settingName="Pictures" value="false"/>')
    const spec = specOf(rulesXml({ constraints: range(4, 4), reactive }))
    const settingOf = (decision: Decision) => decision.settings.Pictures
    expect(settingOf(decide(spec, firing))).toBe('false')
    expect(settingOf(decide(spec, { values: { 'max(queue, 10m)': 0 } }))).toBe('true')
  })
})
