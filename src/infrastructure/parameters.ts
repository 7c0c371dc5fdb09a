/**
 * The file of parameters beside the template: the values that were given on the command line, each looked at before Azure does. What is
 * not given is left out, and `az deployment group create` asks for it.
 *
 * Example: `--image Canonical:ubuntu-24_04-lts:server:latest --ssh-from 203.0.113.7` becomes
 * `{ "image": { "value": "Canonical:..." }, "sshSource": { "value": "203.0.113.7" } }`.
 */
import { isIP } from 'node:net'
import type { Design } from './design.ts'
import { InfrastructureRefusal } from './refusal.ts'

export interface Values {
  readonly image?: string | undefined
  readonly vmSize?: string | undefined
  readonly adminUsername?: string | undefined
  readonly sshPublicKey?: string | undefined
  readonly userData?: string | undefined
  readonly sshSource?: string | undefined
  readonly subnetId?: string | undefined
  readonly principalId?: string | undefined
  readonly principalType?: string | undefined
}

export interface ParameterFile {
  readonly file: object
  /** What has no value, here or in the template. */
  readonly missing: readonly string[]
}

const PARAMETERS_SCHEMA = 'https://schema.management.azure.com/schemas/2019-04-01/deploymentParameters.json#'
/** Of the text, before it is base64. */
const MOST_USER_DATA_BYTES = 64 * 1024
const PRINCIPAL_TYPES = ['ServicePrincipal', 'User', 'Group']

interface Wanted {
  readonly option: string
  readonly isRight: (text: string) => boolean
  readonly hint: string
}

const WANTED: Readonly<Record<keyof Values, Wanted>> = {
  image: {
    option: '--image',
    isRight: text => /^[\w.-]+(:[\w.-]+){3}$/.test(text) || /^\/subscriptions\/[^/]+\/.+/i.test(text),
    hint: 'write publisher:offer:sku:version, or the id of an image, /subscriptions/...',
  },
  vmSize: {
    option: '--size',
    isRight: text => /^(Standard|Basic)_\w{1,60}$/i.test(text),
    hint: 'write the name of a size, e.g. Standard_B2s',
  },
  adminUsername: {
    option: '--admin-user',
    isRight: text =>
      /^[a-z_][a-z0-9_-]{0,31}$/.test(text) && !['root', 'admin', 'administrator'].includes(text),
    hint: 'write a name of small letters; Azure does not take root, admin or administrator',
  },
  sshPublicKey: {
    option: '--ssh-key',
    isRight: text => /^(ssh-rsa|ssh-ed25519) [A-Za-z0-9+/=]{60,}( .*)?$/.test(text),
    hint: 'name the file of a public key (ssh-rsa or ssh-ed25519), e.g. ~/.ssh/id_ed25519.pub',
  },
  userData: {
    option: '--user-data',
    isRight: text => Buffer.byteLength(text) <= MOST_USER_DATA_BYTES && !/[\0\uFFFD]/.test(text),
    hint: `name a file of text (UTF-8); Azure takes ${MOST_USER_DATA_BYTES} bytes`,
  },
  sshSource: {
    option: '--ssh-from',
    isRight: text => text === '*' || isRange(text) || /^[A-Z][A-Za-z.]{2,79}$/.test(text),
    hint: 'write an address, a range such as 203.0.113.0/24, a service tag, or *',
  },
  subnetId: {
    option: '--subnet',
    isRight: text => /^\/subscriptions\/[^/]+\/.*\/virtualNetworks\/[^/]+\/subnets\/[^/]+$/i.test(text),
    hint: 'write the id of a subnet, /subscriptions/.../virtualNetworks/.../subnets/...',
  },
  principalId: {
    option: '--principal',
    isRight: text => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text),
    hint: 'write its object id, e.g. what `az identity show --query principalId` prints',
  },
  principalType: {
    option: '--principal-type',
    isRight: text => PRINCIPAL_TYPES.includes(text),
    hint: `write one of ${PRINCIPAL_TYPES.join(', ')}`,
  },
}

/** @throws InfrastructureRefusal PLM-801, PLM-802 */
export function parameterFileOf(design: Design, values: Values): ParameterFile {
  if (values.sshSource !== undefined && !design.ssh) {
    throw new InfrastructureRefusal(
      'PLM-801',
      '--ssh-from says who may use SSH, and --no-ssh that nobody may.',
    )
  }
  const given: Record<string, { readonly value: string }> = {}
  for (const name of NAMES) {
    const value = values[name]
    if (value === undefined) continue
    check(WANTED[name], value)
    given[name] = { value }
  }
  const needed: (keyof Values)[] = [
    'image',
    'sshPublicKey',
    ...(design.ssh ? (['sshSource'] as const) : []),
    ...(design.ownNetwork ? [] : (['subnetId'] as const)),
    'principalId',
  ]
  return {
    file: { $schema: PARAMETERS_SCHEMA, contentVersion: '1.0.0.0', parameters: given },
    missing: needed.filter(name => values[name] === undefined),
  }
}

const NAMES: readonly (keyof Values)[] = [
  'image',
  'vmSize',
  'adminUsername',
  'sshPublicKey',
  'userData',
  'sshSource',
  'subnetId',
  'principalId',
  'principalType',
]

/** By which options values are given. */
export function optionsOf(names: readonly (keyof Values)[]): readonly string[] {
  return names.map(name => WANTED[name].option)
}

export function givenIn(values: Values): readonly (keyof Values)[] {
  return NAMES.filter(name => values[name] !== undefined)
}

function check({ option, isRight, hint }: Wanted, value: string): void {
  if (isRight(value)) return
  const shown = value.length > 60 ? `${value.slice(0, 60)}...` : value
  throw new InfrastructureRefusal(
    'PLM-802',
    `Azure would not take ${JSON.stringify(shown)} for ${option}: ${hint}.`,
  )
}

/** An address, or one with the length of its prefix. */
function isRange(text: string): boolean {
  const [address = '', length, rest] = text.split('/')
  const version = isIP(address)
  if (version === 0 || rest !== undefined) return false
  return length === undefined || (/^\d{1,3}$/.test(length) && Number(length) <= (version === 4 ? 32 : 128))
}
