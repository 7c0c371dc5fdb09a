/**
 * Azure Monitor's data plane (`metrics:getBatch`) over values that were put in: it makes bins of them, is late with them, chooses and splits by
 * dimensions, tells names as people read them, and refuses what Azure refuses: metrics, lengths of bins and dimensions it does not have.
 *
 * Example: after `monitor.put(PLAN, 'CpuPercentage', NOON, 41.5, { Instance: 'RD01' })` with a delay of 3 min, the bin of 12:00 has no value
 * until 12:04, and 41.5 from then on.
 */
import { FakeAzure, type Question, type Reply, refused } from './fake-azure.ts'

const SUBSCRIPTION = '00000000-0000-4000-8000-000000000001'
const GROUP = `/subscriptions/${SUBSCRIPTION}/resourceGroups/fleet-rg/providers`
export const WEB = `${GROUP}/Microsoft.Compute/virtualMachineScaleSets/web`
export const SHOP = `${GROUP}/Microsoft.Compute/virtualMachineScaleSets/shop`
export const PLAN = `${GROUP}/Microsoft.Web/serverfarms/plan`

const MINUTE_MS = 60_000
const SPANS: Readonly<Record<string, number>> = {
  PT1M: 1,
  PT5M: 5,
  PT15M: 15,
  PT30M: 30,
  PT1H: 60,
  PT6H: 360,
  PT12H: 720,
  P1D: 1440,
}
const AGGREGATIONS = ['average', 'minimum', 'maximum', 'total', 'count'] as const
const KEPT_MS = 93 * 86_400_000

interface KnownMetric {
  readonly unit: string
  readonly title: string
  readonly dimensions: readonly string[]
}

/** By namespace, in small letters. */
const METRICS: Readonly<Record<string, Readonly<Record<string, KnownMetric>>>> = {
  'microsoft.compute/virtualmachinescalesets': {
    'Percentage CPU': { unit: 'Percent', title: 'Percentage CPU', dimensions: ['VMName'] },
    'Network In Total': { unit: 'Bytes', title: 'Network In Total', dimensions: ['VMName'] },
  },
  'microsoft.web/serverfarms': {
    CpuPercentage: { unit: 'Percent', title: 'CPU Percentage', dimensions: ['Instance'] },
    HttpQueueLength: { unit: 'Count', title: 'Http Queue Length', dimensions: ['Instance'] },
    BytesReceived: { unit: 'Bytes', title: 'Data In', dimensions: ['Instance', 'Direction'] },
  },
}

interface Put {
  readonly at: number
  readonly value: number
  readonly dimensions: Readonly<Record<string, string>>
}

interface Chosen {
  readonly dimension: string
  readonly isIn: boolean
  readonly values: readonly string[]
}

export class FakeMonitor extends FakeAzure {
  readonly #now: () => number
  readonly #puts = new Map<string, Put[]>()
  /** What was asked for. */
  readonly queries: URLSearchParams[] = []
  /** Bins younger than this have no values yet. */
  delayMs = 0
  /** Resources it answers nothing about. */
  readonly unknown = new Set<string>()
  /** What it says of single metrics instead of values, by resource. */
  readonly troubles = new Map<string, { readonly code: string; readonly message: string }>()
  /** Ids come back in capitals. */
  shouts = false

  private constructor(now: () => number, identity: ConstructorParameters<typeof FakeAzure>) {
    super(...identity)
    this.#now = now
  }

  static start(
    now: () => number,
    ...identity: ConstructorParameters<typeof FakeAzure>
  ): Promise<FakeMonitor> {
    return new FakeMonitor(now, identity).listen()
  }

  /** One value of the minute that `at` is in. */
  put(
    resource: string,
    metric: string,
    at: number,
    value: number,
    dimensions: Readonly<Record<string, string>> = {},
  ): void {
    const key = keyOf(resource, metric)
    const puts = this.#puts.get(key) ?? []
    puts.push({ at, value, dimensions })
    this.#puts.set(key, puts)
  }

