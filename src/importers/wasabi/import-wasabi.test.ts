import { describe, expect, it } from 'vitest'
import { type ConfigProblem, parseConfig } from '../../config/load.ts'
import type { Spec } from '../../model/spec.ts'
import type { Imported } from '../finding.ts'
import { ImportError } from '../import-error.ts'
import { importWasabi } from './import-wasabi.ts'
import {
  ALWAYS,
  BUSY,
  CPU,
  QUEUE,
  reactiveXml,
  rulesXml,
  type ServicesParts,
  servicesXml,
  WHOLE_RULES,
  WHOLE_SERVICES,
} from './xml.fixture.ts'

function imported(rules: string, services?: string): Imported {
  return importWasabi({
    rules: { file: 'rules.xml', text: rules },
    ...(services === undefined ? {} : { services: { file: 'services.xml', text: services } }),
  })
}

function loaded({ text }: Imported): { spec: Spec; warnings: readonly ConfigProblem[] } {
  const result = parseConfig(text, { file: 'plimsoll.yaml', env: {}, readFile: () => '' })
  if (!result.ok) throw new Error(`${JSON.stringify(result.problems)}\n${text}`)
  return result.loaded
}

/** The YAML without its comments, on one line with single spaces. */
function said({ text }: Imported): string {
  return text
    .split('\n')
    .filter(line => !/^\s*#/.test(line))
    .join(' ')
    .replace(/\s+/g, ' ')
}

function report({ findings }: Imported): string[] {
  return findings.map(({ kind, file, line, message }) => `${kind} ${file}:${line} ${message}`)
}

function problemsOf(rules: string, services?: string): readonly string[] {
  try {
    imported(rules, services)
  } catch (error) {
    if (error instanceof ImportError) return error.message.split('\n')
    throw error
  }
  return []
}

function timetable(attributes: string, recurrence = ''): string {
  const range = '<actions><range target="web" min="3" max="9"/></actions>'
  return rulesXml({
    constraints: `<rule name="Peak" rank="7"><timetable ${attributes}>${recurrence}</timetable>${range}</rule>`,
    reactive: BUSY,
  })
}

const DAILY = 'startTime="08:00:00" duration="02:00:00"'

describe('rules of the Application Block: every element and attribute', () => {
  it.each<[string, string, string]>([
    ['rules', rulesXml({ reactive: BUSY }), 'preset: wasabi'],
    ['rules enabled', rulesXml({ reactive: BUSY, attributes: 'enabled="false"' }), 'mode: recommend'],
    ['constraintRules/rule name', rulesXml(), '- name: Always'],
    ['rule without rank', rulesXml(), '- name: Always rank: 0'],
    ['rule rank', timetable(DAILY), '- name: Peak rank: 7'],
    [
      'rule enabled',
      rulesXml({ constraints: ALWAYS.replace('"true"', '"false"') }),
      'rank: 0 enabled: false',
    ],
    ['range target, min, max', rulesXml(), 'min: 2 max: 8'],
    ['no timetable', rulesXml(), 'max: 8'],
    ['timetable startTime, duration', timetable(DAILY), 'schedule: daily: true start: "08:00" duration: 2h'],
    ['timetable without startTime', timetable('duration="1.00:30:00"'), 'start: "00:00" duration: 1470m'],
    [
      'timetable startTime with seconds',
      timetable('startTime="08:00:30" duration="00:00:45"'),
      'start: "08:00:30" duration: 45s',
    ],
    ['timetable startDate', timetable(`${DAILY} startDate="2026-03-01"`), 'startDate: 2026-03-01'],
    ['timetable endDate', timetable(`${DAILY} endDate="2026-04-01"`), 'endDate: 2026-04-01'],
    ['timetable utcOffset', timetable(`${DAILY} utcOffset="-05:30"`), 'timeZone: "-05:30"'],
    ['timetable without utcOffset', timetable(DAILY), 'timeZone: UTC'],
    ['daily', timetable(DAILY, '<daily/>'), 'daily: true'],
    ['weekly days', timetable(DAILY, '<weekly days="Sunday Monday"/>'), 'weekly: { days: [sunday, monday] }'],
    ['weekly days All', timetable(DAILY, '<weekly days="All"/>'), 'daily: true'],
    ['monthly dayOfMonth', timetable(DAILY, '<monthly dayOfMonth="31"/>'), 'monthly: { dayOfMonth: 31 }'],
    [
      'relativeMonthly position dayOfWeek',
      timetable(DAILY, '<relativeMonthly position="Second" dayOfWeek="Day"/>'),
      'relativeMonthly: { position: second, dayOfWeek: day }',
    ],
    [
      'yearly month dayOfMonth',
      timetable(DAILY, '<yearly month="2" dayOfMonth="29"/>'),
      'yearly: { month: 2, dayOfMonth: 29 }',
    ],
    [
      'relativeYearly month dayOfWeek position',
      timetable(DAILY, '<relativeYearly month="11" dayOfWeek="Thursday" position="Fourth"/>'),
      'relativeYearly: { month: 11, position: fourth, dayOfWeek: thursday }',
    ],
    ['reactiveRules/rule name', rulesXml({ reactive: BUSY }), 'rules: - name: Busy rank: 0'],
    [
      'reactive rule rank',
      rulesXml({ reactive: reactiveXml('<all/>', undefined, 'rank="9"') }),
      'rules: - name: Busy rank: 9',
    ],
    [
      'reactive rule enabled',
      rulesXml({ reactive: BUSY.replace('"true"', '"false"') }),
      'rules: - name: Busy rank: 0 enabled: false',
    ],
    ['reactive rule without a rank', rulesXml({ reactive: BUSY }), '- name: Busy rank: 0'],
    [
      'enabled as 1 and 0',
      rulesXml({ constraints: ALWAYS.replace('"true"', '"0"') }),
      'rank: 0 enabled: false',
    ],
    [
      'several ranges of one rule',
      rulesXml({
        constraints: ALWAYS.replace('</actions>', '<range target="jobs" min="1" max="3"/></actions>'),
      }),
      'jobs: preset: wasabi',
    ],
    [
      'several targets of one rule',
      rulesXml({
        constraints: ALWAYS.replace('</actions>', '<range target="jobs" min="1" max="3"/></actions>'),
        reactive: reactiveXml('<all/>', '<scale target="web" by="1"/><scale target="jobs" by="-10%"/>'),
      }),
      'when: "1 == 1" scale: { by: "-10%" }',
    ],
    ['weekly days None and another', timetable(DAILY, '<weekly days="None Friday"/>'), 'days: [friday]'],
    [
      'relativeMonthly Last',
      timetable(DAILY, '<relativeMonthly position="Last" dayOfWeek="Friday"/>'),
      'relativeMonthly: { position: last, dayOfWeek: friday }',
    ],
    ['timetable utcOffset east', timetable(`${DAILY} utcOffset="+14:00"`), 'timeZone: "+14:00"'],
    ['when before or behind actions', WHOLE_RULES, 'or slope(queue, 1h) >= 1e1'],
    [
      'greater',
      rulesXml({ reactive: reactiveXml('<greater operand="cpu" than="75"/>') }),
      '"avg(cpu, 45m) > 75"',
    ],
    [
      'greaterOrEqual',
      rulesXml({ reactive: reactiveXml('<greaterOrEqual operand="cpu" than="75"/>') }),
      '"avg(cpu, 45m) >= 75"',
    ],
    [
      'less',
      rulesXml({ reactive: reactiveXml('<less operand="cpu" than="7.5"/>') }),
      '"avg(cpu, 45m) < 7.5"',
    ],
    [
      'lessOrEqual',
      rulesXml({ reactive: reactiveXml('<lessOrEqual operand="cpu" than="-5"/>') }),
      '"avg(cpu, 45m) <= -5"',
    ],
    [
      'equals operand to',
      rulesXml({ reactive: reactiveXml('<equals operand="cpu" to=".5"/>') }),
      '"avg(cpu, 45m) == 0.5"',
    ],
    [
      'both sides with * and /',
      rulesXml({ reactive: reactiveXml('<less operand="queue / cpu*2" than="3 * cpu / 4"/>') }),
      '"max(queue, 10m) / avg(cpu, 45m) * 2 < 3 * avg(cpu, 45m) / 4"',
    ],
    [
      'all, any, not',
      rulesXml({
        reactive: reactiveXml(
          '<all><any><less operand="cpu" than="1"/><less operand="cpu" than="2"/></any><not><less operand="cpu" than="3"/></not></all>',
        ),
      }),
      '"(avg(cpu, 45m) < 1 or avg(cpu, 45m) < 2) and not (avg(cpu, 45m) < 3)"',
    ],
    ['an empty all is true', rulesXml({ reactive: reactiveXml('<all/>') }), 'when: "1 == 1"'],
    ['an empty any is false', rulesXml({ reactive: reactiveXml('<any/>') }), 'when: "1 == 0"'],
    [
      'scale target by',
      rulesXml({ reactive: reactiveXml('<all/>', '<scale target="web" by="+3"/>') }),
      'scale: { by: 3 }',
    ],
    [
      'scale by less',
      rulesXml({ reactive: reactiveXml('<all/>', '<scale target="web" by="-2"/>') }),
      'scale: { by: -2 }',
    ],
    [
      'scale by percent',
      rulesXml({ reactive: reactiveXml('<all/>', '<scale target="web" by="-12.5%"/>') }),
      'scale: { by: "-12.5%" }',
    ],
    [
      'several scales of one target',
      rulesXml({
        reactive: reactiveXml('<all/>', '<scale target="web" by="50%"/><scale target="web" by="2"/>'),
      }),
      '- name: Busy 2 rank: 0 when: "1 == 1" scale: { by: 2 }',
    ],
    [
      'changeSetting target settingName value',
      rulesXml({
        reactive: reactiveXml('<all/>', '<changeSetting target="web" settingName="Pictures" value="False"/>'),
      }),
      'settings: Pictures: "True" constraints:',
    ],
    [
      'changeSetting in the rule',
      rulesXml({
        reactive: reactiveXml('<all/>', '<changeSetting target="web" settingName="Mode" value="7"/>'),
      }),
      'when: "1 == 1" set: Mode: "7"',
    ],
    ['performanceCounter', rulesXml({ reactive: BUSY }), 'cpu: { source: push, kind: perInstance, every: 1m'],
    [
      'performanceCounter aggregate',
      rulesXml({ reactive: BUSY, operands: CPU.replace('/>', ' aggregate="Min"/>') }),
      '"min(cpu, 45m) > 75"',
    ],
    [
      'queueLength alias queue timespan',
      rulesXml({ reactive: reactiveXml('<less operand="queue" than="1"/>') }),
      'queue: { source: push, kind: total, unit: count',
    ],
    [
      'aggregate Last',
      rulesXml({
        reactive: reactiveXml('<less operand="queue" than="1"/>'),
        operands: QUEUE.replace('Max', 'Last'),
      }),
      '"last(queue, 10m) < 1"',
    ],
    [
      'aggregate Growth',
      rulesXml({
        reactive: reactiveXml('<less operand="queue" than="1"/>'),
        operands: QUEUE.replace('Max', 'Growth'),
      }),
      '"slope(queue, 10m) < 1"',
    ],
    [
      'roleInstanceCount of the role itself',
      rulesXml({
        reactive: reactiveXml('<less operand="n" than="5"/>'),
        operands: '<roleInstanceCount alias="n" role="web" timespan="00:05:00" aggregate="Last"/>',
      }),
      'when: "instances < 5"',
    ],
    [
      'roleInstanceCount over time',
      rulesXml({
        reactive: reactiveXml('<less operand="n" than="5"/>'),
        operands: '<roleInstanceCount alias="n" role="web" timespan="00:05:00" aggregate="Average"/>',
      }),
      'when: "avg(web_instances, 5m) < 5"',
    ],
    [
      'roleInstanceCount of a role without rules',
      rulesXml({
        reactive: reactiveXml('<less operand="n" than="5"/>'),
        operands: '<roleInstanceCount alias="n" role="db" timespan="00:05:00" aggregate="Last"/>',
      }),
      'when: "last(n, 5m) < 5"',
    ],
  ])('%s', (_, rules, yaml) => {
    const answer = imported(rules)
    loaded(answer)
    expect(said(answer)).toContain(yaml)
  })
})

describe('service information: every element and attribute', () => {
  const ONE_GROUP = '<scaleGroup name="front"><roles><role roleAlias="web" ratio="3"/></roles></scaleGroup>'
  const MODES = (mode: string): ServicesParts => ({
    service: `dnsPrefix="shop" scalingMode="${mode}" notificationRecipients="ada@example.org,bob@example.org"`,
  })

  it.each<[string, string, string, string?]>([
    ['serviceModel without a stabilizer', servicesXml(), 'mode: scale constraints:'],
    [
      'stabilizer scaleUpCooldown',
      servicesXml({ stabilizer: '<stabilizer scaleUpCooldown="00:05:00"/>' }),
      'cooldown: { out: 5m, in: 20m }',
    ],
    [
      'stabilizer scaleDownCooldown',
      servicesXml({ stabilizer: '<stabilizer scaleDownCooldown="01:00:00"/>' }),
      'cooldown: { out: 20m, in: 1h }',
    ],
    [
      'scaleUpOnlyInFirstMinutesOfHour',
      servicesXml({ stabilizer: '<stabilizer scaleUpOnlyInFirstMinutesOfHour="15"/>' }),
      'billingHour: { outFirst: 15m }',
    ],
    [
      'scaleDownOnlyInLastMinutesOfHour',
      servicesXml({ stabilizer: '<stabilizer scaleDownOnlyInLastMinutesOfHour="10"/>' }),
      'billingHour: { inLast: 10m }',
    ],
    [
      'stabilizer/role scaleUpOnlyInFirstMinutesOfHour',
      servicesXml({
        stabilizer:
          '<stabilizer scaleUpOnlyInFirstMinutesOfHour="15"><role roleAlias="web" scaleUpOnlyInFirstMinutesOfHour="20"/></stabilizer>',
      }),
      'billingHour: { outFirst: 20m }',
    ],
    [
      'stabilizer/role scaleDownOnlyInLastMinutesOfHour',
      servicesXml({
        stabilizer:
          '<stabilizer><role roleAlias="web" scaleUpCooldown="00:01:00" scaleDownOnlyInLastMinutesOfHour="12"/></stabilizer>',
      }),
      'cooldown: { out: 1m, in: 20m } billingHour: { inLast: 12m }',
    ],
    [
      'stabilizer/group scaleDownCooldown',
      servicesXml({
        groups: ONE_GROUP,
        stabilizer: '<stabilizer><group groupName="front" scaleDownCooldown="00:03:00"/></stabilizer>',
      }),
      'scale: { by: -1 } cooldown: 3m',
      rulesXml({ reactive: reactiveXml('<all/>', '<scale target="front" by="-1"/>') }),
    ],
    ['service without scalingMode', servicesXml({ service: 'dnsPrefix="shop"' }), 'mode: scale constraints:'],
    [
      'minutes of 0 are off',
      servicesXml({ stabilizer: '<stabilizer scaleUpOnlyInFirstMinutesOfHour="0"/>' }),
      'mode: scale constraints:',
    ],
    [
      'stabilizer/role roleAlias',
      servicesXml({
        stabilizer:
          '<stabilizer scaleUpCooldown="00:05:00"><role roleAlias="web" scaleDownCooldown="00:09:00"/></stabilizer>',
      }),
      'cooldown: { out: 5m, in: 9m }',
    ],
    [
      'stabilizer/group groupName',
      servicesXml({
        groups: ONE_GROUP,
        stabilizer: '<stabilizer><group groupName="front" scaleUpCooldown="00:08:00"/></stabilizer>',
      }),
      'scale: { by: 1 } cooldown: 8m',
      rulesXml({ reactive: reactiveXml('<all/>', '<scale target="front" by="1"/>') }),
    ],
    [
      'notificationsCooldown',
      servicesXml({ ...MODES('Notify'), stabilizer: '<stabilizer notificationsCooldown="02:00:00"/>' }),
      'every: 2h',
    ],
    ['without notificationsCooldown', servicesXml(MODES('Notify')), 'every: 30m'],
    ['service scalingMode Scale', servicesXml(MODES('Scale')), 'mode: scale constraints:'],
    ['service scalingMode Notify', servicesXml(MODES('Notify')), 'mode: notify'],
    ['service scalingMode ScaleAndNotify', servicesXml(MODES('ScaleAndNotify')), 'mode: scale-and-notify'],
    [
      'notificationRecipients',
      servicesXml(MODES('Notify')),
      'notifiers: shop: type: email to: ["ada@example.org", "bob@example.org"]',
    ],
    ['what is told in Notify', servicesXml(MODES('Notify')), 'on: [approval-wanted, approval-withdrawn]'],
    ['what is told in ScaleAndNotify', servicesXml(MODES('ScaleAndNotify')), 'on: [scaled, failed]'],
    [
      'scaleGroup name, role roleAlias, ratio',
      servicesXml({ groups: ONE_GROUP }),
      'groups: front: fleets: { web: 3 } constraints: - name: Always rank: 0 min: 1 max: 2',
      rulesXml({
        constraints: '<rule name="Always"><actions><range target="front" min="1" max="2"/></actions></rule>',
      }),
    ],
  ])('%s', (_, services, yaml, rules = rulesXml()) => {
    const answer = imported(rules, services)
    loaded(answer)
    expect(said(answer)).toContain(yaml)
  })

  it.each([
    ['the description of a constraint rule', '# Time 3 (rules.xml:'],
    ['dnsPrefix, slot, role alias and roleName', '# The role "Shop.Web" of the service "petshop" (Staging)'],
    ['wadStorageAccountName', 'in the storage account'],
    [
      'queue alias and queueName, storageAccount alias',
      '# The length of the queue "q-orders" of the storage account "diag".',
    ],
  ])('%s are told in a comment', (_, comment) => {
    expect(imported(WHOLE_RULES, WHOLE_SERVICES).text).toContain(comment)
  })

  it('leaves subscriptions, certificates and connection strings behind, says so, and repeats none of them', () => {
    const answer = imported(WHOLE_RULES, WHOLE_SERVICES)
    const [lost] = report(answer).filter(line => line.includes('subscription "main"'))
    expect(lost).toMatch(/^lost services\.xml:3 /)
    expect(report(answer).some(line => line.startsWith('lost services.xml:4 storage account "diag"'))).toBe(
      true,
    )
    const everything = answer.text + JSON.stringify(answer.findings)
    for (const secret of ['C0FFEE', 'hush', '1b0f', 'LocalMachine']) expect(everything).not.toContain(secret)
  })
})

describe('what the block read from storage accounts', () => {
  const CPU_RULE = reactiveXml('<greater operand="cpu" than="75"/>')
  const QUEUE_RULE = reactiveXml('<greater operand="queue" than="9"/>')
  const files = (connectionString: string, role = 'roleName="Shop.Web" wadStorageAccountName="diag"') =>
    servicesXml({
      roles: `<role alias="web" ${role}/>`,
      accounts: `<storageAccount alias="diag" connectionString="${connectionString}"><queues><queue alias="orders" queueName="q-orders"/></queues></storageAccount>`,
    })
  const NAMED = 'DefaultEndpointsProtocol=https;AccountName=shopdiag;AccountKey=hush=='

  it.each<[string, string, string]>([
    ['a name', NAMED, 'account: shopdiag, '],
    ['a name of digits', 'AccountName=123;AccountKey=hush', 'account: "123", '],
    [
      'a name in another cloud',
      'AccountKey=hush==;AccountName=shopdiag;EndpointSuffix=core.chinacloudapi.cn',
      'account: shopdiag, cloud: china, ',
    ],
    ['the emulator', 'UseDevelopmentStorage=true', 'connection: "UseDevelopmentStorage=true", '],
    [
      'addresses of its own',
      `${NAMED};QueueEndpoint=http://127.0.0.1:10001/shopdiag`,
      'connection: "${env:STORAGE_DIAG}", ',
    ],
    [
      'a signature',
      'QueueEndpoint=https://a.queue.core.windows.net/;SharedAccessSignature=sig=hush',
      'connection: "${env:STORAGE_DIAG}", ',
    ],
    [
      'a cloud that nobody knows',
      'AccountName=shopdiag;AccountKey=hush==;EndpointSuffix=core.elsewhere.net',
      'connection: "${env:STORAGE_DIAG}", ',
    ],
  ])('is reached by %s', (_, connection, keys) => {
    const answer = imported(
      rulesXml({ reactive: QUEUE_RULE + CPU_RULE.replace('Busy', 'Hot') }),
      files(connection),
    )
    expect(said(answer)).toContain(
      `queue: { source: azure-queue, ${keys}queue: q-orders, read: messages, kind: total, unit: count, every: 1m, staleAfter: 5m }`,
    )
    expect(said(answer)).toContain(
      `cpu: { source: azure-table, ${keys}table: WADPerformanceCountersTable, counter: "\\\\Processor(_Total)\\\\% Processor Time", role: Shop.Web, kind: perInstance, every: 1m, staleAfter: 5m }`,
    )
    expect(answer.text + JSON.stringify(answer.findings)).not.toContain('hush')
    const env = { STORAGE_DIAG: 'UseDevelopmentStorage=true' }
    const read = parseConfig(answer.text, { file: 'plimsoll.yaml', env, readFile: () => '' })
    expect(read.ok).toBe(true)
  })

  it('gives each account a variable of its own', () => {
    const services = files('QueueEndpoint=http://127.0.0.1/a').replace(
      '</storageAccount>',
      '</storageAccount><storageAccount alias="DIAG" connectionString="QueueEndpoint=http://127.0.0.1/b"><queues><queue alias="others" queueName="q-others"/></queues></storageAccount>',
    )
    const operands = QUEUE + QUEUE.replace('"queue"', '"more"').replace('orders', 'others')
    const both = reactiveXml('<greater operand="queue" than="more"/>')
    const { text, findings } = imported(rulesXml({ reactive: both, operands }), services)
    expect(text).toContain('connection: "${env:STORAGE_DIAG}", queue: q-orders')
    expect(text).toContain('connection: "${env:STORAGE_DIAG_2}", queue: q-others')
    expect(findings.map(({ message }) => message).join()).toContain(
      'the environment variable STORAGE_DIAG_2,',
    )
  })

  it.each<[string, string]>([
    ['of a role whose diagnostics are nowhere', files(NAMED, 'roleName="Shop.Web"')],
    ['in an account that is not there', files(NAMED, 'wadStorageAccountName="other"')],
    ['in an account without a name', files('AccountKey=hush')],
  ])('is posted where it is %s', (_, services) => {
    expect(said(imported(rulesXml({ reactive: CPU_RULE }), services))).toContain('cpu: { source: push, ')
  })

  it('is posted, too, from a queue whose name no queue can have', () => {
    const services = files(NAMED).replace('q-orders', 'Q')
    expect(said(imported(rulesXml({ reactive: QUEUE_RULE }), services))).toContain('queue: { source: push, ')
  })

  it('says what it takes to read it', () => {
    const found = report(
      imported(rulesXml({ reactive: CPU_RULE }), files(NAMED, 'wadStorageAccountName="diag"')),
    )
    expect(found).toEqual(
      expect.arrayContaining([
        expect.stringMatching(
          /^lost services\.xml:4 storage account "diag": .*"shopdiag", which one signs in to/,
        ),
        expect.stringMatching(/^ambiguous rules\.xml:4 "cpu": the counters of every role and deployment/),
      ]),
    )
  })
})

describe('the whole of both files', () => {
  it('loads, and multiplies the ranges of a group by its ratios', () => {
    const { spec } = loaded(imported(WHOLE_RULES, WHOLE_SERVICES))
    const { web, jobs } = spec.fleets
    expect(web?.constraints.find(({ name }) => name === 'shop/C5')).toMatchObject({
      rank: 6,
      min: 3,
      max: 21,
    })
    expect(jobs?.constraints.find(({ name }) => name === 'shop/C5')).toMatchObject({ min: 1, max: 7 })
    expect(web?.guards).toMatchObject({
      scaleIn: 'any',
      flapping: false,
      cooldownOutMs: 600_000,
      cooldownInMs: 2_400_000,
      cooldownFrom: 'own',
      withoutConstraint: 'hold',
      billingHour: { by: 'wall-clock', outFirstMinutes: 15, inLastMinutes: 10 },
    })
    expect(jobs?.guards).toMatchObject({ cooldownOutMs: 300_000, cooldownInMs: 2_400_000 })
    expect(
      web?.rules.map(({ name, rank, enabled, cooldownMs }) => [name, rank, enabled, cooldownMs]),
    ).toEqual([
      ['Busy', 5, true, null],
      ['shop/Calm', 0, false, 420_000],
    ])
  })

  it('is imported to the same text every time', () => {
    expect(imported(WHOLE_RULES, WHOLE_SERVICES)).toEqual(imported(WHOLE_RULES, WHOLE_SERVICES))
  })

  it('knows everything in it', () => {
    expect(
      report(imported(WHOLE_RULES, WHOLE_SERVICES)).filter(line => line.includes('no counterpart')),
    ).toEqual([expect.stringContaining('what "web" runs on'), expect.stringContaining('what "jobs" runs on')])
  })

  it('is read with https in the namespace, with a byte-order mark, and with Windows line ends', () => {
    const plain = imported(rulesXml({ reactive: BUSY }))
    const https = imported(
      `\uFEFF${rulesXml({ reactive: BUSY }).replace('http:', 'https:').replaceAll('\n', '\r\n')}`,
    )
    expect(https).toEqual(plain)
  })

  it('reads rules without any rule of one kind', () => {
    const empty = rulesXml({ operands: '' }).replace('<reactiveRules></reactiveRules>', '<reactiveRules/>')
    expect(loaded(imported(empty)).spec.fleets.web?.rules).toEqual([])
  })
})

describe('what could not be carried over, or is ambiguous', () => {
  const OWN = '<restart xmlns="urn:mine" target="web"/>'
  it.each<[string, string, string, string?]>([
    [
      'enabled that is not said',
      rulesXml({ constraints: ALWAYS.replace(' enabled="true"', '') }),
      'ambiguous rules.xml:2 nothing says whether what begins in line 2 is enabled: taken as true',
    ],
    [
      'rules disabled as a whole',
      rulesXml({ attributes: 'enabled="false"' }),
      'changed rules.xml:1 the rules are disabled as a whole',
    ],
    [
      'the cooldown, with a stabilizer',
      rulesXml(),
      'ambiguous services.xml:2 the cooldown is read as that of the direction asked for; it runs',
      servicesXml({ stabilizer: '<stabilizer/>' }),
    ],
    [
      'the cooldown, without',
      rulesXml(),
      'ambiguous rules.xml:1 the cooldown is read as that of the direction asked for; no stabilizer says it, so it is 20 minutes',
    ],
    [
      'plain thresholds that meet',
      rulesXml({
        reactive:
          BUSY +
          reactiveXml('<less operand="cpu" than="75"/>', '<scale target="web" by="-1"/>').replace(
            'Busy',
            'Calm',
          ),
      }),
      'advice rules.xml:3 no margin between "Busy" and "Calm"',
    ],
    [
      'thresholds that meet inside any',
      rulesXml({
        reactive:
          BUSY +
          reactiveXml(
            '<any><not><greater operand="cpu" than="75"/></not></any>',
            '<scale target="web" by="-1"/>',
          ).replace('Busy', 'Calm'),
      }),
      'ambiguous rules.xml:3 "Busy" and "Calm" of "web" have thresholds that meet',
    ],
    [
      'equal ranks of constraints',
      rulesXml({ constraints: ALWAYS + ALWAYS.replace('Always', 'Also') }),
      'ambiguous rules.xml:2 "Always" and "Also" of "web" have the rank 0',
    ],
    [
      'an own action',
      rulesXml({ reactive: reactiveXml('<all/>', `<scale target="web" by="1"/>${OWN}`) }),
      'lost rules.xml:3 the action <restart> of "Busy" is one of your own',
    ],
    [
      'a rule of own actions only',
      rulesXml({ reactive: reactiveXml('<all/>', OWN) }),
      'lost rules.xml:3 the reactive rule "Busy" has no action that can be carried over',
    ],
    [
      'an own condition',
      rulesXml({ reactive: reactiveXml('<all><fullMoon/></all>') }),
      'lost rules.xml:3 the condition <fullMoon> is one of your own: the rule "Busy" is left out',
    ],
    [
      'an own operand',
      rulesXml({
        reactive: reactiveXml('<less operand="mood" than="2"/>'),
        operands: '<m:mood xmlns:m="urn:mine" alias="mood" of="ada"/>',
      }),
      'lost rules.xml:4 the operand <mood> "mood" is one of your own: post its values',
    ],
    ['an operand nobody uses', rulesXml(), 'lost rules.xml:4 no rule uses the operand "cpu"'],
    [
      'a constraint without a range',
      rulesXml({ constraints: `${ALWAYS}<rule name="Idle"/>` }),
      'lost rules.xml:2 the constraint rule "Idle" has no range',
    ],
    [
      'days of None',
      timetable(DAILY, '<weekly days="None"/>'),
      'lost rules.xml:2 the timetable of "Peak" never has a window',
    ],
    ['weekly without days', timetable(DAILY, '<weekly/>'), 'ambiguous rules.xml:2 <weekly> names no days'],
    [
      'a day no year has',
      timetable(DAILY, '<yearly month="2" dayOfMonth="30"/>'),
      'lost rules.xml:2 the timetable of "Peak" never has a window',
    ],
    [
      'a window of more than a year',
      timetable('duration="400.00:00:00"'),
      'changed rules.xml:2 windows are at most 366 days long',
    ],
    [
      'a window that a rule may no longer see',
      timetable(`${DAILY} startDate="2026-11-24" endDate="2026-11-27"`, '<weekly days="Monday"/>'),
      'advice rules.xml:2 this schedule never has a window',
    ],
    [
      'an unknown attribute',
      rulesXml({ attributes: 'enabled="true" mood="good"' }),
      'lost rules.xml:1 the attribute "mood" of <rules>',
    ],
    [
      'an unknown element',
      rulesXml({ constraints: `${ALWAYS}<note/>` }),
      'lost rules.xml:2 <note> in <constraintRules> has no counterpart',
    ],
    [
      'text',
      rulesXml({ constraints: `${ALWAYS}hello` }),
      'lost rules.xml:2 the text in <constraintRules> says nothing here',
    ],
    [
      'comments',
      rulesXml({ constraints: `<!-- one -->${ALWAYS}<!-- two -->` }),
      'lost rules.xml:2 2 comments, the first here, of the XML are not carried over',
    ],
    [
      'a target that is not there',
      rulesXml({ reactive: reactiveXml('<all/>', '<scale target="wbe" by="1"/>') }),
      'lost rules.xml:3 there is no role or scale group "wbe"',
      servicesXml(),
    ],
    [
      'targets without the service information',
      rulesXml(),
      'ambiguous rules.xml:2 without the service information nobody can tell roles from scale groups',
    ],
    [
      'a role without rules',
      rulesXml(),
      'lost services.xml:3 no rule is about the role "db"',
      servicesXml({ roles: '<role alias="web"/><role alias="db"/>' }),
    ],
    [
      'a group without rules',
      rulesXml(),
      'lost services.xml:6 no rule is about the scale group "front"',
      servicesXml({
        groups: '<scaleGroup name="front"><roles><role roleAlias="web" ratio="1"/></roles></scaleGroup>',
      }),
    ],
    [
      'a percentage of a group',
      rulesXml({ reactive: reactiveXml('<all/>', '<scale target="front" by="20%"/>') }),
      'changed rules.xml:3 "Busy": the percentage is the same in every fleet of the group',
      servicesXml({
        groups: '<scaleGroup name="front"><roles><role roleAlias="web" ratio="2"/></roles></scaleGroup>',
      }),
    ],
    [
      'minutes of the hour of a group',
      rulesXml({ reactive: reactiveXml('<all/>', '<scale target="front" by="1"/>') }),
      'lost services.xml:2 of the stabilizer of "front" only the cooldowns',
      servicesXml({
        stabilizer: '<stabilizer><group groupName="front" scaleUpOnlyInFirstMinutesOfHour="5"/></stabilizer>',
        groups: '<scaleGroup name="front"><roles><role roleAlias="web" ratio="2"/></roles></scaleGroup>',
      }),
    ],
    [
      'a role no constraint is about',
      rulesXml({ constraints: '', reactive: BUSY }),
      'advice rules.xml:3 no constraint is ever in force for "web"',
    ],
    [
      'a counter of another role',
      rulesXml({ reactive: BUSY, operands: CPU.replace('source="web"', 'source="db"') }),
      'changed rules.xml:4 "cpu" is measured in "db" and used for "web"',
    ],
    [
      'a role of an operand that is not there',
      rulesXml({ reactive: BUSY, operands: CPU.replace('source="web"', 'source="db"') }),
      'ambiguous rules.xml:4 "cpu": the service information has no role "db"',
      servicesXml(),
    ],
    [
      'a queue that is not there',
      rulesXml({ reactive: reactiveXml('<less operand="queue" than="1"/>') }),
      'ambiguous rules.xml:4 "queue": the service information has no queue "orders"',
      servicesXml(),
    ],
    [
      'the last value of a counter',
      rulesXml({ reactive: BUSY, operands: CPU.replace('/>', ' aggregate="Last"/>') }),
      'ambiguous rules.xml:4 "cpu": the last value is read as the mean of the newest',
    ],
    [
      'a time span below five minutes',
      rulesXml({ reactive: BUSY, operands: CPU.replace('00:45', '00:04') }),
      'ambiguous rules.xml:4 the block wanted at least 5 minutes',
    ],
    [
      'a minimum of 0',
      rulesXml({ constraints: ALWAYS.replace('"2"', '"0"') }),
      'ambiguous rules.xml:2 min is 0',
    ],
    [
      'a rank beyond ours',
      rulesXml({ constraints: ALWAYS.replace('<rule ', '<rule rank="2000000" ') }),
      'changed rules.xml:2 "Always": ranks go up to 1000000',
    ],
    [
      'a name that is none here',
      rulesXml({ constraints: ALWAYS.replace('Always', '* Always *') }),
      'changed rules.xml:2 "* Always *" is called "Always" in "web"',
    ],
    [
      'a setting in the way it goes back',
      rulesXml({
        reactive: reactiveXml('<all/>', '<changeSetting target="web" settingName="A b" value="x"/>'),
      }),
      'ambiguous rules.xml:3 the default of "A b" is in neither file: taken to be ""',
    ],
    [
      'a setting with two values in one rule',
      rulesXml({
        reactive: reactiveXml(
          '<all/>',
          '<changeSetting target="web" settingName="A" value="x"/><changeSetting target="web" settingName="A" value="y"/>',
        ),
      }),
      'ambiguous rules.xml:3 "Busy" gives "A" two values',
    ],
    [
      'recipients whom nobody tells',
      rulesXml(),
      'lost services.xml:3 the recipients of "shop" are left out',
      servicesXml({ service: 'dnsPrefix="shop" notificationRecipients="ada@example.org"' }),
    ],
    [
      'the mail server',
      rulesXml(),
      'lost services.xml:3 the mail server for the recipients of "shop"',
      servicesXml({
        service: 'dnsPrefix="shop" scalingMode="Notify" notificationRecipients="ada@example.org"',
      }),
    ],
    [
      'a file without a namespace',
      rulesXml().replace(/ xmlns="[^"]*"/, ''),
      'ambiguous rules.xml:1 the file names no namespace',
    ],
  ])('%s', (_, rules, line, services) => {
    const answer = imported(rules, services)
    loaded(answer)
    expect(report(answer).filter(each => each.startsWith(line))).not.toEqual([])
    expect(answer.text).toContain('# From the import:')
  })

  it('takes, of several values of a setting, that of the lowest rank', () => {
    const change = (value: string) => `<changeSetting target="web" settingName="Quality" value="${value}"/>`
    const rules = reactiveXml('<all/>', change('low'), 'rank="5"') + reactiveXml('<any/>', change('high'))
    expect(said(imported(rulesXml({ reactive: rules })))).toContain('settings: Quality: "high"')
  })

  it('keeps what looks like a reference the text it is', () => {
    const actions = '<changeSetting target="web" settingName="Path" value="$' + '{env:HOME}"/>'
    const { spec } = loaded(imported(rulesXml({ reactive: reactiveXml('<all/>', actions) })))
    expect(spec.fleets.web?.rules[0]?.effects.set).toEqual({ Path: `$\{env:HOME}` })
  })

  it('ends no comment early, whatever a description holds', () => {
    const rules = rulesXml({
      constraints: ALWAYS.replace('<rule ', '<rule description="a&#10;plimsoll: 2&#x85;b&#x2028;c" '),
    })
    expect(loaded(imported(rules)).spec.fleets.web?.constraints).toHaveLength(1)
  })
})

describe('what is refused, with its place', () => {
  it.each<[string, string, string, string?]>([
    ['damaged XML', '<rules>\n  <rule>\n</rules>', 'rules.xml:3:8: PLM-750: unexpected close tag'],
    ['an end in the middle', '<rules>\n<rule', 'rules.xml:2:5: PLM-750: '],
    ['nothing', '', 'rules.xml:1:1: PLM-750: document must contain a root element'],
    [
      'a document type',
      '<!DOCTYPE rules [<!ENTITY a "b">]>\n<rules/>',
      'rules.xml:1:1: PLM-750: a document type is not allowed here',
    ],
    ['an entity of nobody', '<rules a="&b;"/>', 'rules.xml:1:13: PLM-750: undefined entity'],
    [
      'what is too deep',
      `<rules>${'<a>'.repeat(70)}`,
      'rules.xml:1:197: PLM-750: this is nested more than 64 levels deep',
    ],
    [
      'too many elements',
      `<rules>${'<a/>'.repeat(20_000)}`,
      'rules.xml:1:80004: PLM-750: there are more than 20000 elements',
    ],
    [
      'too many attributes',
      `<rules ${Array.from({ length: 101 }, (_, n) => `a${n}=""`).join('\n')}/>`,
      'rules.xml:101:1: PLM-750: this element has more than 100 attributes',
    ],
    ['what is too large', ' '.repeat(4 * 1024 * 1024 + 1), 'rules.xml:1:1: PLM-750: the file has more than'],
    ['another document', '<html/>', 'rules.xml:1:1: PLM-751: <html> is not the rules'],
    [
      'rules of another namespace',
      '<rules xmlns="urn:other"/>',
      'rules.xml:1:1: PLM-751: <rules> is not the rules',
    ],
    [
      'another document as services',
      rulesXml(),
      'services.xml:1:1: PLM-751: <rules> is not the service information',
      rulesXml(),
    ],
    [
      'a rule without a name',
      rulesXml({ constraints: ALWAYS.replace('name="Always" ', '') }),
      'rules.xml:2:18: PLM-752: <rule> has no "name"',
    ],
    [
      'enabled that is neither',
      rulesXml({ attributes: 'enabled="maybe"' }),
      'rules.xml:1:85: PLM-752: enabled="maybe" is not true or false',
    ],
    [
      'a rank below 0',
      rulesXml({ constraints: ALWAYS.replace('<rule ', '<rule rank="-1" ') }),
      'rules.xml:2:24: PLM-752: rank="-1" is not a whole number, 0 or more',
    ],
    [
      'a max below min',
      rulesXml({ constraints: ALWAYS.replace('"8"', '"1"') }),
      'rules.xml:2:62: PLM-752: max 1 is less than min 2',
    ],
    [
      'a range without a max',
      rulesXml({ constraints: ALWAYS.replace('max="8"', '') }),
      'rules.xml:2:62: PLM-752: <range> has no "max"',
    ],
    [
      'a range without a target',
      rulesXml({ constraints: ALWAYS.replace('target="web"', '') }),
      'rules.xml:2:62: PLM-752: <range> has no "target"',
    ],
    ['a timetable without a duration', timetable(''), 'PLM-752: <timetable> has no "duration"'],
    [
      'a duration of nothing',
      timetable('duration="00:00:00"'),
      'PLM-752: duration="00:00:00" is not longer than nothing',
    ],
    ['a duration that is none', timetable('duration="2h"'), 'PLM-752: duration="2h" is not a length of time'],
    [
      'a start that is no time of day',
      timetable('startTime="1.00:00:00" duration="01:00:00"'),
      'PLM-752: startTime="1.00:00:00" is not a time of day',
    ],
    [
      'a date that is none',
      timetable(`${DAILY} startDate="2026-02-30"`),
      'PLM-752: startDate="2026-02-30" is not a date',
    ],
    [
      'dates in the wrong order',
      timetable(`${DAILY} startDate="2026-02-02" endDate="2026-02-01"`),
      'PLM-752: endDate 2026-02-01 is before startDate 2026-02-02',
    ],
    [
      'an offset of more than 14 hours',
      timetable(`${DAILY} utcOffset="+14:30"`),
      'PLM-752: utcOffset="+14:30" is not an offset',
    ],
    ['two recurrences', timetable(DAILY, '<daily/><daily/>'), 'PLM-752: a timetable has one recurrence'],
    [
      'a day that is none',
      timetable(DAILY, '<weekly days="Moonday"/>'),
      'PLM-752: days="Moonday" is not a list of days',
    ],
    [
      'a position that is none',
      timetable(DAILY, '<relativeMonthly position="Fifth" dayOfWeek="Day"/>'),
      'PLM-752: position="Fifth" is not one of First',
    ],
    [
      'no day of the week',
      timetable(DAILY, '<relativeMonthly position="First"/>'),
      'PLM-752: <relativeMonthly> has no "dayOfWeek"',
    ],
    [
      'a day of the month that is none',
      timetable(DAILY, '<monthly dayOfMonth="32"/>'),
      'PLM-752: dayOfMonth="32" is not a whole number, from 1 to 31',
    ],
    [
      'a rule without a condition',
      rulesXml({ reactive: '<rule name="Busy"><when/></rule>' }),
      'rules.xml:3:16: PLM-752: the rule "Busy" has no condition',
    ],
    [
      'two conditions',
      rulesXml({ reactive: reactiveXml('<all/><all/>') }),
      'PLM-752: "when" has one condition',
    ],
    [
      'a not of two',
      rulesXml({ reactive: reactiveXml('<not><all/><all/></not>') }),
      'PLM-752: <not> has exactly one condition',
    ],
    [
      'a comparison with nothing',
      rulesXml({ reactive: reactiveXml('<less operand="cpu"/>') }),
      'PLM-752: <less> has no "than"',
    ],
    [
      'an alias of nobody',
      rulesXml({ reactive: reactiveXml('<less operand="CPU" than="1"/>') }),
      'PLM-752: operand="CPU": there is no operand "CPU"',
    ],
    [
      'arithmetic it does not have',
      rulesXml({ reactive: reactiveXml('<less operand="cpu * " than="1"/>') }),
      'PLM-752: operand="cpu * " is not numbers and aliases',
    ],
    [
      'a step of 0',
      rulesXml({ reactive: reactiveXml('<all/>', '<scale target="web" by="0"/>') }),
      'PLM-752: by="0" is not a count other than 0',
    ],
    [
      'a cut of everything',
      rulesXml({ reactive: reactiveXml('<all/>', '<scale target="web" by="-100%"/>') }),
      'PLM-752: by="-100%" is not a count',
    ],
    [
      'a setting without a value',
      rulesXml({ reactive: reactiveXml('<all/>', '<changeSetting target="web" settingName="a"/>') }),
      'PLM-752: <changeSetting> has no "value"',
    ],
    ['an alias given twice', rulesXml({ operands: CPU + CPU }), 'PLM-752: there is an operand "cpu" already'],
    [
      'an operand without a time span',
      rulesXml({ operands: CPU.replace(/timespan="[^"]*"/, '') }),
      'PLM-752: <performanceCounter> has no "timespan"',
    ],
    [
      'an aggregate that is none',
      rulesXml({ operands: CPU.replace('/>', ' aggregate="Mode"/>') }),
      'PLM-752: aggregate="Mode" is not one of Average, Max',
    ],
    ['rules about nothing', rulesXml({ constraints: '' }), 'rules.xml:1:1: PLM-752: no rule is about a role'],
    [
      'a role given twice',
      rulesXml(),
      'services.xml:3:',
      servicesXml({ roles: '<role alias="web"/><role alias="web"/>' }),
    ],
    [
      'a group named as a role',
      rulesXml(),
      'PLM-752: "web" is the alias of a role already',
      servicesXml({
        groups: '<scaleGroup name="web"><roles><role roleAlias="web" ratio="1"/></roles></scaleGroup>',
      }),
    ],
    [
      'a group without roles',
      rulesXml(),
      'PLM-752: the scale group "a" has no role',
      servicesXml({ groups: '<scaleGroup name="a"/>' }),
    ],
    [
      'a ratio of 0',
      rulesXml(),
      'PLM-752: ratio="0" is not a whole number, 1 or more',
      servicesXml({
        groups: '<scaleGroup name="a"><roles><role roleAlias="web" ratio="0"/></roles></scaleGroup>',
      }),
    ],
    [
      'a group of roles that are not there',
      rulesXml(),
      'PLM-752: the scale group "a" has a role "db" that is not there',
      servicesXml({
        groups: '<scaleGroup name="a"><roles><role roleAlias="db" ratio="1"/></roles></scaleGroup>',
      }),
    ],
    [
      'a stabilizer of nobody',
      rulesXml(),
      'services.xml:2:13: PLM-752: there is no role "db"',
      servicesXml({ stabilizer: '<stabilizer><role roleAlias="db"/></stabilizer>' }),
    ],
    [
      'a mode that is none',
      rulesXml(),
      'PLM-752: scalingMode="Loud" is not one of Scale, Notify',
      servicesXml({ service: 'scalingMode="Loud"' }),
    ],
    [
      'a recipient that is no address',
      rulesXml(),
      'PLM-752: notificationRecipients="ada" is not a list of e-mail addresses',
      servicesXml({ service: 'notificationRecipients="ada"' }),
    ],
    [
      'a count beyond ours',
      rulesXml({ constraints: ALWAYS.replace('"8"', '"800000"') }),
      'rules.xml:2:62: PLM-753: ',
    ],
    [
      'a condition beyond ours',
      rulesXml({ reactive: reactiveXml(`<all>${'<less operand="cpu" than="1"/>'.repeat(200)}</all>`) }),
      'rules.xml:3:16: PLM-753: ',
    ],
  ])('%s', (_, rules, line, services) => {
    expect(problemsOf(rules, services).filter(each => each.includes(line))).not.toEqual([])
  })

  it('tells all that is wrong at once, in both files', () => {
    const wrong = rulesXml({ attributes: 'enabled="x"', constraints: ALWAYS.replace('"2"', '"two"') })
    expect(
      problemsOf(wrong, servicesXml({ service: 'slot="Attic"' })).map(line => line.slice(0, 16)),
    ).toEqual([
      'rules.xml:1:85: ',
      expect.stringMatching(/^rules\.xml:2:/),
      expect.stringMatching(/^services\.xml:3/),
    ])
  })
})
