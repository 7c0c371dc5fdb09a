/**
 * The whole configuration file, once: every key, its type, default, meaning and an example. The loader, the JSON
 * Schema that editors use and the configuration reference are all made from this.
 *
 * Example: `configSchema().parse({ plimsoll: 1, fleets: { web: { capacity: { min: 2, max: 5 } } } })` gives the
 * fleet `web` with `everyMs`-ready numbers: `{ every: 15000, cooldown: { out: 180000, in: 600000 }, ... }`.
 *
 * No object here looks at two of its keys at once: such rules are in `check.ts`, so that one wrong key never hides
 * what is wrong with another.
 */
import { z } from 'zod'
import { LONGEST_LABEL, MOST_LABELS } from '../model/sample.ts'
import type { PluginRef } from '../model/spec.ts'
import { CODES } from './codes.ts'
import { key } from './key.ts'
import { PRESETS } from './presets.ts'
import { AZURE_LOGS_DELAY, AZURE_LOGS_MEANING, azureLogsShape, azureLogsSource } from './schema-azure-logs.ts'
import {
  AZURE_MONITOR_DELAY,
  AZURE_MONITOR_MEANING,
  azureMonitorShape,
  azureMonitorSource,
} from './schema-azure-monitor.ts'
import { AZURE_PLAN_MEANING, azurePlanShape, azurePlanTarget } from './schema-azure-plan.ts'
import { AZURE_QUEUE_MEANING, azureQueueShape, azureQueueSource } from './schema-azure-queue.ts'
import {
  azureServiceBusShape,
  azureServiceBusSource,
  SERVICE_BUS_MEANING,
} from './schema-azure-service-bus.ts'
import { AZURE_TABLE_MEANING, azureTableShape, azureTableSource } from './schema-azure-table.ts'
import { AZURE_VMSS_MEANING, azureVmssShape, azureVmssTarget } from './schema-azure-vmss.ts'
import { approvalSchema, billingHourSchema, outageGuardSchema, rateLimitsSchema } from './schema-guards.ts'
import { actionSchema, notifierSchema, settingsWebhookSchema } from './schema-notices.ts'
import {
  agentRouterShape,
  brokerRouterShape,
  haproxyRouterShape,
  httpRouterShape,
  MORE_ROUTERS_MEANING,
  moreRouterOptions,
} from './schema-routers.ts'
import { count, rank, ruleSchema, settingEntry, wait } from './schema-rules.ts'
import { healthSchema, repairSchema, sessionsSchema } from './schema-sessions.ts'
import {
  argv,
  date,
  dateTime,
  duration,
  environment,
  expression,
  fleetName,
  headers,
  httpUrl,
  integer,
  listen,
  MAX_COUNT,
  name,
  pointer,
  refusal,
  secret,
  share,
  timeOfDay,
  timeZone,
  urlPath,
  word,
} from './values.ts'

/** Names a host program has registered; what they are given is free-form and checked by the plugin itself. */
export interface Extensions {
  readonly sources?: readonly string[]
  readonly targets?: readonly string[]
  readonly routers?: readonly string[]
}

// ---- Targets ---------------------------------------------------------------------------------------------

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
const folder = z.string().min(1).max(4096).optional()
const FOLDER_MEANING = "Folder it runs in, counted from the configuration file's folder (the default)."

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

// ---- Routers ---------------------------------------------------------------------------------------------

const cookieShape = {
  name: key(
    z
      .string()
      .max(64)
      .regex(/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/, {
        error: refusal(CODES.malformed, '{value} is not the name of a cookie', 'use letters, digits and -'),
      })
      .prefault('plimsoll'),
    'Name of the cookie.',
    'plimsoll',
  ),
  ttl: key(
    duration({ min: 1000 }).prefault('30m'),
    'A user who stays away this long may be placed anew.',
    '30m',
  ),
  secret: key(
    secret.optional(),
    'Signs the cookie; without it one is made at each start, and users are placed anew.',
    '${env:COOKIE_SECRET}',
  ),
}
const proxyRouterShape = {
  listen: key(listen, 'Where the proxy takes requests.', '127.0.0.1:8080'),
  cookie: key(
    z
      .union([z.literal(false), z.strictObject(cookieShape)], {
        error: () =>
          refusal(
            CODES.wrongType,
            'expected the settings of a cookie or false, found {value}',
            'write { name: plimsoll, ttl: 30m } or false',
          ),
      })
      .prefault({}),
    'Keeps a user on one instance by a signed cookie; false spreads every request.',
    { name: 'plimsoll', ttl: '30m' },
    false,
  ),
  concurrency: key(
    integer(1, 100_000).default(100),
    'Requests in flight per instance before further ones queue.',
    100,
  ),
  queue: key(
    integer(0, 1_000_000).default(1000),
    'Requests that may wait; further ones are answered 503.',
    1000,
  ),
  queueTimeout: key(
    duration({ min: 10, max: 3_600_000 }).prefault('10s'),
    'A request that waited this long is answered 503.',
    '10s',
  ),
}
const proxyRouter = z.strictObject(proxyRouterShape).transform(({ cookie, queueTimeout, ...written }) => ({
  listen: written.listen,
  cookie: cookie === false ? null : { name: cookie.name, ttlMs: cookie.ttl, secret: cookie.secret ?? null },
  concurrency: written.concurrency,
  queue: written.queue,
  queueTimeoutMs: queueTimeout,
}))

