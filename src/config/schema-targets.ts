/**
 * The keys of each target.
 *
 * Example: `{ type: process, command: [node, app.mjs] }` is given to the target with a health check of `/health` every 500 ms.
 */
import { z } from 'zod'
import { key } from './key.ts'
import { AZURE_PLAN_MEANING, azurePlanShape, azurePlanTarget } from './schema-azure-plan.ts'
import { AZURE_VMSS_MEANING, azureVmssShape, azureVmssTarget } from './schema-azure-vmss.ts'
import { builtIn, type Extensions, extension, isOwn, namesBeside } from './schema-plugins.ts'
import { argv, duration, environment, expression, integer, urlPath, word } from './values.ts'

const healthShape = {
  path: key(
    urlPath.prefault('/health'),
    'Path asked with GET; a status from 200 to 299 is healthy.',
    '/health',
  ),
  every: key(
    duration({ min: 100, max: 3_600_000 }).prefault('500ms'),
    'How often each instance is asked.',
    '500ms',
  ),
  timeout: key(
    duration({ min: 10, max: 600_000 }).prefault('1s'),
    'An answer later than this counts as a failure.',
    '1s',
  ),
  failures: key(integer(1, 1000).default(3), 'Failures in a row after which an instance is unhealthy.', 3),
}

/** Where commands run. */
export const folder = z.string().min(1).max(4096).optional()
export const FOLDER_MEANING = "Folder it runs in, counted from the configuration file's folder (the default)."

const processTargetShape = {
  command: key(
    argv,
    'The program each instance runs. It gets its port as PORT and its id as PLIMSOLL_INSTANCE.',
    ['node', 'app.mjs'],
  ),
  env: key(environment.default({}), 'Environment variables added to those of Plimsoll.', {
    LOG_LEVEL: 'info',
  }),
  cwd: key(folder, FOLDER_MEANING, 'app'),
  health: key(z.strictObject(healthShape).prefault({}), 'How an instance is asked whether it is well.', {
    path: '/health',
    every: '500ms',
  }),
  stopGrace: key(
    duration({ max: 3_600_000 }).prefault('5s'),
    'Time between asking a process to end and ending it.',
    '5s',
  ),
  portFrom: key(
    integer(1, 65535).optional(),
    'First port to give to instances; without it the operating system chooses.',
    41000,
  ),
  zones: key(
    z.array(word).max(100).default([]),
    'Names of zones the instances are spread over. Each gets the name of its own as PLIMSOLL_ZONE.',
    ['a', 'b', 'c'],
  ),
  keep: key(
    z.boolean().default(false),
    'Instances go on when Plimsoll ends, however it ends; the next start takes them over, and `plimsoll down FILE` ends them.',
    true,
  ),
}
const processTarget = z.strictObject(processTargetShape).transform(({ health, ...written }) => ({
  command: written.command,
  env: written.env,
  cwd: written.cwd ?? null,
  health: { path: health.path, everyMs: health.every, timeoutMs: health.timeout, failures: health.failures },
  stopGraceMs: written.stopGrace,
  portFrom: written.portFrom ?? null,
  zones: [...new Set(written.zones)],
  keep: written.keep,
}))

const commandTargetShape = {
  cwd: key(folder, FOLDER_MEANING, 'scripts'),
  list: key(argv, 'Prints the instances as JSON.', ['./fleet.sh', 'list']),
  launch: key(argv, 'Launches instances; gets the orders as JSON on its input.', ['./fleet.sh', 'launch']),
  terminate: key(argv, 'Terminates instances; gets their ids as JSON on its input.', [
    './fleet.sh',
    'terminate',
  ]),
  restart: key(
    argv.optional(),
    'Restarts instances in place, for `repair: { how: restart }`; gets and prints what `terminate` does.',
    ['./fleet.sh', 'restart'],
  ),
  zones: key(
    z.array(word).max(100).default([]),
    'Names of zones that orders may ask for; instances are spread over them.',
    ['a', 'b', 'c'],
  ),
  listingLag: key(
    duration({ max: 3_600_000 }).prefault('0s'),
    'The list may be behind by this: an instance missing from it for less is not lost yet.',
    '20s',
  ),
  timeout: key(
    duration({ min: 100, max: 3_600_000 }).prefault('30s'),
    'Each command must end within this.',
    '30s',
  ),
  exclusive: key(
    z.boolean().default(true),
    'Nobody else adds or removes instances: one that vanishes was lost and is replaced.',
    true,
  ),
}
const commandTarget = z
  .strictObject(commandTargetShape)
  .transform(({ timeout, cwd, restart, zones, listingLag, ...written }) => ({
    ...written,
    restart: restart ?? null,
    zones: [...new Set(zones)],
    listingLagMs: listingLag,
    cwd: cwd ?? null,
    timeoutMs: timeout,
  }))

const noneTargetShape = {
  count: key(
    expression.optional(),
    'The number of instances there are, as an expression; without it the observation says.',
    'last(replicas)',
  ),
}
const noneTarget = z.strictObject(noneTargetShape).transform(({ count }) => ({ count: count ?? null }))

/** What each built-in target is given, in code units. */
export const targetOptions = {
  process: processTarget,
  command: commandTarget,
  'azure-vmss': azureVmssTarget,
  'azure-app-service-plan': azurePlanTarget,
  none: noneTarget,
} as const
export type ProcessTargetOptions = z.output<typeof processTarget>
export type CommandTargetOptions = z.output<typeof commandTarget>
export type NoneTargetOptions = z.output<typeof noneTarget>

const builtInTargets = {
  process: builtIn(
    'process',
    processTargetShape,
    'Instances are child processes of Plimsoll on this machine.',
  ),
  command: builtIn(
    'command',
    commandTargetShape,
    'Instances are listed, launched and terminated by commands.',
  ),
  'azure-vmss': builtIn('azure-vmss', azureVmssShape, AZURE_VMSS_MEANING),
  'azure-app-service-plan': builtIn('azure-app-service-plan', azurePlanShape, AZURE_PLAN_MEANING),
  none: builtIn('none', noneTargetShape, 'Advice only: Plimsoll decides and acts on nothing.'),
} as const

export const TARGETS = Object.keys(builtInTargets)

export function targetSchema(extensions: Extensions) {
  const { process, command, 'azure-vmss': azureVmss, none } = builtInTargets
  const azurePlan = builtInTargets['azure-app-service-plan']
  return z.discriminatedUnion('type', [
    process,
    command,
    azureVmss,
    azurePlan,
    none,
    ...namesBeside(extensions.targets, TARGETS).map(extension),
  ])
}

export function targetOfType(type: string, extensions: Extensions): z.ZodObject | null {
  if (isOwn(builtInTargets, type)) return builtInTargets[type]
  return extensions.targets?.includes(type) === true ? extension(type) : null
}
