/**
 * Random rules files and service information of the Application Block: most of it right, some of it wrong, some of it damaged.
 *
 * Example: `randomXml(chanceFrom(7))` is `{ rules: '<rules ...', services: '<serviceModel ...' }`, or without services.
 */
import type { Chance } from './chance.ts'

export interface RandomXml {
  readonly rules: string
  readonly services: string | null
}

const RULES = 'http://schemas.microsoft.com/practices/2011/entlib/autoscaling/rules'
const SERVICES = 'https://schemas.microsoft.com/practices/2011/entlib/autoscaling/serviceModel'
const TARGETS = ['web', 'jobs', 'front', 'Web Role #1', 'Größe', 'nowhere']
const ALIASES = ['cpu', 'CPU', 'queue', 'count', 'a.b-c', 'own', 'nobody', 'and', '5xx']
const CONNECTIONS = [
  'UseDevelopmentStorage=true',
  'DefaultEndpointsProtocol=https;AccountName=shopdiag;AccountKey=hush==',
  'AccountName=123;AccountKey=hush==;EndpointSuffix=core.chinacloudapi.cn',
  'AccountName=shopdiag;AccountKey=hush==;QueueEndpoint=http://127.0.0.1:10001/shopdiag',
  'TableEndpoint=https://shopdiag.table.core.windows.net/;SharedAccessSignature=sv=1&sig=hush',
  'AccountKey=hush==',
  'AccountName=$' + '{env:A};AccountKey=hush==',
] as const
const STRANGE = [
  '',
  ' ',
  '-1',
  '1e9',
  '99999999999',
  'true',
  '00:00:00',
  '<',
  '&amp;',
  '&#10;',
  '"',
  '$' + '{env:A}',
  '\u2028',
  '漢字',
]

export function randomXml(chance: Chance): RandomXml {
  const rules = damaged(randomRules(chance), chance)
  const services = chance.maybe(0.6) ? damaged(randomServices(chance), chance) : null
  return { rules, services }
}

type Attributes = Readonly<Record<string, string | null>>

/** Attributes in any order; now and then one is missing, strange or too many. */
function element(name: string, attributes: Attributes, content: string, chance: Chance): string {
  const given = Object.entries(attributes).filter(([, value]) => value !== null && !chance.maybe(0.002))
  if (chance.maybe(0.005)) given.push(['mood', 'good'])
  const texts = given.map(
    ([key, value]) => `${key}="${chance.maybe(0.002) ? strange(chance) : escaped(value ?? '')}"`,
  )
  const open = [name, ...(chance.maybe(0.3) ? texts.reverse() : texts)].join(chance.maybe(0.1) ? '\n  ' : ' ')
  return content === '' && chance.maybe(0.8) ? `<${open}/>` : `<${open}>${content}</${name}>`
}

function strange(chance: Chance): string {
  return chance.pick(STRANGE)
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')
}

function many(chance: Chance, most: number, make: () => string): string {
  const extra = chance.maybe(0.02)
    ? chance.pick(['<!-- c -->', 'text', '<own a="b"/>', '<![CDATA[x]]>', '<?pi?>'])
    : ''
  return [...chance.times(0, most, make), extra].join(chance.maybe(0.5) ? '\n' : '')
}

function randomRules(chance: Chance): string {
  const aliases = chance.some(ALIASES, 0.8)
  const operands = () => aliases.map(alias => randomOperand(alias, chance)).join('\n')
  const parts = [
    element(
      'constraintRules',
      {},
      many(chance, 5, () => randomConstraint(chance)),
      chance,
    ),
    element(
      'reactiveRules',
      {},
      many(chance, 5, () => randomReactive(aliases, chance)),
      chance,
    ),
    element('operands', {}, operands(), chance),
  ]
  const enabled = chance.pick(['true', 'true', 'false', null])
  const root = element(
    'rules',
    { xmlns: RULES, enabled },
    (chance.maybe(0.2) ? parts.reverse() : parts).join('\n'),
    chance,
  )
  return chance.maybe(0.5) ? `<?xml version="1.0" encoding="utf-8"?>\n${root}\n` : root
}

function frame(chance: Chance): Attributes {
  return {
    name: chance.pick(['Peak', 'Scale up', 'Default', 'capacity', 'Ünder & Över', 'x'.repeat(90), '***']),
    enabled: chance.pick(['true', 'false', null]),
    description: chance.pick([null, 'When it is busy', '# not: yaml\n- at all']),
    rank: chance.pick([null, '0', '1', '10', '100']),
  }
}

