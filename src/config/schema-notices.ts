/**
 * The keys of who is told what, and of custom actions. Their options are kept as written: the plugin that sends or runs
 * reads them again with its own schema.
 *
 * Example: `chat: { type: slack, url: "${env:SLACK_URL}", on: [failed], every: 10m }`.
 */
import { z } from 'zod'
import type { NoticeEvent } from '../model/spec.ts'
import { CODES } from './codes.ts'
import { key } from './key.ts'
import { argv, duration, environment, headers, httpUrl, refusal, secret, smtpUrl } from './values.ts'

export const NOTICE_EVENTS = [
  'scaled',
  'failed',
  'gap-began',
  'gap-ended',
  'flapping',
  'held-long',
  'approval-wanted',
  'approval-withdrawn',
  'limit-reached',
  'lost',
  'froze',
  'thawed',
  'rule',
] as const satisfies readonly NoticeEvent[]

const folder = z.string().min(1).max(4096).optional()
const FOLDER_MEANING = "Folder it runs in, counted from the configuration file's folder (the default)."

const address = z.string().min(3).max(320)

const notifierFrame = {
  on: key(
    z
      .array(z.enum(NOTICE_EVENTS))
      .min(1)
      .max(NOTICE_EVENTS.length)
      .default([...NOTICE_EVENTS]),
    'What it is told. Default: everything. A rule that names it in `notify` reaches it in any case.',
    ['scaled', 'failed', 'gap-began', 'gap-ended', 'approval-wanted'],
  ),
  every: key(
    duration({ max: 7 * 86_400_000 }).prefault('30m'),
    'At most one notice of a kind per fleet in this time.',
    '30m',
  ),
  timeout: key(
    duration({ min: 100, max: 600_000 }).optional(),
    'Sending must end within this; otherwise it is tried again. Default: what its type takes for enough.',
    '10s',
  ),
}

const namedText = (meaning: string, example: string) =>
  key(z.string().min(1).max(4096).optional(), meaning, example)

const properties = z
  .record(
    z.string().min(1).max(256),
    z
      .string({
        error: issue =>
          issue.input === undefined
            ? undefined
            : refusal(CODES.wrongType, '{value} is not a text', 'put it in quotes'),
      })
      .max(4096),
  )
  .meta({ description: 'Texts by name.', 'x-examples': [{ team: 'shop' }], 'x-kind': 'texts by name' })

/** What receivers of Azure's notifications look at and a fleet does not know of itself. */
const azureResource = z.strictObject({
  subscription: namedText('The id of the subscription.', '1b0f3f5e-7c1d-4f6a-9a57-0d9b3c2f1a11'),
  resourceGroup: namedText('The resource group.', 'shop'),
  name: namedText("The name of the resource. Default: the fleet's.", 'web'),
  type: namedText(
    'The type of the resource. Default: `plimsoll/fleets`.',
    'Microsoft.Compute/virtualMachineScaleSets',
  ),
  id: namedText(
    'The id of the resource. Default: made of subscription, group, type and name, or the name where one is missing.',
    '/subscriptions/1b0f/resourceGroups/shop/providers/Microsoft.Compute/virtualMachineScaleSets/web',
  ),
  region: namedText('Where the resource is.', 'westeurope'),
  portalLink: namedText(
    'Where people look at it. Default: its page in the portal of Azure, where its whole id is known.',
    'https://portal.azure.com/#resource/subscriptions/1b0f',
  ),
})

function kind<N extends string>(type: N, description: string) {
  return z.literal(type).meta({ description, 'x-examples': [type] })
}

