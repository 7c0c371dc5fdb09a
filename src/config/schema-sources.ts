/**
 * The keys of each source, beside those that every metric has.
 *
 * Example: `{ url: ..., pointer: /queue/length, timeout: 5s }` of `http-json` is given to the source with `timeoutMs: 5000`.
 */
import { z } from 'zod'
import { key } from './key.ts'
import { azureLogsShape, azureLogsSource } from './schema-azure-logs.ts'
import { azureMonitorShape, azureMonitorSource } from './schema-azure-monitor.ts'
import { azureQueueShape, azureQueueSource } from './schema-azure-queue.ts'
import { azureServiceBusShape, azureServiceBusSource } from './schema-azure-service-bus.ts'
import { azureTableShape, azureTableSource } from './schema-azure-table.ts'
import { FOLDER_MEANING, folder } from './schema-targets.ts'
import { argv, duration, headers, httpUrl, pointer } from './values.ts'

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

export const sourceShapes = {
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

export type SourceName = keyof typeof sourceShapes
export const optionsOfSource: Readonly<Record<SourceName, z.ZodType<Record<string, unknown>>>> = {
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
