/**
 * What an answer means: by a status alone, or by what it says of itself in JSON, in our spelling or in that of Azure's
 * application health extension.
 *
 * Example: status 200 with `{ "ApplicationHealthState": "Initializing" }` is `initializing`; 503 with any body but one that
 * says so too is `unhealthy`.
 */
import type { ProbeVerdict } from '../../ports/health-probe.ts'

const MOST_DETAIL = 300

/** @param good by its status, or its exit code */
export function verdictOf(good: boolean, seen: string, body: string): ProbeVerdict {
  const said = statesIn(body)
  const detail = said?.detail === undefined ? seen : `${seen}: ${said.detail}`.slice(0, MOST_DETAIL)
  switch (said?.state) {
    case 'initializing':
      return { state: 'initializing', detail }
    case 'unhealthy':
      return {
        state: 'unhealthy',
        detail: said.detail === undefined ? `${seen}, says it is unhealthy` : detail,
      }
    case 'unknown':
      return good ? { state: 'unknown', detail } : { state: 'unhealthy', detail }
    case 'healthy':
    case undefined:
      return { state: good ? 'healthy' : 'unhealthy', detail }
  }
}

type State = ProbeVerdict['state']
const STATES: Readonly<Record<string, State>> = {
  healthy: 'healthy',
  unhealthy: 'unhealthy',
  initializing: 'initializing',
  unknown: 'unknown',
}

/** `null`: it says nothing of that kind. */
function statesIn(body: string): { readonly state: State; readonly detail?: string } | null {
  const said = parsed(body)
  const word = said?.state ?? said?.ApplicationHealthState
  const state = typeof word === 'string' ? STATES[word.toLowerCase()] : undefined
  if (said === null || state === undefined) return null
  return typeof said.detail === 'string' && said.detail !== '' ? { state, detail: said.detail } : { state }
}

function parsed(body: string): Readonly<Record<string, unknown>> | null {
  if (!body.trimStart().startsWith('{')) return null
  try {
    const value: unknown = JSON.parse(body)
    return typeof value === 'object' && value !== null ? { ...value } : null
  } catch {
    return null
  }
}

/** Errors of our own side: they say nothing about who was asked. */
const OUR_OWN = new Set([
  'ENETUNREACH',
  'ENETDOWN',
  'EADDRNOTAVAIL',
  'EADDRINUSE',
  'EMFILE',
  'ENFILE',
  'ENOBUFS',
  'ENOMEM',
  'EACCES',
  'EPERM',
  'EAI_AGAIN',
  'EAI_SYSTEM',
])

/** An instance that could not be reached. */
export function failedToAsk(what: string, error: unknown, signal: AbortSignal): ProbeVerdict {
  if (signal.aborted) return { state: 'unhealthy', detail: `${what}: ${reasonOf(signal.reason)}` }
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  return {
    state: OUR_OWN.has(code) ? 'unknown' : 'unhealthy',
    detail: `${what}: ${error instanceof Error ? error.message || code : String(error)}`,
  }
}

function reasonOf(reason: unknown): string {
  return reason instanceof Error ? reason.message : String(reason)
}

/** Nobody can be asked without an address. */
export const NO_ADDRESS: ProbeVerdict = Object.freeze({
  state: 'unknown',
  detail: 'the target gives no address to ask',
})
