/**
 * What an operator is told for each kind of mistake. The place expected is marked with » in the text itself.
 *
 * Example: `every: »5` expects PLM-116 at the line and column of the 5.
 */
import { describe, expect, it } from 'vitest'
import { CODES } from './codes.ts'
import { type LoadResult, parseConfig } from './load.ts'

function load(text: string, env: Record<string, string> = {}): LoadResult {
  const readFile = (path: string): string => {
    throw Object.assign(new Error(path), { code: 'ENOENT' })
  }
  return parseConfig(text, { file: 'plimsoll.yaml', env, readFile })
}

/** A file with one fleet that has a CPU metric, a schedule, and these further lines. */
function fleet(...lines: string[]): string {
  return [
    'plimsoll: 1',
    'metrics:',
    '  cpu: { source: process, read: cpu }',
    'schedules:',
    '  peak: { daily: true, start: "08:00", duration: 2h }',
    'fleets:',
    '  web:',
    ...(lines.some(line => line.includes('capacity')) ? [] : ['    capacity: { min: 2, max: 5 }']),
    ...lines.map(line => `    ${line}`),
  ].join('\n')
}

function rule(text: string): string {
  return fleet(`target: { type: none, count: last(cpu) }`, `rules: [ ${text} ]`)
}

function metric(text: string): string {
  return fleet().replace('source: process, read: cpu', text)
}

function schedule(text: string): string {
  return fleet().replace('daily: true, start: "08:00", duration: 2h', text)
}

function file(...lines: string[]): string {
  return [fleet(), ...lines].join('\n')
}

const UP = 'scale: { by: 1 }'

type Row = readonly [mistake: string, text: string, code: string, hint: string | RegExp | null]

