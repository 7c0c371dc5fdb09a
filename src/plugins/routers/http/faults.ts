/**
 * What the HTTP router tells its callers when something is wrong, each with its code.
 *
 * Example: an instance that answers its close with 500: "PLM-377 POST http://127.0.0.1:41231/drain answered 500. ...".
 */
import { PluginError } from '../../../ports/plugin.ts'

export function unknownInstance(fleet: string, instance: string): PluginError {
  return new PluginError(
    'not-found',
    `PLM-376 The HTTP router of fleet "${fleet}" knows no instance "${instance}". It is told of instances at each tick.`,
  )
}

export function notObeyed(what: string, saw: string): PluginError {
  return new PluginError('unavailable', `PLM-377 ${what} ${saw}. The next tick asks again.`)
}

export function cannotSeal(instance: string, because: string): PluginError {
  return new PluginError('conflict', `PLM-378 ${instance} cannot be sealed: ${because}.`)
}

export function isSealed(instance: string): PluginError {
  return new PluginError(
    'conflict',
    `PLM-378 ${instance} is sealed: it takes nothing any more and cannot be reopened.`,
  )
}
