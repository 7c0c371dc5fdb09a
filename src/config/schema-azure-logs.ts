/**
 * The keys of the source `azure-log-analytics`: a query in KQL, over which workspace or resource, and what its columns are.
 *
 * Example: `{ workspace: 5f1c..., query: "requests | summarize n = count() by bin(timestamp, 1m)", interval: 1m }` finds the time in
 * `timestamp` and the value in `n`, its only column of numbers.
 */
import { z } from 'zod'
import { azureAddress, azureCloudShape, CLOUDS } from './azure-cloud.ts'
import { CODES } from './codes.ts'
import { key } from './key.ts'
import { duration, refusal } from './values.ts'

export const AZURE_LOGS_MEANING =
  'What a query (KQL) answers over a Log Analytics workspace or Application Insights.'
/** Logs come in after two to five minutes. */
export const AZURE_LOGS_DELAY = '3m'
/** Exactly one of these says what is asked. */
export const LOGS_WAYS = ['workspace', 'resource'] as const

const LOGS = {
  public: 'https://api.loganalytics.io',
  china: 'https://api.loganalytics.azure.cn',
  usGovernment: 'https://api.loganalytics.us',
} as const

const column = z.string().min(1).max(200)

export const azureLogsShape = {
  workspace: key(
    z
      .string()
      .regex(/^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$|\$\{/, {
        error: refusal(
          CODES.malformed,
          '{value} is not the id of a workspace',
          'write what `az monitor log-analytics workspace show --query customerId` prints',
        ),
      })
      .optional(),
    'Id of the workspace. This or `resource` is needed.',
    '${env:LOG_WORKSPACE}',
  ),
  resource: key(
    z
      .string()
      .max(2000)
      .regex(/^\/subscriptions\/[^/?#]+\/resourceGroups\/[^/?#]+\/providers\/[^?#]+$|\$\{/i, {
        error: refusal(
          CODES.malformed,
          '{value} is not the id of a resource',
          'write what `az resource show --query id` prints',
        ),
      })
      .optional(),
    'Full id of what logs there, e.g. of an Application Insights component.',
    '/subscriptions/00000000-0000-4000-8000-000000000001/resourceGroups/web-rg/providers/Microsoft.Insights/components/web',
  ),
  query: key(
    z.string().min(1).max(20_000),
    'In KQL. The time it looks at is given with it; it needs no `where` for that.',
    'requests | summarize n = count() by bin(timestamp, 1m)',
  ),
  time: key(
    column.optional(),
    'The column with the time. Default: TimeGenerated or timestamp, whichever there is.',
    'TimeGenerated',
  ),
  value: key(column.optional(), 'The column with the number. Default: the only one with numbers.', 'n'),
  instance: key(
    column.optional(),
    'The column with the name of the instance; without it a sample is of the whole.',
    'cloud_RoleInstance',
  ),
  labels: key(z.array(column).max(8).default([]), 'Columns whose values become labels of the samples.', [
    'operation_Name',
  ]),
  interval: key(
    duration({ min: 1000, max: 86_400_000 }).optional(),
    'Where the query makes bins: how long they are. Their times are taken as their beginnings, and none counts before it has ended.',
    '1m',
  ),
  cloud: azureCloudShape.cloud,
  endpoint: key(
    azureAddress.optional(),
    "Another address of logs than the cloud's.",
    'https://api.loganalytics.io',
  ),
  authorityHost: azureCloudShape.authorityHost,
  audience: key(
    azureAddress.optional(),
    'For whom a token is asked, where it is not the address of the logs of the cloud.',
    'https://api.loganalytics.io',
  ),
  timeout: key(
    duration({ min: 100, max: 60_000 }).prefault('20s'),
    'Each query must be answered within this.',
    '20s',
  ),
}

export const azureLogsSource = z
  .strictObject(azureLogsShape)
  .transform(({ cloud, endpoint, authorityHost, audience, timeout, interval, ...written }) => ({
    workspace: written.workspace ?? null,
    resource: written.resource ?? null,
    query: written.query,
    time: written.time ?? null,
    value: written.value ?? null,
    instance: written.instance ?? null,
    labels: [...new Set(written.labels)],
    intervalMs: interval ?? null,
    endpoint: endpoint ?? LOGS[cloud],
    audience: audience ?? LOGS[cloud],
    authorityHost: authorityHost ?? CLOUDS[cloud].authorityHost,
    timeoutMs: timeout,
  }))