export const routerOptions = { proxy: proxyRouter, ...moreRouterOptions } as const
export type ProxyRouterOptions = z.output<typeof proxyRouter>

// ---- Sources ---------------------------------------------------------------------------------------------

export const PROCESS_READINGS = ['cpu', 'memory'] as const
export const PROXY_READINGS = [
  'requestsPerSecond',
  'inFlight',
  'queueLength',
  'latencyP50',
  'latencyP95',
  'latencyP99',
  'errorsPerSecond',
  'errorRatio',
] as const

const sourceShapes = {
  push: {},
  process: {
    read: key(
      z.enum(PROCESS_READINGS),
      'What to read of each process: cpu in percent of one core, or memory in bytes.',
      'cpu',
    ),
  },
  proxy: {
    read: key(
      z.enum(PROXY_READINGS),
      'What to read from the proxy in front of the fleet; latencies in milliseconds.',
      'requestsPerSecond',
    ),
  },
  'http-json': {
    url: key(httpUrl, 'Asked with GET; answers JSON.', 'http://127.0.0.1:9000/stats'),
    pointer: key(pointer, 'JSON Pointer (RFC 6901) to the number in the answer.', '/queue/length'),
    headers: key(headers.default({}), 'Request headers.', { authorization: 'Bearer ${env:STATS_TOKEN}' }),
    timeout: key(
      duration({ min: 10, max: 600_000 }).prefault('5s'),
      'An answer later than this is a gap.',
      '5s',
    ),
  },
  command: {
    command: key(argv, 'Prints the number, or JSON that holds it.', ['./queue-length.sh']),
    cwd: key(folder, FOLDER_MEANING, 'scripts'),
    timeout: key(
      duration({ min: 10, max: 600_000 }).prefault('10s'),
      'The command must end within this; otherwise the answer is a gap.',
      '10s',
    ),
    pointer: key(
      pointer.optional(),
      'JSON Pointer (RFC 6901) to the number in what it prints; without it the output is the number.',
      '/length',
    ),
  },
  'azure-monitor': azureMonitorShape,
  'azure-log-analytics': azureLogsShape,
  'azure-service-bus': azureServiceBusShape,
  'azure-queue': azureQueueShape,
  'azure-table': azureTableShape,
} as const

/** What each built-in source is given, in code units. */
export const sourceOptions = {
  push: z.strictObject(sourceShapes.push),
  process: z.strictObject(sourceShapes.process),
  proxy: z.strictObject(sourceShapes.proxy),
  httpJson: z
    .strictObject(sourceShapes['http-json'])
    .transform(({ timeout, ...written }) => ({ ...written, timeoutMs: timeout })),
  command: z.strictObject(sourceShapes.command).transform(({ timeout, pointer: place, ...written }) => ({
    ...written,
    timeoutMs: timeout,
    pointer: place ?? null,
  })),
  azureMonitor: azureMonitorSource,
  azureLogs: azureLogsSource,
  azureServiceBus: azureServiceBusSource,
  azureQueue: azureQueueSource,
  azureTable: azureTableSource,
} as const
export type PushSourceOptions = z.output<typeof sourceOptions.push>
export type ProcessSourceOptions = z.output<typeof sourceOptions.process>
export type ProxySourceOptions = z.output<typeof sourceOptions.proxy>
export type HttpJsonSourceOptions = z.output<typeof sourceOptions.httpJson>
export type CommandSourceOptions = z.output<typeof sourceOptions.command>