function target(chance: Chance): string {
  return chance.maybe(0.9) ? chance.pick(TARGETS.slice(0, 3)) : chance.pick(TARGETS)
}

function randomConstraint(chance: Chance): string {
  const ranges = many(chance, 3, () => {
    const min = chance.whole(0, 9)
    return element(
      'range',
      { target: target(chance), min: `${min}`, max: `${min + chance.whole(0, 20)}` },
      '',
      chance,
    )
  })
  const parts = [element('actions', {}, ranges, chance), chance.maybe(0.6) ? randomTimetable(chance) : '']
  return element('rule', frame(chance), (chance.maybe(0.5) ? parts : parts.reverse()).join(''), chance)
}

function randomTimetable(chance: Chance): string {
  const day = () => chance.pick(['Sunday', 'Monday', 'Friday', 'Saturday'])
  const relative = () => ({
    position: chance.pick(['First', 'Second', 'Third', 'Fourth', 'Last']),
    dayOfWeek: chance.pick([day(), 'Day']),
  })
  const month = () => `${chance.whole(1, 12)}`
  const dayOfMonth = () => `${chance.whole(1, 31)}`
  const recurrence = chance.pick([
    () => '',
    () => element('daily', {}, '', chance),
    () => element('weekly', { days: chance.pick(['All', 'None', day(), `${day()} ${day()}`]) }, '', chance),
    () => element('monthly', { dayOfMonth: dayOfMonth() }, '', chance),
    () => element('relativeMonthly', relative(), '', chance),
    () => element('yearly', { month: month(), dayOfMonth: dayOfMonth() }, '', chance),
    () => element('relativeYearly', { month: month(), ...relative() }, '', chance),
  ])()
  const attributes = {
    startTime: chance.pick([null, '08:00:00', '23:59:59', '00:00']),
    duration: chance.pick(['02:00:00', '1.00:00:00', '00:00:01', '400.00:00:00']),
    startDate: chance.pick([null, null, '2026-01-01']),
    endDate: chance.pick([null, null, '2026-12-31']),
    utcOffset: chance.pick([null, '00:00', '+14:00', '-05:30']),
  }
  return element('timetable', attributes, recurrence, chance)
}