const notifiers = {
  email: z.strictObject({
    type: kind('email', 'An e-mail.'),
    to: key(
      z.union([address, z.array(address).min(1).max(100)], {
        error: issue =>
          issue.input === undefined
            ? undefined
            : refusal(
                CODES.wrongType,
                'expected an e-mail address or a list of them, found {value}',
                'write ops@example.org, or [ops@example.org]',
              ),
      }),
      'To whom.',
      ['ops@example.org'],
    ),
    from: key(address, 'From whom.', 'plimsoll@example.org'),
    smtp: key(smtpUrl, 'The mail server, with its credentials.', '${env:SMTP_URL}'),
    ...notifierFrame,
  }),
  webhook: z.strictObject({
    type: kind('webhook', 'A POST of JSON to an address.'),
    url: key(httpUrl, 'The address.', 'https://example.org/scaled'),
    format: key(
      z.enum(['plimsoll', 'azure']).default('plimsoll'),
      "The body: our own, or that of Azure's autoscale notifications.",
      'plimsoll',
    ),
    secret: key(secret.optional(), 'Signs the body with HMAC-SHA-256.', '${env:HOOK_SECRET}'),
    headers: key(headers.default({}), 'Headers sent along.', { authorization: 'Bearer ${env:HOOK_TOKEN}' }),
    properties: key(properties.default({}), 'Sent along in the body of either format.', { team: 'shop' }),
    resource: key(azureResource.optional(), 'With `format: azure`: what its body names.', {
      subscription: '1b0f3f5e-7c1d-4f6a-9a57-0d9b3c2f1a11',
      resourceGroup: 'shop',
    }),
    ...notifierFrame,
  }),
  slack: z.strictObject({
    type: kind('slack', 'A message in Slack, or what understands its incoming webhooks.'),
    url: key(httpUrl, 'The incoming webhook.', '${env:SLACK_URL}'),
    ...notifierFrame,
  }),
  command: z.strictObject({
    type: kind('command', 'A command that gets the notice as JSON on its input.'),
    command: key(argv, 'The command.', ['./page.sh']),
    env: key(environment.default({}), 'Environment variables added to those of Plimsoll.', { TEAM: 'shop' }),
    cwd: key(folder, FOLDER_MEANING, 'scripts'),
    ...notifierFrame,
  }),
} as const

export const NOTIFIERS = Object.keys(notifiers)

const actionTimeout = (example: string) =>
  key(
    duration({ min: 100, max: 3_600_000 }).prefault(example),
    'It must end within this; otherwise it failed.',
    example,
  )

const actions = {
  command: z.strictObject({
    type: kind('command', 'A command, run without a shell.'),
    command: key(argv, 'The command. It gets what was decided as JSON on its input.', ['./provision.sh']),
    env: key(environment.default({}), 'Environment variables added to those of Plimsoll.', {
      QUEUE: 'orders',
    }),
    cwd: key(folder, FOLDER_MEANING, 'scripts'),
    timeout: actionTimeout('1m'),
  }),
  webhook: z.strictObject({
    type: kind('webhook', 'A POST of what was decided, as JSON.'),
    url: key(httpUrl, 'The address.', 'https://example.org/provision'),
    secret: key(secret.optional(), 'Signs the body with HMAC-SHA-256.', '${env:HOOK_SECRET}'),
    timeout: actionTimeout('30s'),
  }),
  function: z.strictObject({
    type: kind('function', 'A function that a host program has registered under the same name.'),
    timeout: actionTimeout('1m'),
  }),
} as const

export const ACTIONS = Object.keys(actions)

export const notifierSchema = z.discriminatedUnion('type', [
  notifiers.email,
  notifiers.webhook,
  notifiers.slack,
  notifiers.command,
])
export const actionSchema = z.discriminatedUnion('type', [actions.command, actions.webhook, actions.function])

/** The plain object of one type; `null` for a type nobody knows. */
export function notifierOfType(type: string): z.ZodObject | null {
  return Object.entries(notifiers).find(([known]) => known === type)?.[1] ?? null
}
export function actionOfType(type: string): z.ZodObject | null {
  return Object.entries(actions).find(([known]) => known === type)?.[1] ?? null
}

export const settingsWebhookSchema = z.strictObject({
  url: key(httpUrl, 'Where settings are pushed to when they change.', 'http://127.0.0.1:3000/settings'),
  secret: key(secret.optional(), 'Signs the body with HMAC-SHA-256.', '${env:HOOK_SECRET}'),
})
