/**
 * The Application Block's service information: which roles and scale groups there are, how each is stabilized, and who is told.
 *
 * Certificates and connection strings are looked at only to say that they are left behind; they are never repeated.
 *
 * Example: `<role alias="web" .../>` in a service with `scalingMode="Notify"` is a role `web` whose mode is `notify`.
 */
import { IMPORT_CODES, type SourcePlace } from '../import-error.ts'
import type { XmlDocument, XmlElement } from '../xml/read-xml.ts'
import { isOf, type Reading, SERVICES_NAMESPACE } from './reading.ts'
import { type StorageAccount, type StoredQueue, wayOf, wayText } from './storage.ts'

export interface Role {
  readonly place: SourcePlace
  readonly alias: string
  /** What is said of it above its fleet. */
  readonly about: string
  readonly mode: 'scale' | 'notify' | 'scale-and-notify'
  readonly service: Service
  /** Its name in Azure, which its diagnostics carry. */
  readonly roleName: string | null
  /** Alias of the storage account with its diagnostics. */
  readonly diagnostics: string | null
}

export interface Service {
  readonly place: SourcePlace
  readonly name: string
  readonly recipients: readonly string[]
}

export interface Group {
  readonly place: SourcePlace
  readonly name: string
  /** Ratio by alias. */
  readonly members: ReadonlyMap<string, number>
}

export interface Stabilizer {
  readonly place: SourcePlace
  readonly upMs: number | null
  readonly downMs: number | null
  /** 0 is off. */
  readonly firstMinutes: number | null
  readonly lastMinutes: number | null
  readonly noticesMs: number | null
}

export interface Services {
  readonly roles: ReadonlyMap<string, Role>
  readonly groups: ReadonlyMap<string, Group>
  readonly queues: ReadonlyMap<string, StoredQueue>
  readonly accounts: ReadonlyMap<string, StorageAccount>
  readonly stabilizer: Stabilizer | null
  readonly ofRole: ReadonlyMap<string, Stabilizer>
  readonly ofGroup: ReadonlyMap<string, Stabilizer>
}

interface Growing extends Services {
  readonly roles: Map<string, Role>
  readonly groups: Map<string, Group>
  readonly queues: Map<string, StoredQueue>
  readonly accounts: Map<string, StorageAccount>
  /** Environment variables that are spoken for. */
  readonly variables: Set<string>
  readonly ofRole: Map<string, Stabilizer>
  readonly ofGroup: Map<string, Stabilizer>
  stabilizer: Stabilizer | null
}

const MODES = { Scale: 'scale', Notify: 'notify', ScaleAndNotify: 'scale-and-notify' } as const
const MODE_WORDS = ['Scale', 'Notify', 'ScaleAndNotify'] as const

export function readServices(reading: Reading, { root }: XmlDocument): Services {
  const services: Growing = {
    roles: new Map(),
    groups: new Map(),
    queues: new Map(),
    accounts: new Map(),
    variables: new Set(),
    ofRole: new Map(),
    ofGroup: new Map(),
    stabilizer: null,
  }
  if (root.name !== 'serviceModel' || !(root.namespace === '' || isOf(root, SERVICES_NAMESPACE))) {
    const message = `<${root.name}> is not the service information of the Application Block, which begins with <serviceModel>`
    reading.problem(root.place, message, IMPORT_CODES.otherDocument)
    return services
  }
  reading.only(root, [])
  for (const child of root.children) {
    if (child.known === 'stabilizer') readStabilizers(reading, child, services)
    else if (child.known === 'subscriptions') {
      each(reading, child, 'subscription', subscription => readSubscription(reading, subscription, services))
    } else if (child.known === 'scaleGroups') {
      each(reading, child, 'scaleGroup', group => readGroup(reading, group, services))
    } else reading.strange(child, 'the service information')
  }
  askNames(reading, services)
  return services
}

/** The children of this name; others are told of. */
function each(reading: Reading, parent: XmlElement, name: string, read: (child: XmlElement) => void): void {
  reading.only(parent, [])
  for (const child of parent.children) {
    if (child.known === name) read(child)
    else reading.strange(child, `<${parent.name}>`)
  }
}

function readSubscription(reading: Reading, subscription: XmlElement, services: Growing): void {
  const attributes = [
    'name',
    'subscriptionId',
    'certificateThumbprint',
    'certificateStoreName',
    'certificateStoreLocation',
  ]
  reading.only(subscription, attributes)
  const name = reading.text(subscription, 'name') ?? 'without a name'
  reading.find(
    'lost',
    subscription.place,
    `subscription "${name}": its id and certificate are left behind; the target you choose has credentials of its own`,
  )
  for (const child of subscription.children) {
    if (child.known === 'services') {
      each(reading, child, 'service', service => readService(reading, service, services))
    } else if (child.known === 'storageAccounts') {
      each(reading, child, 'storageAccount', account => readAccount(reading, account, services))
    } else reading.strange(child, '<subscription>')
  }
}

