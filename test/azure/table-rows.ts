/**
 * Rows as Azure's diagnostics and storage analytics write them, put together here by the rules that are published, not by our own
 * code.
 *
 * Example: `wadRow({ at, counter: '\\Processor(_Total)\\% Processor Time', value: 83.2, instance: 'Web_IN_0' })`.
 */
import type { TableRow } from './azurite.ts'

const EPOCH_TICKS = 621_355_968_000_000_000n
const MAX_TICKS = 3_155_378_975_999_999_999n
const DAY_MS = 86_400_000

export interface WadReading {
  readonly at: number
  readonly counter: string
  readonly value: number
  readonly instance?: string
  readonly role?: string
  readonly deployment?: string
}

/** In the partition of its minute: 0 and the ticks. */
export function wadRow({ at, counter, value, ...of }: WadReading): TableRow {
  const { instance = 'Web_IN_0', role = 'Web', deployment = 'd1' } = of
  return {
    partitionKey: `0${ticks(at - (at % 60_000))}`,
    rowKey: `${deployment}___${role}___${instance}___${ticks(at)}___${hex(counter)}`,
    EventTickCount: { value: `${ticks(at)}`, type: 'Int64' },
    DeploymentId: deployment,
    Role: role,
    RoleInstance: instance,
    CounterName: counter,
    CounterValue: double(value),
  }
}

export interface MetricsReading {
  /** When its period began. */
  readonly at: number
  readonly counter: string
  readonly resource: string
  readonly value: number
  readonly host?: string
}

/** One of the two rows there are of each reading: the one by time. */
export function metricsRow({ at, counter, resource, value, host }: MetricsReading): TableRow {
  return {
    partitionKey: coded(resource),
    rowKey: `${MAX_TICKS - ticks(at)}__${coded(counter)}${host === undefined ? '' : `__${coded(host)}`}`,
    TIMESTAMP: new Date(at),
    CounterName: counter,
    ...(host === undefined ? {} : { Host: host }),
    Average: double(value),
    Minimum: double(value - 1),
    Maximum: double(value + 1),
    Total: double(value * 4),
    Last: double(value),
    Count: 4,
  }
}

/** The other one: by name. */
export function metricsRowByName(reading: MetricsReading): TableRow {
  const { at, counter } = reading
  return { ...metricsRow(reading), rowKey: `${coded(counter)}__${MAX_TICKS - ticks(at)}` }
}

export interface AnalyticsReading {
  readonly at: number
  readonly row: string
  readonly value: number
}

export function analyticsRow({ at, row, value }: AnalyticsReading): TableRow {
  const [day = '', time = ''] = new Date(at).toISOString().split('T')
  return {
    partitionKey: `${day.replaceAll('-', '')}T${time.slice(0, 2)}${time.slice(3, 5)}`,
    rowKey: row,
    TotalRequests: { value: `${Math.round(value)}`, type: 'Int64' },
    Availability: double(value),
  }
}

/** The table of ten days, counted from the year 1601, in which a reading of the minute is. */
export function metricsTable(at: number, prefix = 'WADMetricsPT1MP10DV2S'): string {
  const since1601 = Math.floor((at - Date.UTC(1601, 0, 1)) / DAY_MS)
  const first = new Date(Date.UTC(1601, 0, 1) + (since1601 - (since1601 % 10)) * DAY_MS)
  return `${prefix}${first.toISOString().slice(0, 10).replaceAll('-', '')}`
}

export function ticks(at: number): bigint {
  return EPOCH_TICKS + BigInt(at) * 10_000n
}

function double(value: number) {
  return { value: `${value}`, type: 'Double' }
}

function coded(text: string): string {
  return text.replace(/[^A-Za-z0-9]/g, sign => `:${hex(sign).padStart(4, '0')}`)
}

/** Of keys: no slash, backslash, `#` or `?`. */
function hex(text: string): string {
  return [...text].map(sign => sign.charCodeAt(0).toString(16).toUpperCase()).join('')
}