function randomReactive(aliases: readonly string[], chance: Chance): string {
  const actions = many(chance, 3, () => {
    if (chance.maybe(0.05)) return '<own:restart xmlns:own="urn:own" target="web"/>'
    if (chance.maybe(0.3)) {
      const settingName = chance.pick(['Pictures', 'quality', 'A b'])
      const value = chance.pick(['true', 'False', 'low', '7', strange(chance).replace(/[<"&].*/, '')])
      return element('changeSetting', { target: target(chance), settingName, value }, '', chance)
    }
    const by = chance.pick(['1', '+2', '-1', '10%', '-12.5%', '+300%'])
    return element('scale', { target: target(chance), by }, '', chance)
  })
  const parts = [
    element('when', {}, randomCondition(aliases, chance, 0), chance),
    element('actions', {}, actions, chance),
  ]
  return element('rule', frame(chance), (chance.maybe(0.5) ? parts : parts.reverse()).join(''), chance)
}

function randomCondition(aliases: readonly string[], chance: Chance, depth: number): string {
  const inner = () => randomCondition(aliases, chance, depth + 1)
  if (depth < 5 && chance.maybe(0.4)) {
    const name = chance.pick(['all', 'any', 'not'])
    return element(name, {}, name === 'not' ? inner() : many(chance, 4, inner), chance)
  }
  if (chance.maybe(0.01)) return '<fullMoon/>'
  const side = () => randomSide(aliases, chance)
  const name = chance.pick(['greater', 'greaterOrEqual', 'less', 'lessOrEqual', 'equals'])
  return element(name, { operand: side(), [name === 'equals' ? 'to' : 'than']: side() }, '', chance)
}

function randomSide(aliases: readonly string[], chance: Chance): string {
  const number = () => chance.pick(['0', '75', '.5', '-3', '1e2', '2.', '+4'])
  const alias = () => (aliases.length === 0 || chance.maybe(0.005) ? number() : chance.pick(aliases))
  const terms = chance.times(1, 3, () => (chance.maybe(0.6) ? alias() : number()))
  return terms.join(chance.pick([' * ', '/', ' /', '*']))
}

function randomOperand(alias: string, chance: Chance): string {
  const timespan = chance.pick(['00:05:00', '00:45:00', '01:00:00', '1.00:00:00', '00:01:00'])
  const aggregate = chance.pick([null, 'Average', 'Max', 'Min', 'Last', 'Growth'])
  const common = { alias, timespan, aggregate }
  const role = target(chance)
  return chance.pick([
    () =>
      element(
        'performanceCounter',
        { ...common, source: role, performanceCounterName: '\\Memory\\Available MBytes' },
        '',
        chance,
      ),
    () => element('queueLength', { ...common, queue: chance.pick(['orders', 'mail']) }, '', chance),
    () => element('roleInstanceCount', { ...common, role }, '', chance),
    () => element('own:mood', { 'xmlns:own': 'urn:own', alias }, '', chance),
  ])()
}

function randomServices(chance: Chance): string {
  const roles = chance.some(['web', 'jobs', 'Web Role #1'], 0.95)
  const groups = chance.maybe(0.7) && roles.length > 0 ? ['front'] : []
  const stabilizes = (): Attributes => ({
    scaleUpCooldown: chance.pick([null, '00:05:00', '00:00:00']),
    scaleDownCooldown: chance.pick([null, '00:30:00']),
    scaleUpOnlyInFirstMinutesOfHour: chance.pick([null, '0', '15', '60']),
    scaleDownOnlyInLastMinutesOfHour: chance.pick([null, '10']),
    notificationsCooldown: chance.pick([null, '01:00:00']),
  })
  const own = [
    ...chance.some(roles, 0.3).map(roleAlias => element('role', { roleAlias, ...stabilizes() }, '', chance)),
    ...chance
      .some(groups, 0.3)
      .map(groupName => element('group', { groupName, ...stabilizes() }, '', chance)),
  ].join('')
  const role = (alias: string) =>
    element(
      'role',
      {
        alias,
        roleName: chance.pick([null, 'Role', ...STRANGE]),
        wadStorageAccountName: chance.pick([null, 'diag']),
      },
      '',
      chance,
    )
  const service = element(
    'service',
    {
      dnsPrefix: 'shop',
      slot: chance.pick(['Staging', 'Production']),
      scalingMode: chance.pick([null, 'Scale', 'Notify', 'ScaleAndNotify']),
      notificationRecipients: chance.pick([null, 'ada@example.org', 'ada@example.org,bob@example.org']),
    },
    element('roles', {}, roles.map(role).join('\n'), chance),
    chance,
  )
  const account = element(
    'storageAccount',
    { alias: 'diag', connectionString: chance.pick(CONNECTIONS) },
    element(
      'queues',
      {},
      element('queue', { alias: 'orders', queueName: chance.pick(['q', 'q-orders', '123']) }, '', chance),
      chance,
    ),
    chance,
  )
  const subscription = element(
    'subscription',
    {
      name: 'main',
      subscriptionId: '1',
      certificateThumbprint: '2',
      certificateStoreName: '3',
      certificateStoreLocation: '4',
    },
    element('services', {}, service, chance) + element('storageAccounts', {}, account, chance),
    chance,
  )
  const ratio = () => `${chance.whole(1, 4)}`
  const members = roles.map(roleAlias => element('role', { roleAlias, ratio: ratio() }, '', chance)).join('')
  const scaleGroups = groups.map(name =>
    element('scaleGroup', { name }, element('roles', {}, members, chance), chance),
  )
  const parts = [
    chance.maybe(0.6) ? element('stabilizer', stabilizes(), own, chance) : '',
    element('subscriptions', {}, subscription, chance),
    element('scaleGroups', {}, scaleGroups.join(''), chance),
  ]
  return element('serviceModel', { xmlns: SERVICES }, parts.join('\n'), chance)
}

/** Now and then as a disk, an editor or a person with bad intent would leave it. */
function damaged(text: string, chance: Chance): string {
  if (chance.maybe(0.7)) return text
  const at = chance.whole(0, text.length)
  const to = Math.min(text.length, at + chance.whole(1, 40))
  const harm = chance.pick([
    () => text.slice(0, at),
    () => text.slice(at),
    () => text.slice(0, at) + text.slice(to),
    () => text.slice(0, to) + text.slice(at),
    () => text.slice(0, at) + chance.pick([...'<>&"\'/=\0\uD800\uFEFF']) + text.slice(at),
    () =>
      text.slice(0, at) +
      chance.pick(['<!DOCTYPE a [<!ENTITY b "c">]>', '&b;', ']]>', '<!--', '<a>'.repeat(80)]) +
      text.slice(at),
    () => text.replace(/"[^"]*"/g, whole => (chance.maybe(0.02) ? `"${strange(chance)}"` : whole)),
    () => `\uFEFF${text.replaceAll('\n', '\r\n')}`,
  ])
  return harm()
}