function readService(reading: Reading, element: XmlElement, services: Growing): void {
  reading.only(element, ['dnsPrefix', 'slot', 'scalingMode', 'notificationRecipients'])
  const name = reading.text(element, 'dnsPrefix') ?? 'service'
  const slot = reading.choice(element, 'slot', ['Staging', 'Production'])
  const mode = reading.choice(element, 'scalingMode', MODE_WORDS)
  const recipients = (reading.text(element, 'notificationRecipients') ?? '')
    .split(/[,;\s]+/)
    .filter(address => address !== '')
  for (const address of recipients) {
    const attribute = element.attributes.get('notificationRecipients')
    const isAddress = address.length >= 3 && address.length <= 320 && address.includes('@')
    if (!isAddress && attribute !== undefined) reading.wrong(attribute, 'a list of e-mail addresses')
  }
  const service = { place: element.place, name, recipients: [...new Set(recipients)] }
  const where = slot === null ? `service "${name}"` : `service "${name}" (${slot})`
  for (const child of element.children) {
    if (child.known !== 'roles') reading.strange(child, '<service>')
    else {
      each(reading, child, 'role', role => {
        reading.only(role, ['alias', 'roleName', 'wadStorageAccountName'])
        for (const part of role.children) reading.strange(part, '<role>')
        const alias = reading.required(role, 'alias')
        if (alias === null) return
        const roleName = reading.text(role, 'roleName')
        const account = reading.text(role, 'wadStorageAccountName')
        const diagnostics =
          account === null ? '' : `; its diagnostics are in the storage account "${account}"`
        const named = roleName === null ? '' : ` "${roleName}"`
        const about = `The role${named} of the ${where}${diagnostics}.`
        if (services.roles.has(alias)) reading.problem(role.place, `there is a role "${alias}" already`)
        services.roles.set(alias, {
          place: role.place,
          alias,
          about,
          mode: MODES[mode ?? 'Scale'],
          service,
          roleName,
          diagnostics: account,
        })
      })
    }
  }
}

function readAccount(reading: Reading, account: XmlElement, services: Growing): void {
  reading.only(account, ['alias', 'connectionString'])
  const { place } = account
  const alias = reading.text(account, 'alias') ?? 'without an alias'
  const way = wayOf(reading.text(account, 'connectionString') ?? '', alias, services.variables)
  services.accounts.set(alias, { place, alias, way })
  reading.find(
    way.kind === 'emulator' ? 'changed' : 'lost',
    place,
    `storage account "${alias}": ${wayText(way)}`,
  )
  for (const child of account.children) {
    if (child.known !== 'queues') reading.strange(child, '<storageAccount>')
    else {
      each(reading, child, 'queue', queue => {
        reading.only(queue, ['alias', 'queueName'])
        for (const part of queue.children) reading.strange(part, '<queue>')
        const name = reading.required(queue, 'alias')
        if (name === null) return
        const queueName = reading.text(queue, 'queueName') ?? name
        if (services.queues.has(name)) reading.problem(queue.place, `there is a queue "${name}" already`)
        services.queues.set(name, { name: queueName, account: alias })
      })
    }
  }
}

function readGroup(reading: Reading, element: XmlElement, services: Growing): void {
  reading.only(element, ['name'])
  const name = reading.required(element, 'name')
  const members = new Map<string, number>()
  for (const child of element.children) {
    if (child.known !== 'roles') reading.strange(child, '<scaleGroup>')
    else {
      each(reading, child, 'role', role => {
        reading.only(role, ['roleAlias', 'ratio'])
        for (const part of role.children) reading.strange(part, '<role>')
        const alias = reading.required(role, 'roleAlias')
        const ratio = reading.requiredWhole(role, 'ratio', { least: 1 })
        if (alias === null) return
        if (members.has(alias)) reading.problem(role.place, `the group has the role "${alias}" already`)
        members.set(alias, ratio ?? 1)
      })
    }
  }
  if (name === null) return
  if (services.groups.has(name)) reading.problem(element.place, `there is a scale group "${name}" already`)
  services.groups.set(name, { place: element.place, name, members })
}

const STABILIZERS = [
  'scaleUpCooldown',
  'scaleDownCooldown',
  'scaleUpOnlyInFirstMinutesOfHour',
  'scaleDownOnlyInLastMinutesOfHour',
  'notificationsCooldown',
]

function readStabilizers(reading: Reading, element: XmlElement, services: Growing): void {
  services.stabilizer = readStabilizer(reading, element, [])
  for (const child of element.children) {
    const [key, known] =
      child.known === 'role' ? ['roleAlias', services.ofRole] : ['groupName', services.ofGroup]
    if (child.known !== 'role' && child.known !== 'group') {
      reading.strange(child, '<stabilizer>')
      continue
    }
    for (const part of child.children) reading.strange(part, `<${child.name}>`)
    const named = reading.required(child, key)
    const own = readStabilizer(reading, child, [key])
    if (named !== null) known.set(named, own)
  }
}

function readStabilizer(reading: Reading, element: XmlElement, also: readonly string[]): Stabilizer {
  reading.only(element, [...STABILIZERS, ...also])
  const minutes = { least: 0, most: 60 }
  return {
    place: element.place,
    upMs: reading.span(element, 'scaleUpCooldown'),
    downMs: reading.span(element, 'scaleDownCooldown'),
    firstMinutes: reading.whole(element, 'scaleUpOnlyInFirstMinutesOfHour', minutes),
    lastMinutes: reading.whole(element, 'scaleDownOnlyInLastMinutesOfHour', minutes),
    noticesMs: reading.span(element, 'notificationsCooldown'),
  }
}

/** Roles and groups share one space of names, and what refers to one must find it. */
function askNames(reading: Reading, { roles, groups, ofRole, ofGroup }: Services): void {
  for (const { name, place, members } of groups.values()) {
    if (roles.has(name)) reading.problem(place, `"${name}" is the alias of a role already`)
    for (const alias of members.keys()) {
      if (!roles.has(alias))
        reading.problem(place, `the scale group "${name}" has a role "${alias}" that is not there`)
    }
    if (members.size === 0) reading.problem(place, `the scale group "${name}" has no role`)
  }
  for (const [alias, { place }] of ofRole) {
    if (!roles.has(alias)) reading.problem(place, `there is no role "${alias}"`)
  }
  for (const [name, { place }] of ofGroup) {
    if (!groups.has(name)) reading.problem(place, `there is no scale group "${name}"`)
  }
}
