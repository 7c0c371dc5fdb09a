import { describe, expect, it } from 'vitest'
import type { Spec } from '../model/spec.ts'
import { changeText, diffSpecs } from './diff.ts'
import { FULL, FULL_ENV } from './full.fixture.ts'
import { parseConfig } from './load.ts'

const BASE = `plimsoll: 1
metrics: { cpu: { source: push, kind: perInstance } }
schedules:
  peak: { daily: true, start: "08:00", duration: 2h }
fleets:
  web:
    target: { type: command, list: [list], launch: [launch, "hunter2"], terminate: [end] }
    capacity: { min: 2, max: 8 }
    constraints:
      - { name: Peak, rank: 100, min: 4, max: 12, schedule: peak }
    kpis:
      busy: { goal: "avg(cpu, 5m) < 80%" }
    rules:
      - { name: Scale up, rank: 10, when: "avg(cpu, 5m) > 80%", for: 30s, scale: { by: 1 } }
      - { name: Scale down, rank: 10, when: "avg(cpu, 5m) < 20%", scale: { by: "-20%" } }
    cooldown: { out: 3m, in: 10m }
`

function specOf(text: string): Spec {
  const read = parseConfig(text, { file: 'plimsoll.yaml', env: FULL_ENV, readFile: () => '' })
  if (!read.ok) throw new Error(read.problems.map(({ message, line }) => `${line}: ${message}`).join('; '))
  return read.loaded.spec
}

function said(from: string, to: string, text = BASE): string[] {
  expect(text).toContain(from)
  return diffSpecs(specOf(text), specOf(text.replace(from, to))).map(changeText)
}

