/**
 * A metric: the keys that all have, with the defaults of their source, and the source's own.
 *
 * Example: `cpu: { source: process, read: cpu }` is read every second, and is per instance.
 */
import { z } from 'zod'
import { LONGEST_LABEL, MOST_LABELS } from '../model/sample.ts'
import { CODES } from './codes.ts'
import { key } from './key.ts'
import { AZURE_LOGS_DELAY, AZURE_LOGS_MEANING } from './schema-azure-logs.ts'
import { AZURE_MONITOR_DELAY, AZURE_MONITOR_MEANING } from './schema-azure-monitor.ts'
import { AZURE_QUEUE_MEANING } from './schema-azure-queue.ts'
import { SERVICE_BUS_MEANING } from './schema-azure-service-bus.ts'
import { AZURE_TABLE_MEANING } from './schema-azure-table.ts'
import { type Extensions, isOwn, namesBeside } from './schema-plugins.ts'
import { optionsOfSource, type SourceName, sourceShapes } from './schema-sources.ts'
import { duration, refusal } from './values.ts'

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
