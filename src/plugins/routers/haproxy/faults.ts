/**
 * Everything that can go wrong between us and HAProxy, once, in an operator's words.
 *
 * Example: `unreachable('/run/haproxy/admin.sock', ENOENT)` is `unavailable`: "PLM-320 Could not connect to HAProxy at
 * /run/haproxy/admin.sock: there is no such socket. ...".
 */
import { PluginError, type PluginErrorKind } from '../../../ports/plugin.ts'

const MOST_SHOWN = 300

export function unreachable(socket: string, cause: unknown): PluginError {
  const code = codeOf(cause)
  const seen: Readonly<Record<string, string>> = {
    ENOENT: 'there is no such socket',
    ECONNREFUSED: 'nobody listens there',
    EACCES: 'we may not open it',
  }
  const because = seen[code] ?? textOf(cause)
  const kind: PluginErrorKind = code === 'EACCES' ? 'misconfigured' : 'unavailable'
  const message =
    `PLM-320 Could not connect to HAProxy at ${socket}: ${because}. Is it running, and does its configuration say ` +
    `"stats socket ${socket} level admin", readable for us? Nothing was changed; the next tick tries again.`
  return new PluginError(kind, message, { cause })
}

/** It did not answer in time, or hung up. */
export function silent(socket: string, command: string, saw: string, cause?: unknown): PluginError {
  return new PluginError(
    'unavailable',
    `PLM-321 Asked HAProxy at ${socket} "${command}": ${saw}. What it was told before may be in effect; the next tick ` +
      'looks and tries again.',
    { cause },
  )
}

export function notUnderstood(socket: string, command: string, saw: string): PluginError {
  return new PluginError(
    'unavailable',
    `PLM-322 Asked HAProxy at ${socket} "${command}" and did not understand the answer: ${saw}. Is that HAProxy's ` +
      'runtime socket (2.6 or later)? Its loads count as unknown.',
  )
}

export function refused(socket: string, command: string, answer: string): PluginError {
  const said = shorten(answer).replace(/\.$/, '')
  if (/permission denied/i.test(answer)) {
    return new PluginError(
      'misconfigured',
      `PLM-323 HAProxy at ${socket} refused "${command}": ${said}. Give its socket "level admin".`,
    )
  }
  if (/dynamic load balancing/i.test(answer)) {
    return new PluginError(
      'misconfigured',
      `PLM-323 HAProxy at ${socket} refused "${command}": ${said}. Write "balance leastconn" or "balance roundrobin" ` +
        'in the backend.',
    )
  }
  return new PluginError(
    'refused',
    `PLM-323 HAProxy at ${socket} refused "${command}": ${said}. The next tick tries again.`,
  )
}

export function misfit(what: string, remedy: string): PluginError {
  return new PluginError('misconfigured', `PLM-324 ${what}. ${remedy}`)
}

export function badAddress(instance: string, address: string): PluginError {
  return new PluginError(
    'misconfigured',
    `PLM-325 The instance "${instance}" has the address "${address}", which HAProxy cannot be given: it takes an IP ` +
      'address and a port, such as 10.0.0.7:8080 or http://10.0.0.7:8080. The instance gets no sessions.',
  )
}

export function unknownInstance(fleet: string, instance: string, known: readonly string[]): PluginError {
  return new PluginError(
    'not-found',
    `PLM-326 The HAProxy router of fleet "${fleet}" knows no instance "${instance}"; it routes to ` +
      `${known.slice(0, 20).join(', ') || 'none'}. It is told of instances at each tick.`,
  )
}

export function notEmpty(instance: string, because: string): PluginError {
  return new PluginError(
    'conflict',
    `PLM-327 The instance "${instance}" was not sealed: ${because}. It stays as it was, and may be sealed later.`,
  )
}

export function sealedForGood(instance: string): PluginError {
  return new PluginError(
    'conflict',
    `PLM-327 The instance "${instance}" was not reopened: it is sealed, and never takes anything again. Launch another.`,
  )
}

export function notInEffect(instance: string, wanted: string, seen: string): PluginError {
  return new PluginError(
    'unavailable',
    `PLM-328 HAProxy was told to put "${instance}" into the state ${wanted} and agreed, but shows it as ${seen}. ` +
      'Does anybody else change this backend? The next tick tries again.',
  )
}

export function shorten(text: string): string {
  const line = text.trim().replace(/\s+/g, ' ')
  return line.length <= MOST_SHOWN ? line : `${line.slice(0, MOST_SHOWN)}...`
}

function codeOf(cause: unknown): string {
  return cause instanceof Error && 'code' in cause ? String(cause.code) : ''
}

function textOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause)
}