const ROWS: readonly Row[] = [
  // The text itself
  ['an empty file', '»', 'PLM-102', 'begin with "plimsoll: 1", or let "plimsoll init" write a file'],
  ['a file of comments', '»# nothing\n\n', 'PLM-102', /plimsoll init/],
  ['a file of nothing but tabs', '»\t\t\n', 'PLM-102', /plimsoll init/],
  ['a list at the root', '»- plimsoll: 1', 'PLM-108', 'begin with "plimsoll: 1"'],
  ['a text at the root', '»hello', 'PLM-108', 'begin with "plimsoll: 1"'],
  ['a tab for indentation', 'plimsoll: 1\nfleets:\n»\tweb: {}', 'PLM-104', 'indent with spaces'],
  [
    'a key given twice',
    'plimsoll: 1\n»plimsoll: 1\nfleets: { web: { capacity: { min: 1, max: 1 } } }',
    'PLM-105',
    'keep one of the two',
  ],
  [
    'a key given twice in braces',
    fleet('stabilization: { in: 5m, »in: 6m }'),
    'PLM-105',
    'keep one of the two',
  ],
  [
    'a bracket left open',
    'plimsoll: 1\nfleets: { web: { capacity: { min: 1, max: 2 } }»',
    'PLM-103',
    'add the missing }',
  ],
  ['a list left open', 'plimsoll: 1\nfleets: [web»', 'PLM-103', 'add the missing ]'],
  ['a quote left open', 'plimsoll: "1»', 'PLM-103', 'add the missing quote'],
  ['two colons on a line', 'plimsoll: 1\nfleets: »web: 2', 'PLM-103', /double quotes/],
  ['a value that begins with @', 'plimsoll: »@1', 'PLM-103', 'put the value in double quotes'],
  [
    'a key out of its column',
    'plimsoll: 1\nfleets:\n  web:\n    capacity: { min: 1, max: 2 }\n   »every: 5s',
    'PLM-103',
    /same number of spaces/,
  ],
  ['a second document', 'plimsoll: 1\n»---\nplimsoll: 1', 'PLM-119', /file of its own/],
  ['a tag', file('api: »!secret { listen: "127.0.0.1:7070" }'), 'PLM-119', 'delete it'],
  ['an older YAML', '»%YAML 1.1\n---\nplimsoll: 1', 'PLM-119', 'delete the %YAML line'],
  ['aliases that explode', bomb(), 'PLM-106', 'write out what is meant'],
  [
    'an alias of what contains it',
    'plimsoll: 1\nfleets: &all\n  web: »*all',
    'PLM-106',
    'write the value out',
  ],
  ['an alias of nothing', 'plimsoll: 1\nfleets: »*all', 'PLM-106', 'mark the value to repeat with &all'],
  [
    'brackets without end',
    `${'['.repeat(32)}»[${'['.repeat(9000)}`,
    'PLM-107',
    'a configuration needs no more than ten',
  ],
  [
    'lists without end',
    `${'- '.repeat(64)}»- ${'- '.repeat(9000)}`,
    'PLM-107',
    'a configuration needs no more than ten',
  ],
  ['mappings without end', deep(), 'PLM-107', 'a configuration needs no more than ten'],
  ['a file over 1 MiB', `»# ${'x'.repeat(1024 * 1024)}`, 'PLM-101', /split the fleets/],
  [
    'a list as a key',
    'plimsoll: 1\n? »[a]\n: b\nfleets: { web: { capacity: { min: 1, max: 1 } } }',
    'PLM-119',
    /quote it/,
  ],

  // The trap of the comma
  [
    'an expression with a comma that is not quoted',
    fleet('kpis: { busy: { goal: »avg(cpu, 45m) < 80% } }'),
    'PLM-109',
    'quote it: kpis: { busy: { goal: "avg(cpu, 45m) < 80%" } }',
  ],
  [
    'a longer one, with keys after it',
    rule(`{ name: Up, when: »avg(cpu, 5m) > 80% and max(cpu, 1h) > 90%, ${UP} }`),
    'PLM-109',
    `quote it: rules: [ { name: Up, when: "avg(cpu, 5m) > 80% and max(cpu, 1h) > 90%", ${UP} } ]`,
  ],

  // Keys
  ['an unknown key of the file', file('»metric: {}'), 'PLM-110', 'did you mean metrics?'],
  ['an unknown key of a fleet', fleet('»cooldowns: 5m'), 'PLM-110', 'did you mean cooldown?'],
  [
    'an unknown key of a rule',
    rule(`{ name: Up, when: last(cpu) > 1, ${UP}, »enable: false }`),
    'PLM-110',
    'did you mean enabled?',
  ],
  [
    'an unknown key far inside',
    fleet('target: { type: process, command: [a], health: { »evry: 5s } }'),
    'PLM-110',
    'did you mean every?',
  ],
  [
    'a key nothing resembles',
    fleet('capacity: { min: 1, max: 2, »colour: red }'),
    'PLM-110',
    'known keys: min, max, default',
  ],
  ['a merge key', fleet('»<<: { every: 5s }'), 'PLM-110', /no merge keys/],
  [
    'no version',
    '»fleets: { web: { capacity: { min: 1, max: 1 } } }',
    'PLM-111',
    'begin the file with "plimsoll: 1"',
  ],
  ['another version', fleet().replace(': 1', ': »2'), 'PLM-120', 'write "plimsoll: 1"'],
  ['no fleets', '»plimsoll: 1', 'PLM-111', /name at least one fleet/],
  ['an empty list of fleets', 'plimsoll: 1\nfleets: »{}', 'PLM-111', /name at least one fleet/],
  ['a fleet without capacity', 'plimsoll: 1\nfleets:\n  »web: { every: 5s }', 'PLM-111', 'add capacity: ...'],
  [
    'a rule without a condition',
    rule(`»{ name: Up, ${UP} }`),
    'PLM-117',
    'add one of them, e.g. when: "avg(cpu, 5m) > 80%"',
  ],
  [
    'a metric without a source',
    metric('every: 5s').replace('  cpu:', '  »cpu:'),
    'PLM-111',
    /known: push, process, proxy, http-json, command/,
  ],
  ['a fleet of nothing', 'plimsoll: 1\nfleets:\n  »web:', 'PLM-112', 'give it a value, or delete the key'],

  // Values
  ['a text for a number', fleet('capacity: { min: »two, max: 5 }'), 'PLM-112', null],
  ['a fraction of an instance', fleet('capacity: { min: »1.5, max: 5 }'), 'PLM-112', null],
  ['a number below its range', fleet('capacity: { min: »-1, max: 5 }'), 'PLM-114', null],
  ['a word that is not among those allowed', fleet('mode: »recomend'), 'PLM-113', 'did you mean recommend?'],
  ['yes for true', fleet('flapping: »yes'), 'PLM-112', null],
  ['a duration without a unit', fleet('every: »5'), 'PLM-116', 'write 5m or 5s'],
  ['a quoted duration without a unit', fleet('every: »"5"'), 'PLM-116', 'write 5m or 5s'],
  ['a duration of two parts', fleet('warmup: »1h30m'), 'PLM-116', 'write 90m'],
  ['a duration in words', fleet('every: »15 seconds'), 'PLM-116', 'write 15s'],
  ['a duration that is none', fleet('every: »soon'), 'PLM-116', /500ms, 5s, 45m, 2h, 7d/],
  ['a duration below its range', fleet('every: »50ms'), 'PLM-114', 'the shortest allowed is 100ms'],
  ['a duration above its range', fleet('every: »2h'), 'PLM-114', 'the longest allowed is 1h'],
  ['a cooldown without a unit', fleet('cooldown: »5'), 'PLM-116', 'write 5m, or { out: 3m, in: 10m }'],
  [
    'a cooldown with one wrong direction',
    fleet('cooldown: { out: »5, in: 10m }'),
    'PLM-116',
    'write 5m or 5s',
  ],
  ['a share above all', fleet('quorum: »150%'), 'PLM-114', 'write 25% or 0.25'],
  [
    'a scale by nothing',
    rule('{ name: Up, when: last(cpu) > 1, scale: { by: »0 } }'),
    'PLM-114',
    /write 1, -2/,
  ],
  [
    'a scale by too much',
    rule('{ name: Up, when: last(cpu) > 1, scale: { by: »"-150%" } }'),
    'PLM-114',
    /write 1, -2/,
  ],
  [
    'a scale that is a number',
    rule('{ name: Up, when: last(cpu) > 1, scale: »1 }'),
    'PLM-112',
    /write { by: 1 }/,
  ],
  [
    'a scale that says nothing',
    rule('{ name: Up, when: last(cpu) > 1, scale: »{} }'),
    'PLM-117',
    /write { by: 1 }/,
  ],
  [
    'a scale that says two things',
    rule('{ name: Up, when: last(cpu) > 1, scale: { by: 1, »to: 3 } }'),
    'PLM-117',
    /write { by: 1 }/,
  ],
  [
    'atLeast without a percentage',
    rule('{ name: Up, when: last(cpu) > 1, scale: { by: 1, »atLeast: 3 } }'),
    'PLM-117',
    /write { by: 1 }/,
  ],
  [
    'a command as one text',
    fleet('target: { type: process, command: »node app.mjs }'),
    'PLM-112',
    /\[node, app\.mjs\]/,
  ],
  [
    'a number in a command',
    fleet('target: { type: process, command: [sleep, »5] }'),
    'PLM-112',
    /put it in quotes/,
  ],
  ['an empty command', fleet('target: { type: process, command: »[] }'), 'PLM-115', /\[node, app\.mjs\]/],
  [
    'a number in the environment',
    fleet('target: { type: process, command: [a], env: { PORT: »8080 } }'),
    'PLM-112',
    /put it in quotes/,
  ],
  ['a name with a slash', fleet().replace('  web:', '  »we/b:'), 'PLM-115', /a to z, digits/],
  [
    'a metric nobody could name in an expression',
    metric('source: push').replace('  cpu:', '  »c pu:'),
    'PLM-115',
    /no spaces/,
  ],
  ['an address without a port', file('api: { listen: »localhost }'), 'PLM-115', /127\.0\.0\.1:7070/],
  ['a port that cannot be', file('api: { listen: »"127.0.0.1:70700" }'), 'PLM-115', /at most 65535/],
  [
    'another protocol than http',
    metric('source: http-json, url: »"ftp://x", pointer: /a'),
    'PLM-115',
    /127\.0\.0\.1:9000/,
  ],
  [
    'a pointer without a slash',
    metric('source: http-json, url: "http://x", pointer: »a/b'),
    'PLM-115',
    /begin every step with a slash/,
  ],

  // Names of what does not exist
  ['an unknown source', metric('source: »proces, read: cpu'), 'PLM-118', 'did you mean process?'],
  [
    'a source of a later version',
    metric('source: »prometheus, query: up'),
    'PLM-118',
    /known: push, process/,
  ],
  ['an unknown target', fleet('target: { type: »proces, command: [a] }'), 'PLM-118', 'did you mean process?'],
  [
    'an unknown router',
    fleet('router: { type: »proksy, listen: "127.0.0.1:80" }'),
    'PLM-118',
    'did you mean proxy?',
  ],
  [
    'an unknown metric',
    rule(`{ name: Up, when: "avg(»cpuu, 5m) > 80%", ${UP} }`),
    'PLM-220',
    'did you mean "cpu"?',
  ],
  [
    'an unknown metric in single quotes',
    rule(`{ name: Up, when: 'last(cpu) > 1 or avg(»cpuu, 5m) > 80%', ${UP} }`),
    'PLM-220',
    'did you mean "cpu"?',
  ],
  [
    'an unknown metric in a block',
    fleet(
      'rules:',
      '  - name: Up',
      '    scale: { by: 1 }',
      '    when: >',
      '      last(cpu) > 80%',
      '      and last(»cpuu) > 1',
    ),
    'PLM-220',
    'did you mean "cpu"?',
  ],
  [
    'an unknown metric after an escape',
    rule(`{ name: Up, when: "avg(\\x63pu, 5m) > 1 or last(»cpuu) > 1", ${UP} }`),
    'PLM-220',
    'did you mean "cpu"?',
  ],
  [
    'an unknown KPI',
    fleet('kpis: { busy: { goal: last(cpu) < 80% } }', `rules: [ { name: Up, when: »bussy is red, ${UP} } ]`),
    'PLM-221',
    'did you mean "busy"?',
  ],
  ['an unknown metric in a count', fleet('target: { type: none, count: last(»replicas) }'), 'PLM-220', /cpu/],
  ['a number where a condition should be', rule(`{ name: Up, when: »last(cpu), ${UP} }`), 'PLM-232', /.+/],
  ['an empty condition', rule(`{ name: Up, when: "»", ${UP} }`), 'PLM-200', /.+/],
  ['units that do not compare', rule(`{ name: Up, when: "»avg(cpu, 5m) > 300ms", ${UP} }`), 'PLM-240', /.*/],
  [
    'an unknown schedule',
    fleet('constraints: [ { name: Peak, min: 3, max: 4, schedule: »peek } ]'),
    'PLM-131',
    'did you mean peak?',
  ],
  [
    'an unknown schedule of a rule',
    rule(`{ name: Up, when: last(cpu) > 1, ${UP}, during: »office }`),
    'PLM-131',
    'known: peak',
  ],
  [
    'an unknown time zone',
    schedule('daily: true, duration: 2h, timeZone: »Europe/Lundon'),
    'PLM-137',
    'did you mean Europe/London?',
  ],
  [
    'a time zone by its city',
    schedule('daily: true, duration: 2h, timeZone: »London'),
    'PLM-137',
    'did you mean Europe/London?',
  ],
  ['an impossible offset', schedule('daily: true, duration: 2h, timeZone: »"+25:00"'), 'PLM-137', /\+02:00/],

  // What does not fit together
  ['min above max', fleet('capacity: { min: »6, max: 5 }'), 'PLM-134', 'swap them, or correct one'],
  [
    'a default above max',
    fleet('capacity: { min: 1, max: 5, default: »9 }'),
    'PLM-135',
    'choose a default from min to max',
  ],
  [
    'a default below min',
    fleet('constraints: [ { name: Peak, min: 3, max: 4, default: »1 } ]'),
    'PLM-135',
    'choose a default from min to max',
  ],
  [
    'two rules of one name',
    rule(`{ name: Up, when: last(cpu) > 1, ${UP} }, { name: »Up, when: last(cpu) > 2, ${UP} }`),
    'PLM-136',
    /different names/,
  ],
  [
    'two constraints of one name',
    fleet(
      'constraints: [ { name: Peak, min: 3, max: 4, schedule: peak }, { name: »Peak, min: 3, max: 4, schedule: peak } ]',
    ),
    'PLM-136',
    /different names/,
  ],
  [
    'a constraint named like the capacity',
    fleet(
      'capacity: { min: 1, max: 2 }',
      'constraints: [ { name: »capacity, min: 3, max: 4, schedule: peak } ]',
    ),
    'PLM-136',
    /different names/,
  ],
  [
    'a KPI that tests a KPI',
    fleet('kpis: { a: { goal: last(cpu) < 1 }, b: { goal: »a is red } }'),
    'PLM-133',
    'write out the condition of a instead',
  ],
  [
    'a schedule without days',
    schedule('»start: "08:00", duration: 2h').replace('{ »', '»{ '),
    'PLM-117',
    /daily: true/,
  ],
  [
    'a schedule with two recurrences',
    schedule('daily: true, »weekly: { days: [monday] }, duration: 2h'),
    'PLM-117',
    'delete one of them',
  ],
  ['a schedule that never ends', schedule('»daily: true').replace('{ »', '»{ '), 'PLM-117', /duration: 2h/],
  [
    'a schedule that ends twice',
    schedule('daily: true, duration: 2h, »end: "10:00"'),
    'PLM-117',
    'delete one of them',
  ],
  [
    'a one-off with a duration',
    schedule('between: { from: 2026-12-24, to: 2026-12-25 }, »duration: 2h'),
    'PLM-117',
    'delete one of them',
  ],
  [
    'a one-off that ends first',
    schedule('between: { from: 2026-12-25, to: »2026-12-24 }'),
    'PLM-138',
    /swap them/,
  ],
  [
    'a date that does not exist',
    schedule('daily: true, duration: 2h, startDate: »2026-02-30'),
    'PLM-138',
    /YYYY-MM-DD/,
  ],
  [
    'a day no year has',
    schedule('yearly: { month: 4, dayOfMonth: »31 }, duration: 2h'),
    'PLM-138',
    /correct the month/,
  ],
  [
    'dates in the wrong order',
    schedule('daily: true, duration: 2h, startDate: 2026-03-01, endDate: »2026-02-01'),
    'PLM-138',
    /swap them/,
  ],
  ['a time of day without a zero', schedule('daily: true, duration: 2h, start: »8:00'), 'PLM-115', /"08:00"/],
  ['a short name of a day', schedule('weekly: { days: [»mon] }, duration: 2h'), 'PLM-113', null],
  [
    'a cron expression that is none',
    schedule('cron: »every monday, duration: 2h'),
    'PLM-139',
    /0 8 \* \* 1-5/,
  ],
  [
    'a cron expression and a start',
    schedule('cron: "0 8 * * *", »start: "08:00", duration: 2h'),
    'PLM-117',
    'delete one of them',
  ],
  [
    'an API open to others without a token',
    file('api: { listen: »"0.0.0.0:7070" }'),
    'PLM-141',
    /token: "\$\{env:PLIMSOLL_TOKEN\}"/,
  ],
  [
    'a proxy on the port of the API',
    fleet('router: { type: proxy, listen: »"127.0.0.1:7070" }'),
    'PLM-142',
    'give each its own port',
  ],
  [
    'two proxies on one port',
    [
      fleet('router: { type: proxy, listen: "0.0.0.0:8080" }'),
      '  shop:',
      '    capacity: { min: 1, max: 2 }',
      '    router: { type: proxy, listen: »"localhost:8080" }',
    ].join('\n'),
    'PLM-142',
    'give each its own port',
  ],

  // References
  [
    'a variable that is not set',
    file('api: { token: "»${env:PLIMSOLL_TOKEN}" }'),
    'PLM-126',
    /export PLIMSOLL_TOKEN=/,
  ],
  [
    'a variable inside a text',
    metric('source: http-json, pointer: /a, url: "http://x/»${env:WHERE}/y"'),
    'PLM-126',
    /export WHERE=/,
  ],
  [
    'a file that does not exist',
    metric('source: http-json, pointer: /a, url: "http://x/»${file:secret.txt}"'),
    'PLM-127',
    /folder of the configuration file/,
  ],
  [
    'a reference to something else',
    metric('source: http-json, pointer: /a, url: "http://x/»${WHERE}"'),
    'PLM-125',
    /\$\{env:NAME\}/,
  ],
  [
    'a reference left open',
    metric('source: http-json, pointer: /a, url: "http://x/»${env:WHERE"'),
    'PLM-125',
    /add the missing }/,
  ],
  [
    'a secret that is too short',
    file('api: { token: »abc }'),
    'PLM-115',
    'make one with: openssl rand -hex 16',
  ],
]