type SourceName = keyof typeof sourceShapes
const optionsOfSource: Readonly<Record<SourceName, z.ZodType<Record<string, unknown>>>> = {
  push: sourceOptions.push,
  process: sourceOptions.process,
  proxy: sourceOptions.proxy,
  'http-json': sourceOptions.httpJson,
  command: sourceOptions.command,
  'azure-monitor': sourceOptions.azureMonitor,
  'azure-log-analytics': sourceOptions.azureLogs,
  'azure-service-bus': sourceOptions.azureServiceBus,
  'azure-queue': sourceOptions.azureQueue,
  'azure-table': sourceOptions.azureTable,
}

// ---- Metrics ---------------------------------------------------------------------------------------------

export const METRIC_KINDS = ['perInstance', 'total', 'independent'] as const
export const METRIC_UNITS = ['percent', 'ratio', 'ms', 's', 'bytes', 'count'] as const

export const ACROSS = ['avg', 'min', 'max', 'sum', 'count'] as const

const labelText = z
  .string({
    error: issue =>
      issue.input === undefined
        ? undefined
        : refusal(CODES.wrongType, '{value} is not a text', 'labels have texts as values: put it in quotes'),
  })
  .max(LONGEST_LABEL)
const labelValues = z.array(labelText).min(1).max(100)

/** By label: the values that count, or those that do not. */
const labelFilter = z
  .record(
    z.string().min(1).max(LONGEST_LABEL),
    z.union(
      [labelValues, z.strictObject({ not: key(labelValues, 'The values that do not count.', ['z3']) })],
      {
        error: () =>
          refusal(
            CODES.wrongType,
            'expected a list of values or { not: [...] }, found {value}',
            'write region: [eu, us] or region: { not: [asia] }',
          ),
      },
    ),
  )
  .refine(filter => Object.keys(filter).length <= MOST_LABELS, {
    error: refusal(
      CODES.range,
      `more than ${MOST_LABELS} labels`,
      `a sample has at most ${MOST_LABELS} labels`,
    ),
  })
  .meta({ 'x-kind': 'values by label' })

/** The keys every metric has, with the defaults of its source. */
function metricShape(every: string, kind: (typeof METRIC_KINDS)[number], delay = '0s') {
  return {
    every: key(duration({ min: 100, max: 86_400_000 }).prefault(every), 'How often it is read.', '15s'),
    kind: key(
      z.enum(METRIC_KINDS).default(kind),
      'How it answers to the number of instances: perInstance (utilisation), total (requests, queue length), independent.',
      'perInstance',
    ),
    unit: key(
      z.enum(METRIC_UNITS).optional(),
      'Unit of its samples, so that expressions may say 80%, 300ms or 2GiB and wrong units are refused. Default: what a built-in source measures in.',
      'percent',
    ),
    staleAfter: key(
      duration({ min: 100 }).optional(),
      'A last value older than this is a gap. Default: three times `every` (or `grain`), at least 30s.',
      '1m',
    ),
    delay: key(
      duration({ max: 86_400_000 }).prefault(delay),
      'What it measures is known only so much later: its windows end so long ago.',
      '3m',
    ),
    grain: key(
      duration({ min: 1000, max: 86_400_000 }).optional(),
      'Combines all samples of each grain of this length into one value (see `across`); aggregates are then over the complete grains of the window.',
      '1m',
    ),
    across: key(
      z.enum(ACROSS).optional(),
      'How the samples of a grain become one value, whichever instance they come from. Default, with a `grain`: avg.',
      'sum',
    ),
    filter: key(
      labelFilter.default({}),
      'Only samples whose labels have one of the values listed (or, under `not`, none of them) count.',
      { region: ['eu', 'us'], zone: { not: ['z3'] } },
    ),
    dividePerInstance: key(
      z.boolean().default(false),
      'Divides what its aggregates read by the ready instances: a total becomes the share of each.',
      true,
    ),
  }
}

/** Keys of a metric that are not its source's own. */
export const METRIC_KEYS: readonly string[] = [
  'source',
  'every',
  'kind',
  'unit',
  'staleAfter',
  'delay',
  'grain',
  'across',
  'filter',
  'dividePerInstance',
]

/** The plain shape of a built-in source's metric: the source's keys beside the common ones. */
function sourceShape<N extends SourceName>(source: N) {
  const own: (typeof sourceShapes)[N] = sourceShapes[source]
  const common =
    source === 'process'
      ? metricShape('1s', 'perInstance')
      : source === 'proxy'
        ? metricShape('1s', 'total')
        : source === 'azure-log-analytics'
          ? metricShape('1m', 'independent', AZURE_LOGS_DELAY)
          : source === 'azure-monitor'
            ? metricShape('1m', 'independent', AZURE_MONITOR_DELAY)
            : source === 'azure-table'
              ? metricShape('1m', 'independent')
              : metricShape('15s', 'independent')
  return {
    source: z.literal(source).meta({ description: SOURCE_MEANING[source], 'x-examples': [source] }),
    ...own,
    ...common,
  }
}

