/**
 * What went wrong with a call to Azure, as what a caller can act on.
 *
 * Example: an answer of 409 with `OperationNotAllowed` (a quota) becomes `PluginError('refused', 'PLM-765 ...')`: nothing was launched.
 * No answer at all becomes `unavailable`: it may have been done all the same, and a listing will tell.
 */
import { PluginError } from '../../ports/plugin.ts'

/** What Azure answered, where it answered. */
export interface Answered {
  readonly status: number | null
  readonly code: string | null
}

export function answeredBy(error: unknown): Answered {
  if (!(error instanceof Error)) return { status: null, code: null }
  const status = 'statusCode' in error ? Number(error.statusCode) : Number.NaN
  const code = 'code' in error && typeof error.code === 'string' ? error.code : null
  return { status: Number.isInteger(status) ? status : null, code }
}

/** What an operator can do, where Azure knows of no such thing or does not allow it. */
export interface Remedy {
  /** Which settings say where it is: `subscription, resourceGroup and scaleSet`. */
  readonly settings: string
  /** Which role is needed on what: `Virtual Machine Contributor on the scale set's resource group`. */
  readonly role: string
}

export interface Tried {
  /** E.g. `list the instances of web`. */
  readonly what: string
  readonly signal: AbortSignal
  /** It changes something: then 503 does not say that it was not done. */
  readonly changes: boolean
  readonly remedy: Remedy
}

const NOT_KNOWN = ' Whether it was done is not known; the next listing shows.'

export function failureOf(error: unknown, { what, signal, changes, remedy }: Tried): PluginError {
  if (error instanceof PluginError) return error
  const { status, code } = answeredBy(error)
  const said = error instanceof Error ? oneLine(error.message) : String(error)
  const details = { cause: error }
  if (status === null) return noAnswer(error, said, { what, signal, changes, remedy })
  if (status === 429 || (status === 503 && !changes)) {
    return new PluginError(
      'throttled',
      `PLM-762 tried to ${what}: Azure answered ${status}, ${said}`,
      details,
    )
  }
  if (status >= 500 || status === 408) {
    return new PluginError(
      'unavailable',
      `PLM-761 tried to ${what}: Azure answered ${status}, ${said}.${changes ? NOT_KNOWN : ''}`,
      details,
    )
  }
  if (status === 401 || status === 403) {
    return notAllowed(what, `Azure answered ${status}, ${said}`, remedy, error)
  }
  if (status === 404) {
    return new PluginError(
      'not-found',
      `PLM-764 tried to ${what}: Azure has no such thing (${said}). Are ${remedy.settings} right?`,
      details,
    )
  }
  const kind = status === 412 || (status === 409 && !isQuota(code, said)) ? 'conflict' : 'refused'
  return new PluginError(
    kind,
    `PLM-765 tried to ${what}: Azure refused with ${status} ${code ?? ''}, ${said}. Nothing was changed.`,
    details,
  )
}

function noAnswer(error: unknown, said: string, { what, signal, changes, remedy }: Tried): PluginError {
  if (signal.aborted && !isTimeout(signal.reason)) return calledOff(what)
  const name = error instanceof Error ? error.name : ''
  if (/Credential|Authentication/.test(name)) return notAllowed(what, said, remedy, error)
  const saw = signal.aborted ? 'no answer in time' : said
  return new PluginError(
    'unavailable',
    `PLM-761 tried to ${what}: ${saw}.${changes ? NOT_KNOWN : ''} Can this machine reach Azure's endpoint?`,
    { cause: error },
  )
}

export function calledOff(what: string): PluginError {
  return new PluginError('unavailable', `PLM-768 was called off before it could ${what}.`)
}

function notAllowed(what: string, saw: string, { role }: Remedy, cause: unknown): PluginError {
  return new PluginError(
    'refused',
    `PLM-763 tried to ${what}: ${saw}. Sign in (managed identity, \`az login\`, or AZURE_CLIENT_ID and its companions), and give that identity the role ${role}.`,
    { cause },
  )
}

function isQuota(code: string | null, said: string): boolean {
  return code === 'OperationNotAllowed' || /quota/i.test(said)
}

function isTimeout(reason: unknown): boolean {
  return reason instanceof Error && reason.name === 'TimeoutError'
}

function oneLine(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim()
  return line.length > 400 ? `${line.slice(0, 400)}...` : line
}
