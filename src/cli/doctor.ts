/**
 * `plimsoll doctor FILE`: is everything there that it needs? Each thing checked is a line, ok or with what to do.
 *
 * Example:
 *
 *     ok      Node          24.21.0
 *     not ok  API           127.0.0.1:7070 is taken by another process: stop it, or set another port in `api: { listen: ... }`
 */
import { access, constants, mkdtemp, rm, stat } from 'node:fs/promises'
import { createServer } from 'node:net'
import path from 'node:path'
import { checkPlugins } from './check-plugins.ts'
import { CliError, EXIT_FAILED, EXIT_OK } from './cli-error.ts'
import { coloursFor } from './colours.ts'
import { loadFile } from './config-file.ts'
import { codeOf, reasonOf } from './files.ts'
import { type Io, printJson, printLine } from './io.ts'
import { table } from './table.ts'

export interface DoctorOptions {
  readonly json?: boolean
}

export interface Finding {
  readonly what: string
  readonly ok: boolean
  readonly detail: string
}

export async function doctorCommand(file: string, { json }: DoctorOptions, io: Io): Promise<number> {
  const loaded = await loadFile(io, file)
  const findings = [
    checkNode(process.versions.node),
    { what: 'configuration', ok: true, detail: `${file} is valid` },
    await checkState(loaded.state.path),
    await checkPort('API', loaded.api.host, loaded.api.port),
    ...(await checkPlugins(loaded)),
  ]
  const troubles = findings.filter(finding => !finding.ok).length
  if (json === true) printJson(io, { ok: troubles === 0, findings })
  else for (const line of tell(findings, io)) printLine(io, line)
  if (troubles === 0) return EXIT_OK
  if (json !== true) {
    throw new CliError(
      'PLM-514',
      `${troubles} of ${findings.length} things would not work; the lines above say what to do.`,
    )
  }
  return EXIT_FAILED
}

function tell(findings: readonly Finding[], io: Io): string[] {
  const { green, red } = coloursFor(io)
  return table(findings.map(({ what, ok, detail }) => [ok ? green('ok') : red('not ok'), what, detail]))
}

export function checkNode(version: string): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const ok = major > 22 || (major === 22 && minor >= 14)
  return { what: 'Node', ok, detail: ok ? version : `${version}: install 22.14 or newer` }
}

/** The folder can be written, or created where it is missing. */
export async function checkState(file: string): Promise<Finding> {
  const what = 'state file'
  const folder = await nearestFolder(path.dirname(file))
  try {
    const probe = await mkdtemp(path.join(folder, '.plimsoll-check-'))
    await rm(probe, { recursive: true })
  } catch (error) {
    const todo = 'give another place in `state: { path: ... }`, or the right to write there'
    return { what, ok: false, detail: `tried to write in ${folder}: ${reasonOf(error)}; ${todo}` }
  }
  try {
    if ((await stat(file)).isFile()) await access(file, constants.R_OK | constants.W_OK)
    else
      return {
        what,
        ok: false,
        detail: `${file} is not a file: give another place in \`state: { path: ... }\``,
      }
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') return { what, ok: false, detail: `${file}: ${reasonOf(error)}` }
    return { what, ok: true, detail: `${file} (new)` }
  }
  return { what, ok: true, detail: file }
}

async function nearestFolder(folder: string): Promise<string> {
  for (let at = folder; ; at = path.dirname(at)) {
    try {
      await access(at)
      return at
    } catch {
      if (path.dirname(at) === at) return at
    }
  }
}

/** Nobody listens there yet. Port 0 lets the system choose and is always free. */
export async function checkPort(what: string, host: string, port: number): Promise<Finding> {
  const address = `${host.includes(':') ? `[${host}]` : host}:${port}`
  const server = createServer()
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen({ host, port, exclusive: true }, resolve)
    })
    return { what, ok: true, detail: `${address} is free` }
  } catch (error) {
    const detail =
      codeOf(error) === 'EADDRINUSE'
        ? `${address} is taken: stop what listens there (perhaps another Plimsoll), or choose another port in the file`
        : `could not listen on ${address}: ${reasonOf(error)}; use an address of this machine and a port above 1023`
    return { what, ok: false, detail }
  } finally {
    await new Promise<void>(resolve => server.close(() => resolve()))
  }
}
