/**
 * What became of a child, said so that an operator can act on it: the code, the command and where it ran, what was
 * seen, the line it printed that tells most, what to do.
 *
 * Example: `PLM-303 "node app.mjs" (in /srv/shop) ended before it was ready: exit code 1. It printed: Error: Cannot
 * find module 'left-pad'. Run it by hand with PORT=41231 to see more.`
 */
import type { PluginErrorKind } from '../../../ports/plugin.ts'
import type { ChildEnd } from './child.ts'

export interface Wording {
  readonly command: readonly string[]
  readonly cwd: string
  readonly port: number
  readonly tellingLine: string | null
}

export interface StartFailure {
  readonly kind: PluginErrorKind
  readonly error: string
}

/** Why a command could not be started. `code` is the operating system's, e.g. `ENOENT`. */
export function notStarted(code: string, message: string, said: Wording): StartFailure {
  const what = `${quoted(said.command)} (in ${said.cwd})`
  if (code === 'ENOENT') {
    return {
      kind: 'misconfigured',
      error: `PLM-300 cannot start ${what}: there is no program "${said.command[0]}" on the PATH or at that place. Install it, or correct the target's command.`,
    }
  }
  const kind = code === 'EAGAIN' || code === 'ENOMEM' || code === 'EMFILE' ? 'unavailable' : 'misconfigured'
  return {
    kind,
    error: `PLM-301 cannot start ${what}: ${message}. ${
      kind === 'unavailable'
        ? 'The machine is short of memory, processes or open files; lower the fleet, or raise the limit.'
        : "Make sure the file may be executed (chmod +x), or correct the target's command."
    }`,
  }
}

export function launchFailure(end: ChildEnd, said: Wording): StartFailure {
  if (end.kind === 'not-started') return notStarted(end.code, end.message, said)
  return { kind: 'unavailable', error: ended(end, false, said) }
}

export function calledOff(fleet: string): string {
  return `PLM-312 the launch of an instance of ${fleet} was called off before its command had started; nothing is left of it, and it may be ordered again.`
}

export function cannotRestart(id: string, lifecycle: string): string {
  return `PLM-319 cannot restart ${id}: it is ${lifecycle}. Nothing was done; where it is missed, another is launched.`
}

/** Why an instance is lost. */
export function ended(end: ChildEnd, wasReady: boolean, said: Wording): string {
  const what = `${quoted(said.command)} (in ${said.cwd})`
  if (end.kind === 'not-started') return notStarted(end.code, end.message, said).error
  if (end.kind === 'guard-lost') {
    return `PLM-308 the guard of ${what} was ended from outside (${end.signal ?? 'no signal'}), so the command was ended too. Find out who ends processes here; lack of memory is the usual one.`
  }
  const printed =
    said.tellingLine === null
      ? 'It printed nothing on stderr.'
      : `It printed: ${said.tellingLine.replace(/[.\s]+$/, '')}.`
  if (wasReady) {
    return `PLM-304 ${what} ended by itself: ${exit(end.code, end.signal)}. ${printed}`
  }
  return `PLM-303 ${what} ended before it was ready: ${exit(end.code, end.signal)}. ${printed} Run it by hand with PORT=${said.port} to see more.`
}

export function portsTaken(said: Wording, tries: number): string {
  return `PLM-310 ${quoted(said.command)} (in ${said.cwd}) said ${tries} times that its port is taken, last ${said.port}. Does it listen on the port in PORT? ${said.tellingLine ?? ''}`.trim()
}

export function unhealthy(url: string, because: string, failures: number): string {
  return `PLM-305 GET ${url} failed ${failures} times in a row; last: ${because}`
}

export function notReadyYet(url: string, because: string, afterMs: number): string {
  return `PLM-309 not ready after ${Math.round(afterMs / 1000)} s; GET ${url}: ${because}. Does it listen on the port in PORT and answer there with 2xx?`
}

export function quoted(command: readonly string[]): string {
  const text = command.map(part => (/[\s"]/.test(part) ? JSON.stringify(part) : part)).join(' ')
  return `"${text.length > 200 ? `${text.slice(0, 199)}…` : text}"`
}

function exit(code: number | null, signal: string | null): string {
  if (signal === null) return `exit code ${code}`
  return signal === 'SIGKILL'
    ? 'signal SIGKILL (someone ended it by force, or memory ran out)'
    : `signal ${signal}`
}