  protected answer({ method, url, body }: Question): Reply {
    const [, subscription] = /^\/subscriptions\/([^/]+)\/metrics:getBatch$/.exec(url.pathname) ?? []
    if (method !== 'POST' || subscription === undefined) return refused(404, 'NotFound', url.pathname)
    this.queries.push(url.searchParams)
    const ask = (name: string): string => url.searchParams.get(name) ?? ''
    const resources = resourcesOf(body)
    const spanMs = (SPANS[ask('interval') || 'PT1M'] ?? 0) * MINUTE_MS
    const [from, to] = [Date.parse(ask('starttime')), Date.parse(ask('endtime'))]
    const known = METRICS[ask('metricnamespace').toLowerCase()] ?? {}
    const names = ask('metricnames').split(',')
    const filter = filterOf(ask('filter'))
    const unknownMetric = names.find(name => !Object.keys(known).some(each => same(each, name)))
    if (ask('api-version') !== '2024-02-01') return bad('an unknown api-version')
    if (resources.length < 1 || resources.length > 50) return bad('1 to 50 resources may be asked for')
    if (resources.some(id => !same(id.split('/')[2] ?? '', subscription))) return bad('another subscription')
    if (names.length > 20) return bad('at most 20 metrics')
    if (unknownMetric !== undefined) return bad(`Failed to find metric configuration for ${unknownMetric}`)
    if (spanMs === 0) return bad(`Detected invalid time grain input: ${ask('interval')}`)
    if (!(from < to)) return bad('the end is not after the start')
    if (from < this.#now() - KEPT_MS) return bad('the start is more than 93 days ago')
    if (filter === null) return bad('the filter cannot be read')
    const rolled = ask('rollupby') === '' ? [] : ask('rollupby').split(',')
    const wanted = ask('aggregation').split(',')
    const metricOf = (resource: string, name: string) => {
      const title = Object.keys(known).find(each => same(each, name)) ?? name
      const metric = known[title]
      const lacking = [...filter.map(({ dimension }) => dimension), ...rolled].find(
        dimension => !(metric?.dimensions ?? []).some(each => same(each, dimension)),
      )
      if (lacking !== undefined) throw new Lacking(lacking)
      const trouble = this.troubles.get(resource)
      return {
        id: `${this.shouts ? resource.toUpperCase() : resource}/providers/Microsoft.Insights/metrics/${title}`,
        type: 'Microsoft.Insights/metrics',
        name: { value: title, localizedValue: metric?.title ?? title },
        unit: metric?.unit ?? 'Unspecified',
        errorCode: trouble?.code ?? 'Success',
        ...(trouble === undefined ? {} : { errorMessage: trouble.message }),
        timeseries:
          trouble === undefined
            ? this.#seriesOf(this.#puts.get(keyOf(resource, name)) ?? [], {
                filter,
                rolled,
                wanted,
                spanMs,
                from,
                to,
              }).slice(0, filter.length === 0 ? 1 : Number(ask('top') || '10'))
            : [],
      }
    }
    try {
      const values = resources
        .filter(resource => !this.unknown.has(resource))
        .map(resource => ({
          starttime: new Date(from).toISOString(),
          endtime: new Date(to).toISOString(),
          interval: ask('interval'),
          namespace: ask('metricnamespace'),
          resourceregion: 'westeurope',
          resourceid: this.shouts ? resource.toUpperCase() : resource,
          value: names.map(name => metricOf(resource, name)),
        }))
      return { status: 200, body: { values } }
    } catch (error) {
      if (error instanceof Lacking) return bad(`Metric does not support requested dimension ${error.message}`)
      throw error
    }
  }

  #seriesOf(
    puts: readonly Put[],
    {
      filter,
      rolled,
      wanted,
      spanMs,
      from,
      to,
    }: {
      readonly filter: readonly Chosen[]
      readonly rolled: readonly string[]
      readonly wanted: readonly string[]
      readonly spanMs: number
      readonly from: number
      readonly to: number
    },
  ) {
    const split = filter
      .map(({ dimension }) => dimension)
      .filter(name => !rolled.some(each => same(each, name)))
    const dimensionOf = ({ dimensions }: Put, name: string): string =>
      Object.entries(dimensions).find(([each]) => same(each, name))?.[1] ?? ''
    const passing = puts.filter(put =>
      filter.every(({ dimension, isIn, values }) => {
        const is = dimensionOf(put, dimension)
        if (values.includes('*')) return true
        return values.some(value => same(value, is)) === isIn
      }),
    )
    const groups = new Map<string, Put[]>(split.length === 0 ? [['[]', []]] : [])
    for (const put of passing) {
      const key = JSON.stringify(split.map(name => dimensionOf(put, name)))
      const known = groups.get(key)
      if (known === undefined) groups.set(key, [put])
      else known.push(put)
    }
    return [...groups].map(([key, group]) => {
      const inBins = new Map<number, Put[]>()
      for (const put of group) {
        const bin = Math.floor((put.at - from) / spanMs)
        const known = inBins.get(bin)
        if (known === undefined) inBins.set(bin, [put])
        else known.push(put)
      }
      const values: unknown = JSON.parse(key)
      return {
        metadatavalues: split.map((name, index) => ({
          name: { value: name.toLowerCase(), localizedValue: name.toLowerCase() },
          value: Array.isArray(values) ? String(values[index]) : '',
        })),
        data: Array.from({ length: Math.ceil((to - from) / spanMs) }, (_, index) => {
          const startAt = from + index * spanMs
          const isLate = startAt + spanMs > this.#now() - this.delayMs
          const inside = isLate ? [] : (inBins.get(index) ?? [])
          return { timeStamp: new Date(startAt).toISOString(), ...statisticsOf(inside, wanted) }
        }),
      }
    })
  }
}