const SOURCE_MEANING: Readonly<Record<SourceName, string>> = {
  push: 'Samples are posted to the API.',
  process: 'CPU or memory of each process of a process target, from the operating system.',
  proxy: 'What the proxy in front of the fleet measures.',
  'http-json': 'A number in the JSON an address answers.',
  command: 'A number a command prints.',
  'azure-monitor': AZURE_MONITOR_MEANING,
  'azure-log-analytics': AZURE_LOGS_MEANING,
  'azure-service-bus': SERVICE_BUS_MEANING,
  'azure-queue': AZURE_QUEUE_MEANING,
  'azure-table': AZURE_TABLE_MEANING,
}

const builtInMetrics = {
  push: z.strictObject(sourceShape('push')),
  process: z.strictObject(sourceShape('process')),
  proxy: z.strictObject(sourceShape('proxy')),
  'http-json': z.strictObject(sourceShape('http-json')),
  command: z.strictObject(sourceShape('command')),
  'azure-service-bus': z.strictObject({
    ...sourceShape('azure-service-bus'),
    ...metricShape('30s', 'total'),
  }),
  'azure-monitor': z.strictObject({
    ...sourceShape('azure-monitor'),
    kind: key(
      z.enum(METRIC_KINDS).optional(),
      'How it answers to the number of instances. Default: of a scale set or a plan perInstance, or total where Azure adds up; else independent.',
      'perInstance',
    ),
  }),
  'azure-log-analytics': z.strictObject(sourceShape('azure-log-analytics')),
  'azure-queue': z.strictObject({
    ...sourceShape('azure-queue'),
    kind: key(
      z.enum(METRIC_KINDS).optional(),
      'How it answers to the number of instances. Default: messages are a total, their age is independent.',
      'total',
    ),
  }),
  'azure-table': z.strictObject({
    ...sourceShape('azure-table'),
    kind: key(
      z.enum(METRIC_KINDS).optional(),
      'How it answers to the number of instances. Default: perInstance of performance counters, else independent.',
      'perInstance',
    ),
  }),
} as const

function extensionMetric(source: string) {
  return z.looseObject({ source: z.literal(source), ...metricShape('15s', 'independent') })
}

export const SOURCES = Object.keys(builtInMetrics)

export function metricSchema(extensions: Extensions) {
  const { push, process, proxy, command } = builtInMetrics
  const extra = namesBeside(extensions.sources, SOURCES).map(extensionMetric)
  return z.discriminatedUnion('source', [
    push,
    process,
    proxy,
    builtInMetrics['http-json'],
    command,
    builtInMetrics['azure-monitor'],
    builtInMetrics['azure-log-analytics'],
    builtInMetrics['azure-service-bus'],
    builtInMetrics['azure-queue'],
    builtInMetrics['azure-table'],
    ...extra,
  ])
}

/** The plain object of one source's metrics; `null` for a source nobody knows. */
export function metricOfSource(source: string, extensions: Extensions): z.ZodObject | null {
  if (isOwn(builtInMetrics, source)) return builtInMetrics[source]
  return extensions.sources?.includes(source) === true ? extensionMetric(source) : null
}

/** A metric's own keys in code units, from what was written. */
export function optionsOfMetric(
  source: string,
  written: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const own = Object.fromEntries(Object.entries(written).filter(([option]) => !METRIC_KEYS.includes(option)))
  return isOwn(optionsOfSource, source) ? optionsOfSource[source].parse(own) : own
}

// ---- Plugins of a fleet ----------------------------------------------------------------------------------

function builtIn<N extends string, S extends z.ZodRawShape>(type: N, shape: S, description: string) {
  return z.strictObject({ type: z.literal(type).meta({ description, 'x-examples': [type] }), ...shape })
}
function extension(type: string) {
  return z.looseObject({ type: z.literal(type) })
}

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
const builtInRouters = {
  proxy: builtIn('proxy', proxyRouterShape, 'A reverse proxy that spreads requests over the open instances.'),
  broker: builtIn('broker', brokerRouterShape, MORE_ROUTERS_MEANING.broker),
  agent: builtIn('agent', agentRouterShape, MORE_ROUTERS_MEANING.agent),
  haproxy: builtIn('haproxy', haproxyRouterShape, MORE_ROUTERS_MEANING.haproxy),
  http: builtIn('http', httpRouterShape, MORE_ROUTERS_MEANING.http),
} as const

