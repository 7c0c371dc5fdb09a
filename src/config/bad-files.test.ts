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

  // Rules that look ahead
  [
    'a rule that serves with nothing',
    rule('{ name: S, serve: { metric: last(cpu), perInstance: »0%, slo: 99% } }'),
    'PLM-114',
    /one ready instance can serve/,
  ],
  [
    'a forecast that serves with less than nothing',
    rule('{ name: S, forecast: { metric: last(cpu), perInstance: »-5 } }'),
    'PLM-114',
    /one ready instance can serve/,
  ],
  [
    'all of the demand',
    rule('{ name: S, serve: { metric: last(cpu), perInstance: 60, slo: »100% } }'),
    'PLM-114',
    'write 99.5%',
  ],
  [
    'half of the demand',
    rule('{ name: S, serve: { metric: last(cpu), perInstance: 60, slo: »50% } }'),
    'PLM-114',
    'write 99.5%',
  ],
  [
    'a quantile of a half',
    rule('{ name: S, forecast: { metric: last(cpu), perInstance: 60, quantile: »0.5 } }'),
    'PLM-114',
    'write 95%',
  ],
  [
    'no share to serve',
    rule('{ name: S, »serve: { metric: last(cpu), perInstance: 60 } }'),
    'PLM-111',
    'add slo: ...',
  ],
  [
    'what an instance serves in another unit',
    rule('{ name: S, serve: { metric: last(cpu), perInstance: »300ms, slo: 99% } }'),
    'PLM-240',
    /its own unit/,
  ],
  [
    'an unknown metric to serve',
    rule('{ name: S, serve: { metric: last(»cpus), perInstance: 60, slo: 99% } }'),
    'PLM-220',
    /cpu/,
  ],
  [
    'an unknown key of a forecast',
    rule('{ name: S, forecast: { metric: last(cpu), perInstance: 60, »slo: 99% } }'),
    'PLM-110',
    /known keys/,
  ],
  [
    'an unknown time zone of a forecast',
    rule('{ name: S, forecast: { metric: last(cpu), perInstance: 60, timeZone: »Europe/Lundon } }'),
    'PLM-137',
    'did you mean Europe/London?',
  ],
  [
    'a number for a time zone of a forecast',
    rule('{ name: S, forecast: { metric: last(cpu), perInstance: 60, timeZone: »2 } }'),
    'PLM-112',
    /Europe\/London/,
  ],
  [
    'a rule that serves and scales',
    rule(`{ name: S, serve: { metric: last(cpu), perInstance: 60, slo: 99% }, »${UP} }`),
    'PLM-117',
    /says itself how many/,
  ],
  [
    'a rule of two kinds that look ahead',
    rule(
      '{ name: S, serve: { metric: last(cpu), perInstance: 60, slo: 99% }, »forecast: { metric: last(cpu), perInstance: 60 } }',
    ),
    'PLM-117',
    'delete one of them',
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
  ['a share in percent without its sign', fleet('quorum: »99.5'), 'PLM-114', 'did you mean 99.5%?'],
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
  ['across without a grain', metric('source: push, »across: sum'), 'PLM-117', /grain: 1m/],
  ['a grain that is too short', metric('source: push, grain: »10ms'), 'PLM-114', /1s/],
  [
    'a filter that is no list',
    metric('source: push, filter: { region: »eu }'),
    'PLM-112',
    /write region: \[eu, us\]/,
  ],
  [
    'a number as the value of a label',
    metric('source: push, filter: { region: [»7] }'),
    'PLM-112',
    /put it in quotes/,
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

  // The kinds of rules
  ['a rule of no kind', rule(`»{ name: Up, set: {} }`), 'PLM-117', /^add one of them/],
  [
    'a rule of two kinds',
    rule('{ name: Up, when: last(cpu) > 1, »match: last(cpu), scale: { by: 1 } }'),
    'PLM-117',
    'delete one of them',
  ],
  [
    'a rule without an effect',
    rule('»{ name: Up, when: last(cpu) > 1 }'),
    'PLM-111',
    /add scale: \{ by: 1 \}, or/,
  ],
  [
    'a tracking rule that scales',
    rule(`{ name: Up, track: { metric: last(cpu), target: 60% }, »${UP} }`),
    'PLM-117',
    '"track" says itself how many are wanted: delete "scale"',
  ],
  [
    'a step rule that waits',
    rule('{ name: Up, steps: { of: last(cpu), threshold: 60, bands: [{ from: 0, by: 1 }] }, »for: 1m }'),
    'PLM-117',
    'delete it, or use "when"',
  ],
  [
    'a misspelt kind',
    rule('{ name: Up, when: last(cpu) > 1, scale: { by: 1 }, »trak: {} }'),
    'PLM-110',
    'did you mean track?',
  ],
  ['a target missing', rule('{ name: Up, »track: { metric: last(cpu) } }'), 'PLM-111', 'add target: ...'],
  [
    'a misspelt target',
    rule('{ name: Up, track: { metric: last(cpu), target: 60%, »tolerence: 1% } }'),
    'PLM-110',
    'did you mean tolerance?',
  ],
  [
    'a target of another unit',
    rule('{ name: Up, track: { metric: last(cpu), target: »300ms } }'),
    'PLM-240',
    /./,
  ],
  ['a target in words', rule('{ name: Up, track: { metric: last(cpu), target: »high } }'), 'PLM-115', /60%/],
  [
    'a target of nothing',
    rule('{ name: Up, track: { metric: last(cpu), target: »0 } }'),
    'PLM-114',
    'choose one above 0',
  ],
  [
    'a target below nothing',
    rule('{ name: Up, track: { metric: last(cpu), target: »-5% } }'),
    'PLM-114',
    'choose one above 0',
  ],
  [
    'an unknown metric to track',
    rule('{ name: Up, track: { metric: last(»cpuu), target: 60% } }'),
    'PLM-220',
    'did you mean "cpu"?',
  ],
  [
    'a condition to track',
    rule('{ name: Up, track: { metric: »last(cpu) > 1, target: 60% } }'),
    'PLM-233',
    /./,
  ],
  [
    'a tolerance over the whole',
    rule('{ name: Up, track: { metric: last(cpu), target: 60%, tolerance: »130% } }'),
    'PLM-114',
    /25%/,
  ],
  [
    'a misspelt side of a tolerance',
    rule('{ name: Up, track: { metric: last(cpu), target: 60%, tolerance: { »inn: 1% } } }'),
    'PLM-110',
    'did you mean in?',
  ],
  ['a match that is a condition', rule('{ name: Up, match: »last(cpu) > 1 }'), 'PLM-233', /./],
  [
    'steps without bands',
    rule('{ name: Up, »steps: { of: last(cpu), threshold: 60 } }'),
    'PLM-111',
    'add bands: ...',
  ],
  [
    'steps with an empty list of bands',
    rule('{ name: Up, steps: { of: last(cpu), threshold: 60, bands: »[] } }'),
    'PLM-114',
    null,
  ],
  [
    'a threshold of another unit',
    rule('{ name: Up, steps: { of: last(cpu), threshold: »2GiB, bands: [{ from: 0, by: 1 }] } }'),
    'PLM-240',
    /./,
  ],
  [
    'a band of another unit',
    rule('{ name: Up, steps: { of: last(cpu), threshold: 60%, bands: [{ from: »5m, by: 1 }] } }'),
    'PLM-240',
    /./,
  ],
  [
    'a misspelt rounding',
    rule('{ name: Up, steps: { of: last(cpu), threshold: 60, rounding: »towards-zro, bands: [{ by: 1 }] } }'),
    'PLM-113',
    'did you mean towards-zero?',
  ],
  [
    'a band that goes nowhere',
    rule('{ name: Up, steps: { of: last(cpu), threshold: 60, bands: [»{ from: 0 }] } }'),
    'PLM-117',
    'write by: 1, by: "10%" or count: 10',
  ],
  [
    'a band that goes two ways',
    rule('{ name: Up, steps: { of: last(cpu), threshold: 60, bands: [{ from: 0, by: 1, »count: 5 }] } }'),
    'PLM-117',
    'delete one of them',
  ],
  [
    'a misspelt key of a band',
    rule('{ name: Up, steps: { of: last(cpu), threshold: 60, bands: [{ »form: 0, by: 1 }] } }'),
    'PLM-110',
    'did you mean from?',
  ],
  [
    'an empty band',
    rule('{ name: Up, steps: { of: last(cpu), threshold: 60, bands: [{ from: »10, to: 0, by: 1 }] } }'),
    'PLM-144',
    'swap "from" and "to", or correct one',
  ],
  [
    'bands that overlap',
    rule(
      '{ name: Up, steps: { of: last(cpu), threshold: 60, bands: [{ from: 0, to: 10, by: 1 }, »{ from: 9, by: 2 }] } }',
    ),
    'PLM-144',
    'let each band begin where another one ends',
  ],
  [
    'atLeast with a count of a band',
    rule('{ name: Up, steps: { of: last(cpu), threshold: 60, bands: [{ by: 1, »atLeast: 2 }] } }'),
    'PLM-117',
    /./,
  ],

  // What rules do besides scaling
  [
    'an unknown setting',
    fleet('settings: { quality: high }', 'rules: [ { name: Up, when: ready > 1, set: { »qualiti: low } } ]'),
    'PLM-132',
    'did you mean quality?',
  ],
  [
    'a setting of another type',
    fleet('settings: { quality: high }', 'rules: [ { name: Up, when: ready > 1, set: { quality: »3 } } ]'),
    'PLM-145',
    /same type/,
  ],
  [
    'a setting that is a list',
    fleet('settings: { quality: high }', 'rules: [ { name: Up, when: ready > 1, set: { quality: »[a] } } ]'),
    'PLM-112',
    /true, 20 or high/,
  ],
  [
    'a setting when there are none',
    fleet('rules: [ { name: Up, when: ready > 1, set: { »quality: low } } ]'),
    'PLM-132',
    'define it under "settings:" of the fleet',
  ],
  [
    'a setting without a default',
    fleet('settings: { »quality: { description: x } }'),
    'PLM-111',
    'add default: ...',
  ],
  [
    'a misspelt key of a setting',
    fleet('settings: { quality: { default: 1, »descripton: x } }'),
    'PLM-110',
    'did you mean description?',
  ],
  ['a list as a setting', fleet('settings: { quality: »[high] }'), 'PLM-112', /true, 20 or high/],
  [
    'an unknown notifier',
    file('notifiers: { ops: { type: slack, url: "http://x/" } }').replace(
      'capacity',
      'rules: [ { name: Up, when: ready > 1, notify: »opps } ]\n    capacity',
    ),
    'PLM-132',
    'did you mean ops?',
  ],
  [
    'an unknown notifier in a list',
    file('notifiers: { ops: { type: slack, url: "http://x/" } }').replace(
      'capacity',
      'rules: [ { name: Up, when: ready > 1, notify: [ops, »boss] } ]\n    capacity',
    ),
    'PLM-132',
    'known: ops',
  ],
  [
    'an unknown action',
    rule('{ name: Up, when: ready > 1, run: »provision }'),
    'PLM-132',
    'define it under "actions:"',
  ],
  [
    'names that are a mapping',
    rule('{ name: Up, when: ready > 1, notify: »{ ops: true } }'),
    'PLM-112',
    /write ops, or \[ops\]/,
  ],
  [
    'an unknown fleet to scale',
    rule('{ name: Up, when: ready > 1, scale: { fleet: »wep, by: 1 } }'),
    'PLM-132',
    'did you mean web?',
  ],
  [
    'a settings webhook without an address',
    fleet('»settingsWebhook: { secret: abcdefgh }'),
    'PLM-111',
    'add url: ...',
  ],
  [
    'a misspelt settings webhook',
    fleet('»settingsWebhok: { url: "http://x/" }'),
    'PLM-110',
    'did you mean settingsWebhook?',
  ],
  ['a settings webhook on no address', fleet('settingsWebhook: { url: »x }'), 'PLM-115', /http/],

  // Who is told, and custom actions
  [
    'a notifier of an unknown type',
    file('notifiers: { ops: { type: »emial } }'),
    'PLM-118',
    'did you mean email?',
  ],
  ['a notifier without a type', file('notifiers: { »ops: { url: "http://x/" } }'), 'PLM-111', /known: email/],
  [
    'a misspelt key of a notifier',
    file('notifiers: { ops: { type: slack, »ulr: "http://x/", url: "http://y/" } }'),
    'PLM-110',
    'did you mean url?',
  ],
  [
    'an e-mail to nobody',
    file('notifiers: { »ops: { type: email, from: a@b.org, smtp: "smtp://x" } }'),
    'PLM-111',
    'add to: ...',
  ],
  [
    'an e-mail server that is none',
    file('notifiers: { ops: { type: email, to: a@b.org, from: a@b.org, smtp: »mail.example.org } }'),
    'PLM-115',
    /smtp:\/\//,
  ],
  [
    'an unknown event',
    file('notifiers: { ops: { type: slack, url: "http://x/", on: [scaled, »faild] } }'),
    'PLM-113',
    'did you mean failed?',
  ],
  [
    'a scale set without the id of a subscription',
    fleet('target: { type: azure-vmss, subscription: »shop, resourceGroup: a, scaleSet: a }'),
    'PLM-115',
    /az account show/,
  ],
  [
    'a resource manager without TLS',
    fleet(
      'target: { type: azure-vmss, endpoint: »http://x, subscription: 00000000-0000-4000-8000-000000000001, resourceGroup: a, scaleSet: a }',
    ),
    'PLM-115',
    /https/,
  ],
  [
    'launches by zone that are to be kept in a ledger',
    fleet(
      'target: { type: azure-vmss, subscription: 00000000-0000-4000-8000-000000000001, resourceGroup: a, scaleSet: a, ledger: true, zones: »[1, 2] }',
    ),
    'PLM-117',
    /delete "ledger", or delete "zones"/,
  ],
  [
    'another way to let instances of a scale set go',
    fleet(
      'target: { type: azure-vmss, subscription: 00000000-0000-4000-8000-000000000001, resourceGroup: a, scaleSet: a, scaleIn: »dealocate }',
    ),
    'PLM-113',
    'did you mean deallocate?',
  ],
  [
    'an App Service plan without its name',
    fleet(
      '»target: { type: azure-app-service-plan, subscription: 00000000-0000-4000-8000-000000000001, resourceGroup: a }',
    ),
    'PLM-111',
    /plan/,
  ],
  [
    'a misspelt key of a plan',
    fleet(
      'target: { type: azure-app-service-plan, subscription: 00000000-0000-4000-8000-000000000001, resourceGroup: a, plan: a, »ledgr: true }',
    ),
    'PLM-110',
    'did you mean ledger?',
  ],
  [
    'a webhook in an unknown format',
    file('notifiers: { ops: { type: webhook, url: "http://x/", format: »azur } }'),
    'PLM-113',
    'did you mean azure?',
  ],
  [
    'an action of an unknown type',
    file('actions: { a: { type: »comand } }'),
    'PLM-118',
    'did you mean command?',
  ],
  ['an action without a command', file('actions: { »a: { type: command } }'), 'PLM-111', 'add command: ...'],
  [
    'a misspelt key of an action',
    file('actions: { a: { type: webhook, url: "http://x/", »timout: 1s } }'),
    'PLM-110',
    'did you mean timeout?',
  ],
  [
    'a time without a unit in an action',
    file('actions: { a: { type: function, timeout: »5 } }'),
    'PLM-116',
    'write 5m or 5s',
  ],

  // Guards, presets and modes
  ['an unknown preset', fleet('preset: »azur'), 'PLM-113', 'did you mean azure?'],
  [
    'a fleet of another preset without capacity',
    'plimsoll: 1\nfleets:\n  »web: { preset: aws }',
    'PLM-111',
    'add capacity: ...',
  ],
  ['an unknown mode', fleet('mode: »notfy'), 'PLM-113', 'did you mean notify?'],
  ['an approval without a unit', fleet('approval: { expires: »30 }'), 'PLM-116', 'write 30m or 30s'],
  ['a misspelt key of an approval', fleet('approval: { »expire: 30m }'), 'PLM-110', 'did you mean expires?'],
  ['a quota of nothing', fleet('quota: »0'), 'PLM-114', null],
  ['a rate limit of nothing', fleet('rateLimits: { out: [»{ per: 1m }] }'), 'PLM-117', /instances: 4/],
  [
    'a rate limit of both',
    fleet('rateLimits: { in: [{ instances: 1, »percent: 10%, per: 1m }] }'),
    'PLM-117',
    'delete one of them',
  ],
  [
    'a rate limit without a period',
    fleet('rateLimits: { out: [»{ instances: 1 }] }'),
    'PLM-111',
    'add per: ...',
  ],
  [
    'a percentage without its sign',
    fleet('rateLimits: { out: [{ percent: »50, per: 1m }] }'),
    'PLM-115',
    'write 50%',
  ],
  ['a rate limit that is no list', fleet('rateLimits: { out: »{ instances: 1, per: 1m } }'), 'PLM-112', null],
  ['a misspelt direction of rate limits', fleet('rateLimits: { »outt: [] }'), 'PLM-110', 'did you mean out?'],
  ['an unknown choice among rate limits', fleet('rateLimits: { select: »most }'), 'PLM-113', null],
  [
    'a misspelt key of the billing hour',
    fleet('billingHour: { »inlast: 10m }'),
    'PLM-110',
    'did you mean inLast?',
  ],
  [
    'a billing hour of two hours',
    fleet('billingHour: { inLast: »2h }'),
    'PLM-114',
    'the longest allowed is 1h',
  ],
  [
    'growing by age',
    fleet('billingHour: { by: age, »outFirst: 5m, inLast: 10m }'),
    'PLM-117',
    'leave out outFirst, or write by: wall-clock',
  ],
  [
    'paid hours by age, and nothing to hold',
    fleet('billingHour: { by: »age }'),
    'PLM-111',
    'add inLast: 10m',
  ],
  [
    'paid hours by the age of a mere count',
    fleet('target: { type: none, count: "3" }\n    billingHour: { by: »age, inLast: 10m }'),
    'PLM-113',
    'write by: wall-clock',
  ],
  [
    'an outage guard of nothing',
    fleet('»outageGuard: { drop: 80%, within: 5m, hold: 15m }'),
    'PLM-111',
    'add of: ...',
  ],
  [
    'an outage guard of an unknown metric',
    fleet('outageGuard: { of: last(»reqests), drop: 80%, within: 5m, hold: 15m }'),
    'PLM-220',
    /cpu/,
  ],
  [
    'a misspelt key of the outage guard',
    fleet('outageGuard: { of: last(cpu), drop: 80%, within: 5m, hold: 15m, »holds: 1m }'),
    'PLM-110',
    'did you mean hold?',
  ],
  ['growDuringWarmup in words', fleet('growDuringWarmup: »never'), 'PLM-112', null],

  // Scale groups
  ['a group without fleets', file('groups: { »shop: {} }'), 'PLM-111', 'add fleets: ...'],
  ['a group of none', file('groups: { shop: { fleets: »{} } }'), 'PLM-111', /web: 3/],
  [
    'a group of an unknown fleet',
    file('groups: { shop: { fleets: { »wep: 1 } } }'),
    'PLM-132',
    'did you mean web?',
  ],
  ['a ratio of nothing', file('groups: { shop: { fleets: { web: »0 } } }'), 'PLM-114', null],
  [
    'a group named like a fleet',
    file('groups: { »web: { fleets: { web: 1 } } }'),
    'PLM-136',
    /groups and fleets/,
  ],
  [
    'a misspelt key of a group',
    file('groups: { shop: { fleets: { web: 1 }, »rule: [] } }'),
    'PLM-110',
    'did you mean rules?',
  ],
  [
    'a rule of a group that scales one fleet',
    file(
      'groups: { shop: { fleets: { web: 1 }, rules: [ { name: Up, when: ready > 1, scale: { fleet: »web, by: 1 } } ] } }',
    ),
    'PLM-146',
    /delete "fleet"/,
  ],
  [
    'a reserve of a fleet whose slots nobody said',
    fleet('rules: [ { name: Room, reserve: »{ slots: 20 } } ]'),
    'PLM-147',
    'add sessions: { slotsPerInstance: 20 }',
  ],
  [
    'a router that can only ask for the load',
    fleet('router: »{ type: http }'),
    'PLM-148',
    /close: POST \/drain/,
  ],
  [
    'two rules of one name in a group',
    file(
      `groups: { shop: { fleets: { web: 1 }, rules: [ { name: Up, when: ready > 1, ${UP} }, { name: »Up, when: ready > 2, ${UP} } ] } }`,
    ),
    'PLM-136',
    /./,
  ],
  [
    'a KPI that not every fleet of a group has',
    file(
      '  db: { capacity: { min: 1, max: 2 }, kpis: { busy: { goal: last(cpu) < 1 } } }',
      `groups: { shop: { fleets: { web: 1, db: 1 }, rules: [ { name: Up, when: »busy is red, ${UP} } ] } }`,
    ),
    'PLM-221',
    /./,
  ],
  [
    'a setting that not every fleet of a group has',
    file(
      '  db: { capacity: { min: 1, max: 2 }, settings: { quality: high } }',
      'groups: { shop: { fleets: { web: 1, db: 1 }, rules: [ { name: Up, when: ready > 1, set: { »quality: low } } ] } }',
    ),
    'PLM-132',
    /./,
  ],
  [
    'bounds of a group in the wrong order',
    file('groups: { shop: { fleets: { web: 1 }, constraints: [ { name: Peak, min: »3, max: 2 } ] } }'),
    'PLM-134',
    'swap them, or correct one',
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