class Lacking extends Error {}

function bad(message: string): Reply {
  return refused(400, 'BadRequest', message)
}

function statisticsOf(puts: readonly Put[], wanted: readonly string[]): Record<string, number> {
  if (puts.length === 0) return {}
  const values = puts.map(({ value }) => value)
  const total = values.reduce((sum, value) => sum + value, 0)
  const all = {
    average: total / values.length,
    minimum: Math.min(...values),
    maximum: Math.max(...values),
    total,
    count: values.length,
  }
  return Object.fromEntries(
    AGGREGATIONS.flatMap((name): [string, number][] =>
      wanted.some(each => same(each, name)) ? [[name, all[name]]] : [],
    ),
  )
}

/** `A eq '1' and (B ne 'x' and B ne 'y')`; null where it is none. */
function filterOf(text: string): readonly Chosen[] | null {
  if (text === '') return []
  const terms = [...text.matchAll(/([A-Za-z][\w ./-]*?) (eq|ne) '((?:[^']|'')*)'/g)]
  const rest = text
    .replace(/[A-Za-z][\w ./-]*? (?:eq|ne) '(?:[^']|'')*'/g, '')
    .replace(/\b(?:and|or)\b|\s/g, '')
  if (terms.length === 0 || rest !== '') return null
  const chosen = new Map<string, Chosen>()
  for (const [, name = '', operator, value = ''] of terms) {
    const dimension = name.replace(/^(?:and|or) /, '')
    const before = chosen.get(dimension)?.values ?? []
    chosen.set(dimension, {
      dimension,
      isIn: operator === 'eq',
      values: [...before, value.replaceAll("''", "'")],
    })
  }
  return [...chosen.values()]
}

function resourcesOf(body: unknown): readonly string[] {
  const ids: unknown = typeof body === 'object' && body !== null ? Reflect.get(body, 'resourceids') : null
  return Array.isArray(ids) ? ids.filter(id => typeof id === 'string') : []
}

function keyOf(resource: string, metric: string): string {
  return JSON.stringify([resource.toLowerCase(), metric.toLowerCase()])
}

function same(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase()
}
