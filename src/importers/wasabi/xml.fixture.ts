/**
 * Small files of the Application Block, for tests.
 *
 * Example: `rulesXml({ reactive: rule })` is a rules file with this rule, a constraint for `web`, and the operands `cpu` and
 * `queue`.
 */
const RULES = 'http://schemas.microsoft.com/practices/2011/entlib/autoscaling/rules'
const SERVICES = 'http://schemas.microsoft.com/practices/2011/entlib/autoscaling/serviceModel'

export interface RulesParts {
  readonly attributes?: string
  readonly constraints?: string
  readonly reactive?: string
  readonly operands?: string
}

export const ALWAYS =
  '<rule name="Always" enabled="true"><actions><range target="web" min="2" max="8"/></actions></rule>'
export const CPU =
  '<performanceCounter alias="cpu" source="web" performanceCounterName="\\Processor(_Total)\\% Processor Time" timespan="00:45:00"/>'
export const QUEUE = '<queueLength alias="queue" queue="orders" timespan="00:10:00" aggregate="Max"/>'

/** One part a line: constraints in line 2, reactive rules in line 3, operands in line 4. */
export function rulesXml(parts: RulesParts = {}): string {
  const { attributes = 'enabled="true"', constraints = ALWAYS, reactive = '', operands = CPU + QUEUE } = parts
  return [
    `<rules xmlns="${RULES}" ${attributes}>`,
    `<constraintRules>${constraints}</constraintRules>`,
    `<reactiveRules>${reactive}</reactiveRules>`,
    `<operands>${operands}</operands>`,
    '</rules>',
  ].join('\n')
}

/** A reactive rule about `web`. */
export function reactiveXml(
  condition: string,
  actions = '<scale target="web" by="1"/>',
  attributes = '',
): string {
  return `<rule name="Busy" enabled="true" ${attributes}><when>${condition}</when><actions>${actions}</actions></rule>`
}

export const BUSY = reactiveXml('<greater operand="cpu" than="75"/>')

export interface ServicesParts {
  readonly stabilizer?: string
  readonly subscription?: string
  readonly service?: string
  readonly roles?: string
  readonly accounts?: string
  readonly groups?: string
}

/** One part a line: the stabilizer in line 2, the services in line 3, the accounts in line 4, the groups in line 6. */
export function servicesXml(parts: ServicesParts = {}): string {
  const {
    stabilizer = '',
    subscription = 'name="main"',
    service = 'dnsPrefix="shop"',
    roles = '<role alias="web"/>',
    accounts = '',
    groups = '',
  } = parts
  return [
    `<serviceModel xmlns="${SERVICES}">`,
    stabilizer,
    `<subscriptions><subscription ${subscription}><services><service ${service}><roles>${roles}</roles></service></services>`,
    `<storageAccounts>${accounts}</storageAccounts></subscription>`,
    '</subscriptions>',
    `<scaleGroups>${groups}</scaleGroups>`,
    '</serviceModel>',
  ].join('\n')
}

/** Every element and attribute at least once. */
export const WHOLE_RULES = rulesXml({
  constraints:
    ALWAYS +
    [
      '<daily/>',
      '<weekly days="Monday Sunday"/>',
      '<monthly dayOfMonth="31"/>',
      '<relativeMonthly position="Last" dayOfWeek="Friday"/>',
      '<yearly month="2" dayOfMonth="29"/>',
      '<relativeYearly month="11" position="Fourth" dayOfWeek="Thursday"/>',
    ]
      .map(
        (recurrence, index) =>
          `<rule name="C${index}" description="Time ${index}" rank="${index + 1}"><timetable startTime="08:00:00" duration="1.02:00:00" startDate="2026-01-01" endDate="2027-01-01" utcOffset="-05:30">${recurrence}</timetable><actions><range target="shop" min="1" max="${index + 2}"/></actions></rule>`,
      )
      .join('\n'),
  reactive: [
    reactiveXml(
      '<all><greater operand="cpu" than="75"/><not><lessOrEqual operand="queue * 2" than="peak / 3"/></not></all>',
      '<scale target="web" by="+2"/><scale target="jobs" by="10%"/><changeSetting target="web" settingName="Pictures" value="off"/>',
      'rank="5"',
    ),
    '<rule name="Calm" enabled="false"><actions><scale target="shop" by="-1"/></actions><when><any><less operand="cpu" than="20"/><equals operand="count" to="7"/><greaterOrEqual operand="rise" than="1e1"/></any></when></rule>',
  ].join('\n'),
  operands: `${CPU}${QUEUE}<performanceCounter alias="peak" source="web" performanceCounterName="\\Processor(_Total)\\% Processor Time" timespan="00:10:00" aggregate="Max"/><queueLength alias="rise" queue="orders" timespan="01:00:00" aggregate="Growth"/><roleInstanceCount alias="count" role="jobs" timespan="00:05:00" aggregate="Min"/>`,
})

export const WHOLE_SERVICES = servicesXml({
  stabilizer:
    '<stabilizer scaleUpCooldown="00:10:00" scaleDownCooldown="00:40:00" scaleUpOnlyInFirstMinutesOfHour="15" scaleDownOnlyInLastMinutesOfHour="10" notificationsCooldown="01:00:00"><role roleAlias="jobs" scaleUpCooldown="00:05:00"/><group groupName="shop" scaleDownCooldown="00:07:00"/></stabilizer>',
  subscription:
    'name="main" subscriptionId="1b0f" certificateThumbprint="C0FFEE" certificateStoreName="My" certificateStoreLocation="LocalMachine"',
  service:
    'dnsPrefix="petshop" slot="Staging" scalingMode="Notify" notificationRecipients="ada@example.org, bob@example.org"',
  roles:
    '<role alias="web" roleName="Shop.Web" wadStorageAccountName="diag"/><role alias="jobs" roleName="Shop.Jobs"/>',
  accounts:
    '<storageAccount alias="diag" connectionString="AccountKey=hush"><queues><queue alias="orders" queueName="q-orders"/></queues></storageAccount>',
  groups:
    '<scaleGroup name="shop"><roles><role roleAlias="web" ratio="3"/><role roleAlias="jobs" ratio="1"/></roles></scaleGroup>',
})