describe('what changed', () => {
  it.each([
    ['max: 8', 'max: 10', 'web: constraint "capacity": max 8 -> 10'],
    ['max: 12', 'max: 14', 'web: constraint "Peak": max 12 -> 14'],
    ['"08:00"', '"09:30"', 'schedule "peak": start 08:00 -> 09:30'],
    ['duration: 2h', 'duration: 90m', 'schedule "peak": duration 2h -> 90m'],
    [
      'goal: "avg(cpu, 5m) < 80%"',
      'goal: "avg(cpu, 5m) < 70%"',
      'web: KPI "busy": goal avg(cpu, 5m) < 80% -> avg(cpu, 5m) < 70%',
    ],
    [
      'avg(cpu, 5m) > 80%',
      'avg(cpu, 5m) > 75%',
      'web: rule "Scale up": when avg(cpu, 5m) > 80% -> avg(cpu, 5m) > 75%',
    ],
    ['by: 1', 'by: 2', 'web: rule "Scale up": scale by +1 -> by +2'],
    ['-20%', '-25%', 'web: rule "Scale down": scale by -20% -> by -25%'],
    ['for: 30s', 'for: 1m', 'web: rule "Scale up": for 30s -> 1m'],
    ['for: 30s', 'during: peak', 'web: rule "Scale up": during always -> peak'],
    ['in: 10m', 'in: 5m', 'web: guards: cooldownIn 10m -> 5m'],
    ['    cooldown:', '    scaleIn: any\n    cooldown:', 'web: guards: scaleIn all -> any'],
    ['    cooldown:', '    mode: recommend\n    cooldown:', 'web: fleet: mode scale -> recommend'],
    ['    cooldown:', '    every: 1m\n    cooldown:', 'web: fleet: every 15s -> 1m'],
    ['kind: perInstance', 'kind: perInstance, staleAfter: 5m', 'metric "cpu": staleAfter 45s -> 5m'],
    [
      '    cooldown:',
      '    sessions: { slotsPerInstance: 4, lease: 2m }\n    cooldown:',
      'web: sessions: lease none -> 2m',
    ],
    ['    cooldown:', '    health: { http: /up }\n    cooldown:', 'web: health: probe none -> http'],
    [
      '    cooldown:',
      '    repair: { maxUnhealthy: 50% }\n    cooldown:',
      'web: repair: maxUnhealthy 40% -> 50%',
    ],
    ['hunter2', 'hunter3', 'web: target: option launch changed (not shown)'],
  ])('%s becomes %s: %s', (from, to, expected) => {
    expect(said(from, to)).toContain(expected)
  })

  it.each([
    ['daily: true', 'daily'],
    ['weekly: { days: [friday, monday] }', 'weekly on friday, monday'],
    ['monthly: { dayOfMonth: 5 }', 'monthly on day 5'],
    ['relativeMonthly: { position: last, dayOfWeek: friday }', 'monthly on the last friday'],
    ['yearly: { month: 12, dayOfMonth: 24 }', 'yearly on 24 December'],
    [
      'relativeYearly: { month: 3, position: first, dayOfWeek: monday }',
      'yearly on the first monday of March',
    ],
    ['cron: "0 8 * * *"', 'by cron 0 8 * * *'],
  ])('tells a schedule in words: %s', (written, words) => {
    const start = written.startsWith('cron') ? '' : ', start: "08:00:30"'
    const schedule = `  rush: { ${written}${start}, duration: 2h, timeZone: UTC, exceptDates: ["2026-12-24"] }\n`
    const [change = ''] = said('schedules:\n', `schedules:\n${schedule}`)
    expect(change).toContain(`schedule "rush" added: recurrence ${words}, `)
    if (start !== '') expect(change).toContain('start 08:00:30, duration 2h')
    expect(change).toContain('exceptDates 2026-12-24')
    expect(change).not.toMatch(/[[\]{}]/)
  })

  it('tells one stretch of time by its ends, and a list that is empty not at all', () => {
    const once =
      '  launch: { between: { from: "2026-12-01T08:00", to: "2026-12-02T18:00" }, timeZone: UTC }\n'
    expect(said('schedules:\n', `schedules:\n${once}`)).toEqual([
      'schedule "launch" added: from 2026-12-01T08:00Z, to 2026-12-02T18:00Z, timeZone UTC',
    ])
  })

  it('tells what came and what went, in full', () => {
    const rule =
      '      - { name: Fast, rank: 20, when: "avg(cpu, 5m) > 95%", scale: { by: 3 }, cooldown: 1m }\n'
    const added = BASE.replace('    cooldown:', `${rule}    cooldown:`)
    const words = 'when avg(cpu, 5m) > 95%, scale by +3, rank 20, cooldown 1m'
    expect(diffSpecs(specOf(BASE), specOf(added)).map(changeText)).toEqual([
      `web: rule "Fast" added: ${words}`,
    ])
    expect(diffSpecs(specOf(added), specOf(BASE)).map(changeText)).toEqual([
      `web: rule "Fast" removed: ${words}`,
    ])
    const fleet = `${BASE}  api:\n    capacity: { min: 1, max: 3 }\n    rules:\n      - { name: Up, when: "avg(cpu, 5m) > 50%", scale: { by: 1 } }\n`
    expect(diffSpecs(specOf(BASE), specOf(fleet)).map(changeText)).toEqual([
      'fleet "api" added: 1 to 3 instances, 1 rule, target none',
    ])
  })

  it('is nothing when only the writing differs', () => {
    const rewritten = BASE.replace('avg(cpu, 5m) > 80%', 'avg(cpu, 5m) > 80%')
      .replace('duration: 2h', 'duration: 120m')
      .replace('fleets:', '# a comment\nfleets:')
      .replace('{ out: 3m, in: 10m }', '{ in: 10m, out: 180s }')
    expect(rewritten).not.toBe(BASE)
    expect(diffSpecs(specOf(BASE), specOf(rewritten))).toEqual([])
  })

  it('is nothing when rules of different ranks change places, and something when equal ones do', () => {
    const lines = BASE.split('\n')
    const [up, down] = [
      lines.findIndex(line => line.includes('Scale up')),
      lines.findIndex(line => line.includes('Scale down')),
    ]
    const swapped = lines
      .with(up, lines[down] ?? '')
      .with(down, lines[up] ?? '')
      .join('\n')
    expect(diffSpecs(specOf(BASE), specOf(swapped)).map(changeText)).toEqual([
      'web: rules of rank 10: order "Scale up", "Scale down" -> "Scale down", "Scale up"',
    ])
    const apart = (text: string) => text.replace('name: Scale up, rank: 10', 'name: Scale up, rank: 11')
    expect(diffSpecs(specOf(apart(BASE)), specOf(apart(swapped)))).toEqual([])
  })

  it('is nothing between a file and itself, with every key', () => {
    expect(diffSpecs(specOf(FULL), specOf(FULL))).toEqual([])
  })

  it('finds a change of every line that holds a number', () => {
    for (const line of FULL.split('\n')) {
      const digit = /(max|min|by|every|for|rank|failures|queue|launchBatch|portFrom|start): (\d)/.exec(line)
      if (digit === null) continue
      const changed = FULL.replace(line, line.replace(digit[0], `${digit[1]}: ${(Number(digit[2]) % 9) + 1}`))
      const read = parseConfig(changed, { file: 'plimsoll.yaml', env: FULL_ENV, readFile: () => '' })
      if (read.ok) expect(diffSpecs(specOf(FULL), read.loaded.spec), line).not.toEqual([])
    }
  })

  it('never shows an option of a plugin or what a reference gave', () => {
    const other = parseConfig(FULL, {
      file: 'plimsoll.yaml',
      env: { ...FULL_ENV, COOKIE_SECRET: 'quite-another-secret-of-sixteen' },
      readFile: () => '',
    })
    if (!other.ok) throw new Error('not read')
    const texts = diffSpecs(specOf(FULL), other.loaded.spec)
    expect(texts.map(changeText)).toEqual([
      'web: router: option cookie changed (not shown)',
      'rooms: router: witness 2 option cookieKey changed (not shown)',
    ])
    expect(JSON.stringify(texts)).not.toContain('secret-of-sixteen')
  })
})
