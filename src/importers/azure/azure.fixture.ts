/**
 * Autoscale settings to try importers on, in parts that a test changes.
 *
 * Example: `setting({ enabled: undefined })` is one that does not say whether it is switched on.
 */

export const SUBSCRIPTION = '0b1c2d3e-0000-4000-8000-000000000001'
export const SCALE_SET = `/subscriptions/${SUBSCRIPTION}/resourceGroups/shop/providers/Microsoft.Compute/virtualMachineScaleSets/web`
export const QUEUE = `/subscriptions/${SUBSCRIPTION}/resourceGroups/shop/providers/Microsoft.Storage/storageAccounts/orders/services/queue/queues/jobs`

type Keys = Readonly<Record<string, unknown>>

export function trigger(change: Keys = {}): Keys {
  return {
    metricName: 'Percentage CPU',
    metricResourceUri: SCALE_SET,
    timeGrain: 'PT1M',
    statistic: 'Average',
    timeWindow: 'PT10M',
    timeAggregation: 'Average',
    operator: 'GreaterThan',
    threshold: 70,
    ...change,
  }
}

export function action(change: Keys = {}): Keys {
  return { direction: 'Increase', type: 'ChangeCount', value: '1', cooldown: 'PT5M', ...change }
}

export function rule(triggers: Keys = {}, actions: Keys = {}): Keys {
  return { metricTrigger: trigger(triggers), scaleAction: action(actions) }
}

export function capacity(minimum = 2, maximum = 10, fallback = 3): Keys {
  return { minimum: String(minimum), maximum: String(maximum), default: String(fallback) }
}

export function profile(change: Keys = {}): Keys {
  return { name: 'default', capacity: capacity(), rules: [rule()], ...change }
}

export function weekly(days: readonly string[], hour: number, minute = 0, change: Keys = {}): Keys {
  return {
    frequency: 'Week',
    schedule: { timeZone: 'GMT Standard Time', days, hours: [hour], minutes: [minute], ...change },
  }
}

export function properties(change: Keys = {}): Keys {
  return { enabled: true, targetResourceUri: SCALE_SET, profiles: [profile()], ...change }
}

/** As the REST API answers it. */
export function setting(change: Keys = {}): Keys {
  return {
    name: 'web-scale',
    type: 'Microsoft.Insights/autoscaleSettings',
    location: 'westeurope',
    properties: properties(change),
  }
}

export function template(resources: unknown, more: Keys = {}): Keys {
  return {
    $schema: 'https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#',
    contentVersion: '1.0.0.0',
    ...more,
    resources,
  }
}