export const TARGETS = Object.keys(builtInTargets)
export const ROUTERS = Object.keys(builtInRouters)

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
export function routerSchema(extensions: Extensions) {
  const { proxy, broker, agent, haproxy, http } = builtInRouters
  return z.discriminatedUnion('type', [
    proxy,
    broker,
    agent,
    haproxy,
    http,
    ...namesBeside(extensions.routers, ROUTERS).map(extension),
  ])
}
export function targetOfType(type: string, extensions: Extensions): z.ZodObject | null {
  if (isOwn(builtInTargets, type)) return builtInTargets[type]
  return extensions.targets?.includes(type) === true ? extension(type) : null
}
export function routerOfType(type: string, extensions: Extensions): z.ZodObject | null {
  if (isOwn(builtInRouters, type)) return builtInRouters[type]
  return extensions.routers?.includes(type) === true ? extension(type) : null
}

/**
 * A target or router as written (references replaced), once its schema accepts it. Whoever builds the plugin parses
 * the same options again with the same schema, and so has them typed and in code units.
 */
export function pluginRef(
  options: Readonly<Record<string, z.ZodType<Record<string, unknown>>>>,
  written: unknown,
): PluginRef {
  const { type, ...own } = z.looseObject({ type: z.string() }).parse(written)
  const schema = isOwn(options, type) ? options[type] : undefined
  schema?.parse(own)
  return { type, options: own }
}

function namesBeside(names: readonly string[] | undefined, taken: readonly string[]): readonly string[] {
  return [...new Set(names)].filter(extra => !taken.includes(extra))
}

function isOwn<T extends object>(object: T, property: PropertyKey): property is keyof T {
  return Object.hasOwn(object, property)
}

// ---- Schedules -------------------------------------------------------------------------------------------

export const WEEKDAYS = [
  'monday',
  'tuesday',
  'wednesday',
  'thursday',
  'friday',
  'saturday',
  'sunday',
] as const
export const POSITIONS = ['first', 'second', 'third', 'fourth', 'last'] as const
const month = key(integer(1, 12), 'Month, 1 to 12.', 12)
const dayOfMonth = key(integer(1, 31), 'Day of the month; months without it are skipped.', 1)
const position = key(z.enum(POSITIONS), 'Which one in the month.', 'last')
const dayOfWeek = key(z.enum([...WEEKDAYS, 'day']), 'Day of the week, or `day` for any.', 'friday')

/** The keys of which a schedule has exactly one. */
export const RECURRENCES = [
  'daily',
  'weekly',
  'monthly',
  'relativeMonthly',
  'yearly',
  'relativeYearly',
  'cron',
  'between',
] as const

export const scheduleSchema = z.strictObject({
  daily: key(z.literal(true).optional(), 'Every day.', true),
  weekly: key(
    z
      .strictObject({
        days: key(z.array(z.enum(WEEKDAYS)).min(1).max(7), 'Days of the week.', ['monday', 'friday']),
      })
      .optional(),
    'On days of the week.',
    { days: ['monday', 'friday'] },
  ),
  monthly: key(z.strictObject({ dayOfMonth }).optional(), 'On a day of every month.', { dayOfMonth: 1 }),
  relativeMonthly: key(
    z.strictObject({ position, dayOfWeek }).optional(),
    'E.g. on the last friday of every month.',
    {
      position: 'last',
      dayOfWeek: 'friday',
    },
  ),
  yearly: key(z.strictObject({ month, dayOfMonth }).optional(), 'On a day of the year.', {
    month: 12,
    dayOfMonth: 24,
  }),
  relativeYearly: key(
    z.strictObject({ month, position, dayOfWeek }).optional(),
    'E.g. on the fourth thursday of November.',
    {
      month: 11,
      position: 'fourth',
      dayOfWeek: 'thursday',
    },
  ),
  cron: key(
    z.string().min(1).max(200).optional(),
    'Starts as a cron expression says (minute hour day month weekday).',
    '0 8 * * 1-5',
  ),
  between: key(
    z
      .strictObject({
        from: key(dateTime, 'Beginning.', '2026-12-24T18:00'),
        to: key(dateTime, 'End; it is not part of the window.', '2026-12-25T00:00'),
      })
      .optional(),
    'Once, between two times.',
    { from: '2026-12-24T18:00', to: '2026-12-25T00:00' },
  ),
  start: key(
    timeOfDay.optional(),
    'Local time at which a window starts. Default: 00:00. A cron expression says it itself.',
    '08:00',
  ),
  duration: key(
    duration({ min: 1000, max: 366 * 86_400_000 }).optional(),
    'Length of a window in elapsed time; it may cross midnight. Either this, `end` or `durationSeconds`.',
    '2h',
  ),
  durationSeconds: key(
    integer(1, 366 * 86_400).optional(),
    'The same as `duration`, as a number of seconds.',
    7200,
  ),
  end: key(
    timeOfDay.optional(),
    'Local time at which a window ends; on the next day when it is not after `start`.',
    '18:00',
  ),
  startDate: key(date.optional(), 'No window starts before this local date.', '2026-11-01'),
  endDate: key(date.optional(), 'No window starts after this local date.', '2027-03-31'),
  exceptDates: key(z.array(date).max(1000).default([]), 'No window starts on these local dates.', [
    '2026-12-25',
  ]),
  timeZone: key(timeZone.prefault('UTC'), 'Time zone of all local times here.', 'Europe/London'),
})

