/**
 * What the proxy tells its fleet's loop when it cannot do what it is asked; what it tells clients is in `answers.ts`.
 *
 * Example: a seal of an instance with two sessions: "PLM-344 web-3 of fleet "web" cannot be sealed: it holds 2."
 */
import { PluginError } from '../../../ports/plugin.ts'

export function unknownInstance(fleet: string, id: string, known: readonly string[]): PluginError {
  return new PluginError(
    'not-found',
    `PLM-339 The proxy of fleet "${fleet}" knows no instance "${id}"; it routes to ${known.join(', ') || 'none'}. It is ` +
      'told of instances at each tick.',
  )
}

export function cannotSeal(fleet: string, id: string, because: string): PluginError {
  return new PluginError('conflict', `PLM-344 ${id} of fleet "${fleet}" cannot be sealed: ${because}.`)
}

export function sealedForGood(fleet: string, id: string): PluginError {
  return new PluginError(
    'conflict',
    `PLM-345 ${id} of fleet "${fleet}" is sealed: it takes nothing any more and cannot be reopened.`,
  )
}
