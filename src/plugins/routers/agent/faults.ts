/**
 * What the agent router tells its callers when something is wrong, each with its code.
 *
 * Example: a close of an instance that has not reported since: "PLM-373 rooms-3 has not said yet that it takes no more
 * sessions. ...".
 */
import { PluginError } from '../../../ports/plugin.ts'

export function unknownInstance(fleet: string, instance: string): PluginError {
  return new PluginError(
    'not-found',
    `PLM-372 Fleet "${fleet}" has no instance "${instance}" that takes sessions. It is known from the tick after it is ready.`,
  )
}

export function notAcknowledged(instance: string): PluginError {
  return new PluginError(
    'unavailable',
    `PLM-373 ${instance} has not said yet that it takes no more sessions. It is told so when it reports its load; the next ` +
      'tick asks again.',
  )
}

export function cannotSeal(instance: string, because: string): PluginError {
  return new PluginError('conflict', `PLM-374 ${instance} cannot be sealed: ${because}.`)
}

export function isSealed(instance: string): PluginError {
  return new PluginError(
    'conflict',
    `PLM-374 ${instance} is sealed: it takes nothing any more and cannot be reopened.`,
  )
}

export function anotherIncarnation(instance: string, said: string, known: string): PluginError {
  return new PluginError(
    'conflict',
    `PLM-375 The report comes from the incarnation "${said.slice(0, 100)}" of ${instance}, and the one there now is ` +
      `"${known.slice(0, 100)}". It was left aside.`,
  )
}