// ---- Fleets ----------------------------------------------------------------------------------------------

export const capacitySchema = z.strictObject({
  min: key(count, 'Fewest instances.', 2),
  max: key(count, 'Most instances.', 5),
  default: key(count.optional(), 'Wanted when nothing is known. Default: `min`.', 2),
})

export const constraintSchema = z.strictObject({
  name: key(name, 'Name, unique in the fleet.', 'Peak'),
  rank: key(
    rank.default(1),
    'The active constraint of the highest rank wins whole; `capacity` has rank 0.',
    100,
  ),
  min: key(count, 'Fewest instances while it is in force.', 4),
  max: key(count, 'Most instances while it is in force.', 6),
  default: key(count.optional(), 'Wanted when nothing is known, while it is in force.', 4),
  schedule: key(
    z
      .union([name, scheduleSchema], {
        error: () =>
          refusal(
            CODES.wrongType,
            'expected a schedule, found {value}',
            'name one of `schedules`, or write one out: { daily: true, start: "08:00", duration: 2h }',
          ),
      })
      .optional(),
    'When it is in force: the name of a schedule, or one written out. Default: always.',
    'peak',
  ),
  enabled: key(z.boolean().default(true), 'false switches it off.', true),
})

export const kpiSchema = z.strictObject({
  goal: key(
    expression,
    'Green while true, red while false. It may not test another KPI.',
    'avg(cpu, 45m) < 80%',
  ),
})

function perDirection(out: string, inward: string, meaning: string) {
  const shape = {
    out: key(wait.prefault(out), `${meaning} on the way out (more instances).`, out),
    in: key(wait.prefault(inward), `${meaning} on the way in (fewer instances).`, inward),
  }
  return z.strictObject(shape).prefault({})
}

const perDirectionCooldown = perDirection('3m', '10m', 'Cooldown')
const cooldownSchema = z.union([wait, perDirectionCooldown], {
  error: () =>
    refusal(
      CODES.duration,
      'expected a duration or { out, in }, found {value}',
      'write 5m, or { out: 3m, in: 10m }',
    ),
})

/** More witnesses than this only slow a fleet down. */
export const MOST_ROUTERS = 4

const NONE: Extensions = {}

/** Made once for each set of extensions: a schema costs more to make than to use. */
function once<T>(make: (extensions: Extensions) => T): (extensions?: Extensions) => T {
  const made = new WeakMap<Extensions, T>()
  return (extensions = NONE) => {
    const earlier = made.get(extensions)
    if (earlier !== undefined) return earlier
    const schema = make(extensions)
    made.set(extensions, schema)
    return schema
  }
}

export const fleetSchema = once(makeFleetSchema)

