/**
 * The keys of the source `azure-monitor`: which metric of which resource, how its bins are made, and where that is asked.
 *
 * Example: `{ source: azure-monitor, resource: /subscriptions/.../virtualMachineScaleSets/web, metric: Percentage CPU, region: westeurope }`
 * is the average of each minute, asked for at https://westeurope.metrics.monitor.azure.com.
 */
import { z } from 'zod'
import { azureAddress, azureCloudShape, CLOUDS } from './azure-cloud.ts'
import { AZURE_AGGREGATIONS, azureMetricFacts, resourceType } from './azure-metrics.ts'
import { CODES } from './codes.ts'
import { key } from './key.ts'
import { duration, refusal } from './values.ts'

export const AZURE_MONITOR_MEANING = 'A metric of Azure Monitor, of anything in Azure that has metrics.'
/** Azure has a minute's values after three to four minutes. */
export const AZURE_MONITOR_DELAY = '3m'

const MINUTE_MS = 60_000
const INTERVALS_MS = [1, 5, 15, 30, 60, 6 * 60, 12 * 60, 24 * 60].map(minutes => minutes * MINUTE_MS)
const MOST_VALUES = 100

/** Where each cloud has its metrics, by region, and for whom tokens are asked. */
const METRICS = {
  public: { domain: 'metrics.monitor.azure.com', audience: 'https://management.azure.com' },
  china: { domain: 'metrics.monitor.azure.cn', audience: 'https://management.chinacloudapi.cn' },
  usGovernment: { domain: 'metrics.monitor.azure.us', audience: 'https://management.usgovcloudapi.net' },
} as const

const dimension = z
  .string()
  .max(200)
  .regex(/^[A-Za-z][A-Za-z0-9_ ./-]*$/, {
    error: refusal(
      CODES.malformed,
      '{value} is not the name of a dimension',
      'write it as Azure does, e.g. VMName',
    ),
  })
const dimensionValues = z.array(z.string().min(1).max(1000)).min(1).max(MOST_VALUES)

const azureResource = z
  .string()
  .max(2000)
  .regex(
    /^\/subscriptions\/[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\/resourceGroups\/[^/]+\/providers\/[^/]+(\/[^/]+\/[^/]+)+$|\$\{/i,
    {
      error: refusal(
        CODES.malformed,
        '{value} is not the id of a resource',
        'write what `az resource show --query id` prints',
      ),
    },
  )

export const azureMonitorShape = {
  resource: key(
    azureResource,
    'Full id of what is measured.',
    '/subscriptions/00000000-0000-4000-8000-000000000001/resourceGroups/web-rg/providers/Microsoft.Compute/virtualMachineScaleSets/web',
  ),
  metric: key(
    z
      .string()
      .min(1)
      .max(260)
      .regex(/^[^,]+$/, {
        error: refusal(CODES.malformed, '{value} is not the name of a metric', 'name one metric'),
      }),
    'Its name, as the REST API has it.',
    'Percentage CPU',
  ),
  namespace: key(
    z.string().min(1).max(260).optional(),
    'Namespace of the metric. Default: the type of the resource.',
    'Microsoft.Compute/virtualMachineScaleSets',
  ),
  aggregation: key(
    z.enum(AZURE_AGGREGATIONS).optional(),
    'What Azure makes of the values of a bin. Default: total for bytes that pass, else average.',
    'average',
  ),
  interval: key(
    duration({ min: MINUTE_MS, max: 86_400_000 })
      .refine(ms => INTERVALS_MS.includes(ms), {
        error: refusal(
          CODES.range,
          'Azure has no bins of {value}',
          'take 1m, 5m, 15m, 30m, 1h, 6h, 12h or 1d',
        ),
      })
      .optional(),
    'Length of a bin: 1m, 5m, 15m, 30m, 1h, 6h, 12h or 1d. Default: the longest of these that fits into `grain`, else 1m.',
    '1m',
  ),
  dimensions: key(
    z
      .record(
        dimension,
        z.union(
          [
            dimensionValues,
            z.strictObject({ not: key(dimensionValues, 'The values that do not count.', ['web_0']) }),
          ],
          {
            error: () =>
              refusal(
                CODES.wrongType,
                'expected a list of values or { not: [...] }, found {value}',
                'write Direction: [In, Out] or Direction: { not: [Out] }',
              ),
          },
        ),
      )
      .default({})
      .meta({ 'x-kind': 'values by dimension' }),
    'Only these values of its dimensions count (or, under `not`, all others); Azure takes them together.',
    { Direction: ['In'] },
  ),
  instance: key(
    dimension.optional(),
    'The dimension whose values are names of instances: each is a sample of its own.',
    'VMName',
  ),
  splitBy: key(
    z.array(dimension).max(8).default([]),
    'Dimensions whose values are kept apart: they become labels of the samples.',
    ['Direction'],
  ),
  region: key(
    z
      .string()
      .max(64)
      .regex(/^[a-z0-9]+$|\$\{/, {
        error: refusal(
          CODES.malformed,
          '{value} is not a region',
          'write it in small letters without spaces, e.g. westeurope',
        ),
      })
      .optional(),
    'Region of the resource, `global` for one that has none. This or `endpoint` is needed.',
    'westeurope',
  ),
  cloud: azureCloudShape.cloud,
  endpoint: key(
    azureAddress.optional(),
    "Another address of metrics than the region's.",
    'https://westeurope.metrics.monitor.azure.com',
  ),
  authorityHost: azureCloudShape.authorityHost,
  audience: key(
    azureAddress.optional(),
    "For whom a token is asked, where it is not the cloud's resource manager.",
    'https://metrics.monitor.azure.com',
  ),
  timeout: key(
    duration({ min: 100, max: 60_000 }).prefault('10s'),
    'Each call must be answered within this.',
    '10s',
  ),
}

export const azureMonitorSource = z
  .strictObject(azureMonitorShape)
  .transform(({ cloud, region, endpoint, authorityHost, audience, timeout, interval, ...written }) => ({
    resource: written.resource,
    metric: written.metric,
    namespace: written.namespace ?? resourceType(written.resource),
    aggregation: azureMetricFacts(written).aggregation,
    intervalMs: interval ?? null,
    dimensions: Object.entries(written.dimensions).map(([name, values]) =>
      Array.isArray(values) ? { name, isIn: true, values } : { name, isIn: false, values: values.not },
    ),
    instance: written.instance ?? null,
    splitBy: [...new Set(written.splitBy)],
    endpoint: endpoint ?? `https://${region ?? ''}.${METRICS[cloud].domain}`,
    audience: audience ?? METRICS[cloud].audience,
    authorityHost: authorityHost ?? CLOUDS[cloud].authorityHost,
    timeoutMs: timeout,
  }))
