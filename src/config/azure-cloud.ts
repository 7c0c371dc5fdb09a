/**
 * Keys that everything on Azure has: whose subscription, in which cloud, and where that is.
 *
 * Example: `{ subscription: ..., cloud: china }` is asked for at https://management.chinacloudapi.cn, and signed in to at
 * https://login.chinacloudapi.cn.
 */
import { z } from 'zod'
import { CODES } from './codes.ts'
import { key } from './key.ts'
import { refusal } from './values.ts'

/** Where Azure's clouds have their resource manager and their sign-in; the clients know those of the public one. */
export const CLOUDS = {
  public: { endpoint: null, authorityHost: null },
  china: {
    endpoint: 'https://management.chinacloudapi.cn',
    authorityHost: 'https://login.chinacloudapi.cn',
  },
  usGovernment: {
    endpoint: 'https://management.usgovcloudapi.net',
    authorityHost: 'https://login.microsoftonline.us',
  },
} as const

export const azureAddress = z
  .string()
  .max(2000)
  .regex(/^https:\/\/[^\s/]+$|\$\{/, {
    error: refusal(
      CODES.malformed,
      '{value} is not the address of a resource manager or a sign-in',
      'write https:// and a host, without a path',
    ),
  })

/** In which cloud, and where that is, where it is none of the known. */
export const azureCloudShape = {
  cloud: key(
    z.enum(['public', 'china', 'usGovernment']).default('public'),
    "Which of Azure's clouds.",
    'china',
  ),
  endpoint: key(
    azureAddress.optional(),
    "Another resource manager than the cloud's.",
    'https://management.local.azurestack.external',
  ),
  authorityHost: key(
    azureAddress.optional(),
    "Another place to sign in than the cloud's.",
    'https://login.microsoftonline.us',
  ),
}

export const azureSubscriptionShape = {
  subscription: key(
    z.string().regex(/^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$|\$\{/, {
      error: refusal(
        CODES.malformed,
        '{value} is not the id of a subscription',
        'write what `az account show --query id` prints',
      ),
    }),
    'Id of the subscription.',
    '${env:AZURE_SUBSCRIPTION_ID}',
  ),
  ...azureCloudShape,
}

/** Where to ask and where to sign in; null: what the clients take by themselves. */
export function azureEndpoints<
  T extends {
    readonly cloud: keyof typeof CLOUDS
    readonly endpoint?: string | undefined
    readonly authorityHost?: string | undefined
  },
>({ cloud, endpoint, authorityHost, ...written }: T) {
  return {
    ...written,
    endpoint: endpoint ?? CLOUDS[cloud].endpoint,
    authorityHost: authorityHost ?? CLOUDS[cloud].authorityHost,
  }
}