function makeFleetSchema(extensions: Extensions) {
  return z.strictObject({
    target: key(
      targetSchema(extensions).prefault({ type: 'none' }),
      'Who lists, launches and terminates the instances. Default: nobody, advice only.',
      { type: 'process', command: ['node', 'app.mjs'] },
    ),
    router: key(
      z
        .union([routerSchema(extensions), z.array(routerSchema(extensions)).min(1).max(MOST_ROUTERS)], {
          error: () =>
            refusal(
              CODES.wrongType,
              'expected a router or a list of routers, found {value}',
              'write { type: broker }, or [{ type: broker }, { type: haproxy, ... }]',
            ),
        })
        .optional(),
      'Who places sessions and requests on the instances. Several are witnesses: an instance is empty only when all say so. Default with `sessions`: the broker.',
      { type: 'proxy', listen: '127.0.0.1:8080' },
      { type: 'broker' },
    ),
    sessions: key(
      sessionsSchema.optional(),
      'What becomes of sessions: the room for them, where they are placed, how long a closed instance waits for them.',
      { slotsPerInstance: 20, reserve: '25%' },
    ),
    health: key(
      healthSchema.optional(),
      'How each ready instance is asked whether it is well; without it only the target says so.',
      { http: '/healthz', every: '5s' },
    ),
    repair: key(repairSchema.prefault({}), 'How what is unhealthy is mended, and when nothing is touched.', {
      how: 'replace',
      atOnce: 1,
      maxUnhealthy: '40%',
    }),
    preset: key(
      z.enum(PRESETS).optional(),
      'The defaults of another autoscaler, so that rules brought from there behave as they did; every key written out here wins over them.',
      'azure',
    ),
    capacity: key(
      capacitySchema.optional(),
      'The bounds that always hold: a constraint of rank 0. Only with `preset: wasabi` may it be left out.',
      { min: 2, max: 5, default: 2 },
    ),
    constraints: key(
      z.array(constraintSchema).max(200).default([]),
      'Further bounds, by schedule and rank.',
      [{ name: 'Peak', rank: 100, min: 4, max: 6, schedule: 'peak' }],
    ),
    kpis: key(z.record(word, kpiSchema).default({}), 'Named goals, to use in conditions (`busy is red`).', {
      busy: { goal: 'avg(cpu, 45m) < 80%' },
    }),
    settings: key(
      z.record(word, settingEntry).default({}),
      'Values the application reads and rules change, each with its default.',
      { advancedStatistics: true, quality: { default: 'high', description: 'Of the pictures' } },
    ),
    settingsWebhook: key(settingsWebhookSchema.optional(), 'Told when settings change.', {
      url: 'http://127.0.0.1:3000/settings',
    }),
    rules: key(z.array(ruleSchema).max(200).default([]), 'When to scale, and by how much.', [
      { name: 'Scale up', rank: 10, when: 'busy is red', scale: { by: 1 } },
    ]),
    cooldown: key(
      cooldownSchema.prefault({}),
      'Wait after a change: one duration, or one per direction.',
      { out: '3m', in: '10m' },
      '5m',
    ),
    cooldownFrom: key(
      z.enum(['own', 'last']).default('own'),
      'Whose cooldown counts: that of the rule that asks (own), or of the rule that acted last (last).',
      'own',
    ),
    stabilization: key(
      perDirection('0s', '5m', 'Stabilization window'),
      'In, the largest count wanted during this window holds; out, the smallest. A fleet that is scaled by `serve` alone has none unless it says so.',
      { out: '0s', in: '5m' },
    ),
    scaleIn: key(
      z.enum(['all', 'any']).default('all'),
      'all: every shrink rule must agree before the fleet shrinks; any: one is enough.',
      'all',
    ),
    flapping: key(
      z.boolean().default(true),
      'Do not shrink to a count at which a grow rule would fire.',
      true,
    ),
    rateLimits: key(rateLimitsSchema.prefault({}), 'How fast the count may change.', {
      out: [
        { instances: 4, per: '1m' },
        { percent: '100%', per: '1m' },
      ],
      select: 'max',
    }),
    billingHour: key(
      billingHourSchema.optional(),
      'Change the count where the paid hour makes it cheapest.',
      {
        outFirst: '15m',
        inLast: '10m',
      },
    ),
    outageGuard: key(outageGuardSchema.optional(), 'Do not shrink when the load vanishes at once.', {
      of: 'avg(requests, 1m)',
      drop: '80%',
      within: '5m',
      hold: '15m',
    }),
    quota: key(
      integer(1, MAX_COUNT).optional(),
      'Never more instances than this, whatever the bounds say.',
      20,
    ),
    every: key(
      duration({ min: 100, max: 3_600_000 }).prefault('15s'),
      'How often the fleet is looked at.',
      '15s',
    ),
    quorum: key(
      share.prefault('50%'),
      'Share of ready instances that must report before a perInstance metric counts.',
      '50%',
    ),
    warmup: key(wait.prefault('0s'), 'Samples of an instance ready for less than this are left out.', '30s'),
    growDuringWarmup: key(
      z.boolean().default(true),
      'false: growth by so many counts from the instances there were before the last `warmup`, so that none is ordered twice; it takes the place of a cooldown.',
      true,
    ),
    bootTimeout: key(
      duration({ min: 100, max: 86_400_000 }).prefault('5m'),
      'An instance not ready after this is replaced.',
      '5m',
    ),
    launchBatch: key(integer(1, 10_000).default(10), 'Most launches at one tick.', 10),
    mode: key(
      z.enum(['scale', 'notify', 'scale-and-notify', 'recommend']).default('scale'),
      'scale: act; notify: ask for approval first; scale-and-notify: act and tell; recommend: decide and record, change nothing.',
      'scale',
    ),
    approval: key(approvalSchema.prefault({}), 'How decisions wait for approval.', { expires: '30m' }),
  })
}

