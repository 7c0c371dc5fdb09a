/**
 * Finds everything wrong with a configuration at once: reads each part by itself, then what the parts say of each
 * other (names, bounds, schedules, expressions, addresses).
 *
 * Example: a file with `min: 6, max: 5` in one fleet and a rule on the unknown metric `cpuu` in another has two
 * findings, PLM-134 at the 6 and PLM-220 under `cpuu`, whatever else is wrong around them.
 */

import type { z } from 'zod'
import { checkAzureServiceBus } from './check-azure-service-bus.ts'
import { checkAzureStorage } from './check-azure-storage.ts'
import { checkFleet } from './check-fleet.ts'
import { checkGroup } from './check-group.ts'
import { checkOneOf } from './check-one-of.ts'
import { checkSchedule } from './check-schedule.ts'
import { CODES } from './codes.ts'
import type { ContextMetric } from './expression/context.ts'
import type { FleetCheck } from './fleet-check.ts'
import { checkListening, type Listening } from './listening.ts'
import { metricFacts } from './metric-facts.ts'
import { type Check, checkPluginName } from './plugin-name.ts'
import type { Path } from './problem.ts'
import { apiSchema, configSchema, stateSchema } from './schema.ts'
import { LOGS_WAYS } from './schema-azure-logs.ts'
import { metricOfSource, SOURCES } from './schema-metrics.ts'
import { ACTIONS, actionOfType, NOTIFIERS, notifierOfType } from './schema-notices.ts'
import { isMapping, readEntries, readMapping, readObject } from './shape.ts'
import { fleetName, name, word } from './values.ts'

const SECTIONS = ['api', 'state', 'schedules', 'metrics', 'fleets', 'groups', 'notifiers', 'actions']

export function checkConfig(check: Check, value: unknown): void {
  if (!isMapping(value)) {
    check.report({
      code: CODES.notAMapping,
      message: 'the file does not hold a mapping of keys and values',
      hint: 'begin with "plimsoll: 1"',
      path: [],
    })
    return
  }
  readObject(check, configSchema(check.extensions), value, [], SECTIONS)
  const listening: Listening[] = []
  checkApi(check, value.api, listening)
  if (value.state !== undefined) readObject(check, stateSchema, value.state, ['state'])
  const shared: FleetCheck = {
    ...check,
    schedules: checkSchedules(check, value.schedules),
    metrics: checkMetrics(check, value.metrics),
    fleets: new Map(isMapping(value.fleets) ? Object.entries(value.fleets) : []),
    notifiers: checkTyped(check, 'notifier', value.notifiers, notifierOfType),
    actions: checkTyped(check, 'action', value.actions, actionOfType),
    listening,
  }
  checkFleets(shared, value.fleets)
  for (const [entry, group] of readEntries(check, fleetName, value.groups, ['groups'])) {
    checkGroup(shared, group, ['groups', entry])
  }
  checkListening(check, listening)
}

function checkApi(check: Check, raw: unknown, listening: Listening[]): void {
  const api = readObject(check, apiSchema, raw === undefined ? {} : raw, ['api'])
  if (api?.listen === undefined) return
  const token = isMapping(raw) && raw.token !== undefined
  listening.push({ ...api.listen, path: ['api', 'listen'], owner: 'the API', needsToken: !token })
}

function checkSchedules(check: Check, raw: unknown): ReadonlySet<string> {
  const entries = readEntries(check, name, raw, ['schedules'])
  for (const [entry, schedule] of entries) checkSchedule(check, schedule, ['schedules', entry])
  return new Set(entries.map(([entry]) => entry))
}

/** What expressions need to know of each metric; a metric that is wrong is still known by name. */
function checkMetrics(check: Check, raw: unknown): ReadonlyMap<string, ContextMetric> {
  const known = new Map<string, ContextMetric>()
  for (const [entry, metric] of readEntries(check, word, raw, ['metrics'])) {
    known.set(entry, checkMetric(check, metric, ['metrics', entry]))
  }
  return known
}

const UNKNOWN_METRIC: ContextMetric = { unit: null, staleAfterMs: 30_000 }

const LOGS_HINT = 'add the id of the workspace, or of the resource that logs'
const REGION_HINT = 'add the region of what is measured, e.g. region: westeurope'

function checkMetric(check: Check, raw: unknown, path: Path): ContextMetric {
  if (!readMapping(check, raw, path)) return UNKNOWN_METRIC
  const known = [...SOURCES, ...(check.extensions.sources ?? [])]
  const source = checkPluginName(check, 'source', raw.source, known, [...path, 'source'])
  const schema = source === null ? null : metricOfSource(source, check.extensions)
  if (schema === null) return UNKNOWN_METRIC
  const pieces = readObject(check, schema, raw, path)
  if (raw.across !== undefined && raw.grain === undefined) {
    check.report({
      code: CODES.exclusiveKeys,
      message: '"across" says how the samples of a grain become one, and there is no grain',
      hint: 'add the length of a grain, e.g. grain: 1m',
      path: [...path, 'across'],
      part: 'key',
    })
  }
  if (source === 'azure-log-analytics') {
    checkOneOf(check, raw, LOGS_WAYS, path, `a metric of ${source}`, LOGS_HINT)
  }
  if (source === 'azure-monitor') {
    checkOneOf(check, raw, ['region', 'endpoint'], path, `a metric of ${source}`, REGION_HINT)
  }
  checkAzureStorage(check, source, raw, path)
  checkAzureServiceBus(check, source, raw, path)
  return pieces === null ? UNKNOWN_METRIC : metricFacts(pieces)
}

/** Notifiers and custom actions by name: each type has keys of its own. */
function checkTyped(
  check: Check,
  what: 'notifier' | 'action',
  raw: unknown,
  ofType: (type: string) => z.ZodObject | null,
): ReadonlySet<string> {
  const section = `${what}s`
  const entries = readEntries(check, name, raw, [section])
  for (const [entry, typed] of entries) {
    const path = [section, entry]
    if (!readMapping(check, typed, path)) continue
    const known = what === 'notifier' ? NOTIFIERS : ACTIONS
    const type = checkPluginName(check, what, typed.type, known, [...path, 'type'])
    const schema = type === null ? null : ofType(type)
    if (schema !== null) readObject(check, schema, typed, path)
  }
  return new Set(entries.map(([entry]) => entry))
}

function checkFleets(check: FleetCheck, raw: unknown): void {
  if (raw === undefined) {
    check.report({
      code: CODES.missing,
      message: '"fleets" is missing',
      hint: 'name at least one fleet: fleets: { web: { capacity: { min: 2, max: 5 } } }',
      path: ['fleets'],
    })
    return
  }
  const entries = readEntries(check, fleetName, raw, ['fleets'])
  if (isMapping(raw) && entries.length === 0) {
    check.report({
      code: CODES.missing,
      message: 'there is no fleet',
      hint: 'name at least one fleet: fleets: { web: { capacity: { min: 2, max: 5 } } }',
      path: ['fleets'],
    })
  }
  for (const [entry, fleet] of entries) checkFleet(check, fleet, ['fleets', entry])
}
