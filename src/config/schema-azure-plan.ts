/**
 * The keys of the target `azure-app-service-plan`: which plan, in which cloud, and how it is treated.
 *
 * Example: `{ subscription: ..., resourceGroup: shop-rg, plan: shop }` reads as a plan in Azure's public cloud, which is given up to
 * 20 s to show what becomes of a resize.
 */
import { z } from 'zod'
import { azureEndpoints, azureSubscriptionShape } from './azure-cloud.ts'
import { key } from './key.ts'
import { duration } from './values.ts'

export const AZURE_PLAN_MEANING =
  'Instances are those of an Azure App Service plan. Only their number can be set; which ones go, Azure chooses.'

export const azurePlanShape = {
  ...azureSubscriptionShape,
  resourceGroup: key(z.string().min(1).max(90), 'Resource group of the plan.', 'shop-rg'),
  plan: key(z.string().min(1).max(60), 'Name of the App Service plan.', 'shop'),
  ledger: key(
    z.boolean().default(false),
    'What was asked for is noted in a tag of the plan, so that nothing is asked for twice even across a restart of Plimsoll.',
    true,
  ),
  resizeWait: key(
    duration({ min: 1000, max: 50_000 }).prefault('20s'),
    'A resize waits so long to see what becomes of it; after that the next tick looks.',
    '30s',
  ),
  timeout: key(
    duration({ min: 100, max: 50_000 }).prefault('15s'),
    'Each call must be answered within this.',
    '15s',
  ),
}

export const azurePlanTarget = z
  .strictObject(azurePlanShape)
  .transform(({ resizeWait, timeout, ...written }) => ({
    ...azureEndpoints(written),
    settleMs: resizeWait,
    timeoutMs: timeout,
  }))