/** What a group's rules and constraints are multiplied by for each of its fleets. */
const ratio = integer(1, 1000)

export const groupSchema = z.strictObject({
  fleets: key(
    z.record(fleetName, ratio),
    'The fleets of the group, each with its ratio: counts are multiplied by it, percentages are not.',
    { web: 3, db: 1 },
  ),
  constraints: key(
    z.array(constraintSchema).max(200).default([]),
    'Bounds of every fleet of the group, times its ratio.',
    [{ name: 'Peak', rank: 100, min: 1, max: 4, schedule: 'peak' }],
  ),
  rules: key(
    z.array(ruleSchema).max(200).default([]),
    'Rules of every fleet of the group; they read its metrics and settings.',
    [{ name: 'Scale up', when: 'avg(cpu, 5m) > 80%', scale: { by: 1 } }],
  ),
})

// ---- The file --------------------------------------------------------------------------------------------

export const apiSchema = z.strictObject({
  listen: key(
    listen.prefault('127.0.0.1:7070'),
    'Where the API and the page are served. Other than this machine needs a token.',
    '127.0.0.1:7070',
  ),
  token: key(secret.optional(), 'Callers must send it as a bearer token.', '${env:PLIMSOLL_TOKEN}'),
})

export const stateSchema = z.strictObject({
  path: key(
    z.string().min(1).max(4096).prefault('.plimsoll/state.db'),
    "The state file, counted from the configuration file's folder.",
    '.plimsoll/state.db',
  ),
  samples: key(
    duration({ min: 60_000, max: 3660 * 86_400_000 }).prefault('7d'),
    'How long samples are kept.',
    '7d',
  ),
  journal: key(
    duration({ min: 60_000, max: 3660 * 86_400_000 }).prefault('30d'),
    'How long the journal is kept.',
    '30d',
  ),
})

export const configSchema = once(makeConfigSchema)

function makeConfigSchema(extensions: Extensions) {
  return z.strictObject({
    plimsoll: key(
      z.literal(1, {
        error: issue =>
          issue.input === undefined
            ? undefined
            : refusal(CODES.version, '{value} is not a version of the format', 'write "plimsoll: 1"'),
      }),
      'Version of the format.',
      1,
    ),
    api: key(apiSchema.prefault({}), 'The HTTP API and the page.', { listen: '127.0.0.1:7070' }),
    state: key(stateSchema.prefault({}), 'What is remembered, and where.', {
      path: '.plimsoll/state.db',
      samples: '7d',
    }),
    schedules: key(z.record(name, scheduleSchema).default({}), 'Named schedules, shared by all fleets.', {
      peak: { daily: true, start: '08:00', duration: '2h', timeZone: 'Europe/London' },
    }),
    metrics: key(z.record(word, metricSchema(extensions)).default({}), 'What is measured, by name.', {
      cpu: { source: 'process', read: 'cpu', unit: 'percent' },
    }),
    fleets: key(z.record(fleetName, fleetSchema(extensions)), 'The fleets, by name.', {
      web: { capacity: { min: 2, max: 5 } },
    }),
    groups: key(
      z.record(fleetName, groupSchema).default({}),
      'Fleets that scale together, in a fixed ratio.',
      {
        shop: { fleets: { web: 3, db: 1 }, constraints: [{ name: 'Peak', min: 1, max: 4 }] },
      },
    ),
    notifiers: key(z.record(name, notifierSchema).default({}), 'Who is told, and how.', {
      ops: {
        type: 'email',
        to: ['ops@example.org'],
        from: 'plimsoll@example.org',
        smtp: '${env:SMTP_URL}',
      },
    }),
    actions: key(z.record(name, actionSchema).default({}), 'Custom actions that rules run.', {
      provision: { type: 'command', command: ['./provision.sh'] },
    }),
  })
}

/** The file as written: what a host program may build in code. */
export type Config = z.input<ReturnType<typeof configSchema>>
/** The file as read, defaults filled in and in code units. */
export type ReadConfig = z.output<ReturnType<typeof configSchema>>