function bomb(): string {
  const lines = ['a: &a0 [x, x, x, x, x, x, x, x, x, x]']
  for (let level = 1; level <= 9; level += 1) {
    const items = Array.from({ length: 10 }, () => `*a${level - 1}`).join(', ')
    lines.push(`b${level}: &a${level} [${items}]`)
  }
  // Three levels unfold to 1,110 values; the fourth line passes 10,000 at its ninth alias.
  return lines.join('\n')
}

function deep(): string {
  return Array.from(
    { length: 33 },
    (_, level) => `${' '.repeat(level)}${level === 32 ? 'a: »1' : 'a:'}`,
  ).join('\n')
}

function marked(text: string): { text: string; line: number; column: number } | null {
  const at = text.indexOf('»')
  if (at < 0) return null
  const before = text.slice(0, at).split('\n')
  return { text: text.replace('»', ''), line: before.length, column: (before.at(-1) ?? '').length + 1 }
}

describe('a file with one mistake', () => {
  it.each(ROWS)('says what is wrong with %s, where, and what to do', (_mistake, text, code, hint) => {
    const place = marked(text)
    const result = load(place?.text ?? text)
    if (result.ok) throw new Error('it was accepted')
    expect(result.problems.map(problem => problem.code)).toEqual([code])
    const [problem] = result.problems
    if (place !== null) {
      expect({ line: problem?.line, column: problem?.column }).toEqual({
        line: place.line,
        column: place.column,
      })
    }
    if (hint === null || typeof hint === 'string') expect(problem?.hint).toBe(hint)
    else expect(problem?.hint ?? '').toMatch(hint)
  })

  it('is there for every code of an error in the text of a file', () => {
    const elsewhere = ['PLM-100', 'PLM-143']
    const errors = Object.values(CODES).filter(code => code < 'PLM-150' && !elsewhere.includes(code))
    const covered = ROWS.map(([, , code]) => code)
    expect(errors.filter(code => !covered.includes(code))).toEqual([])
  })
})

