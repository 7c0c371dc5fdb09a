/**
 * What a broker tells its callers when something is wrong, each with its code.
 *
 * Example: a seal of an instance with two sessions: "PLM-436 web-3 of fleet "rooms" cannot be sealed: it holds 2 slots".
 */
import { PluginError } from '../ports/plugin.ts'
import type { PlaceRefusal } from './session-broker.ts'

const ASK_AGAIN_MS = 1_000

export function notReady(fleet: string, because: string): PluginError {
  return new PluginError(
    'unavailable',
    `PLM-430 The broker of fleet "${fleet}" is not ready: ${because}. Ask again with the same session id.`,
    { retryAfterMs: ASK_AGAIN_MS },
  )
}

export function notStored(fleet: string, cause: unknown): PluginError {
  const saw = cause instanceof Error ? cause.message : String(cause)
  return new PluginError(
    'unavailable',
    `PLM-431 The session log of fleet "${fleet}" did not confirm this (${saw}). Ask again with the same session id: it ` +
      'is then found out whether it was stored.',
    { retryAfterMs: ASK_AGAIN_MS, cause },
  )
}

export function badRequest(because: string): PluginError {
  return new PluginError('refused', `PLM-432 This cannot be asked for: ${because}.`)
}

export function inUse(id: string, has: string, wants: string): PluginError {
  return new PluginError(
    'conflict',
    `PLM-433 The session "${id}" is there already, with ${has}, not ${wants}. Release it first, or use another id.`,
  )
}

export function refusal(fleet: string, because: PlaceRefusal): { message: string; retryAfterMs: number } {
  switch (because) {
    case 'no-room':
      return {
        message: `PLM-434 No open instance of fleet "${fleet}" has room for this session. Ask again, or wait for room with waitMs.`,
        retryAfterMs: ASK_AGAIN_MS,
      }
    case 'queue-full':
      return {
        message: `PLM-439 No open instance of fleet "${fleet}" has room, and as many requests wait as may. Ask again later.`,
        retryAfterMs: 2 * ASK_AGAIN_MS,
      }
    case 'waited':
      return {
        message: `PLM-441 This session waited, and no room came in fleet "${fleet}". Ask again.`,
        retryAfterMs: ASK_AGAIN_MS,
      }
    case 'given-up':
      return {
        message: 'PLM-443 This session was released while it waited for room.',
        retryAfterMs: ASK_AGAIN_MS,
      }
  }
}

export function unknownInstance(fleet: string, id: string): PluginError {
  return new PluginError(
    'not-found',
    `PLM-435 The broker of fleet "${fleet}" knows no instance "${id}". It is told of instances at each tick.`,
  )
}

export function cannotSeal(fleet: string, id: string, because: string): PluginError {
  return new PluginError('conflict', `PLM-436 ${id} of fleet "${fleet}" cannot be sealed: ${because}.`)
}

export function isSealed(fleet: string, id: string): PluginError {
  return new PluginError(
    'conflict',
    `PLM-437 ${id} of fleet "${fleet}" is sealed: it takes nothing any more and cannot be reopened.`,
  )
}

export function tooMany(fleet: string, most: number): PluginError {
  return new PluginError(
    'throttled',
    `PLM-438 Fleet "${fleet}" has ${most} sessions, the most a broker keeps. Ask again when some have ended.`,
    { retryAfterMs: 10 * ASK_AGAIN_MS },
  )
}

export function slotsMissing(fleet: string): PluginError {
  return new PluginError(
    'misconfigured',
    `PLM-442 The broker of fleet "${fleet}" must know how many sessions an instance holds. Set sessions.slotsPerInstance.`,
  )
}
