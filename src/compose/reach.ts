/**
 * What a configuration runs, opens or calls. A text that arrives over an API without a token may change rules, bounds and
 * schedules, but not this: on a machine with several users anyone may knock at that door.
 *
 * Example: a changed `max` reaches nothing new; another `command` of a process target does: `the target of web`.
 */
import type { Loaded } from '../config/load.ts'

/** Sources that only take what is brought, or read what the daemon has anyway. */
const HARMLESS_SOURCES: ReadonlySet<string> = new Set(['push', 'process', 'proxy'])

/** What `after` reaches and `before` does not, in words; empty when it is all the same. */
export function newReach(before: Loaded, after: Loaded): string[] {
  const known = new Set([...reachOf(before)].map(([, what]) => what))
  return [...reachOf(after)].filter(([, what]) => !known.has(what)).map(([name]) => name)
}

function* reachOf({ spec, api, state }: Loaded): Generator<readonly [name: string, what: string]> {
  yield ['api', JSON.stringify(['api', api])]
  yield ['state', JSON.stringify(['state', state.path])]
  for (const { name, target, routers, health, settingsWebhook } of Object.values(spec.fleets)) {
    if (target.type !== 'none') yield [`the target of ${name}`, JSON.stringify(['target', target])]
    if (routers.length > 0) yield [`the router of ${name}`, JSON.stringify(['router', routers])]
    // A probe runs a command, or asks at a path and a port of each instance.
    if (health !== null) yield [`the health probe of ${name}`, JSON.stringify(['health', health.probe])]
    if (settingsWebhook !== null) {
      yield [`the settings webhook of ${name}`, JSON.stringify(['settingsWebhook', settingsWebhook])]
    }
  }
  for (const { name, source, options } of Object.values(spec.metrics)) {
    if (!HARMLESS_SOURCES.has(source)) yield [`metric ${name}`, JSON.stringify(['metric', source, options])]
  }
  for (const { name, type, options } of Object.values(spec.notifiers)) {
    yield [`notifier ${name}`, JSON.stringify(['notifier', type, options])]
  }
  for (const { name, type, options } of Object.values(spec.actions)) {
    yield [`action ${name}`, JSON.stringify(['action', type, options])]
  }
}