describe('a file with several mistakes', () => {
  const text = `plimsoll: 1
metrcs: {}
metrics:
  cpu: { source: process, read: cpu, every: 5 }
fleets:
  web:
    capacity: { min: 6, max: 5 }
    rules:
      - { name: Up, when: "avg(cpuu, 5m) > 80%", scale: { by: 1 }, coldown: 5m }
      - { name: Up, when: "avg(cpu, 5m) >", scale: {} }
  shop:
    every: 1s
`
  it('says all of them at once, in the order of the file', () => {
    const result = load(text)
    if (result.ok) throw new Error('it was accepted')
    const found = result.problems.map(({ code, line, column }) => `${line}:${column} ${code}`)
    expect(found).toEqual([
      '2:1 PLM-110',
      '4:45 PLM-116',
      '7:22 PLM-134',
      '9:32 PLM-220',
      '9:68 PLM-110',
      '10:17 PLM-136',
      '10:42 PLM-208',
      '10:52 PLM-117',
      '11:3 PLM-111',
    ])
  })

  it('names the place in the tree, too', () => {
    const result = load(text)
    if (result.ok) throw new Error('it was accepted')
    expect(result.problems.map(problem => problem.path)).toEqual([
      'metrcs',
      'metrics.cpu.every',
      'fleets.web.capacity.min',
      'fleets.web.rules[0].when',
      'fleets.web.rules[0].coldown',
      'fleets.web.rules[1].name',
      'fleets.web.rules[1].when',
      'fleets.web.rules[1].scale',
      'fleets.shop.capacity',
    ])
  })
})
