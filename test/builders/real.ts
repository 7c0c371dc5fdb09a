/**
 * The product as its user meets it: bin/plimsoll.js as a real process, in a temporary folder, on ports of its own.
 * Whatever a test does, everything it started is ended by its id and the folder is removed.
 *
 * Example:
 *
 *     await inFolder(async folder => {
 *       folder.write('plimsoll.yaml', text)
 *       const daemon = folder.run('plimsoll.yaml')
 *       await daemon.says(line => line.rule === 'Busy')
 *       expect(await daemon.stop('SIGTERM')).toEqual({ code: 0, signal: null })
 *     })
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { z } from 'zod'
import { familyOf, type RunningProcess, stillRunning } from './process-table.ts'
import { Hopeless, until } from './until.ts'

export const REPOSITORY = path.dirname(path.dirname(import.meta.dirname))
export const LAUNCHER = path.join(REPOSITORY, 'bin/plimsoll.js')
export const QUICKSTART = path.join(REPOSITORY, 'examples/quickstart')

/** A command that has nothing to wait for is done within this. */
const COMMAND_DEADLINE_MS = 30_000

/** One JSON line of `plimsoll run`. */
export const LogLine = z.looseObject({
  level: z.number(),
  time: z.number(),
  msg: z.string(),
  fleet: z.string().optional(),
  url: z.string().optional(),
  address: z.string().optional(),
  current: z.number().optional(),
  desired: z.number().optional(),
  rule: z.string().nullish(),
  output: z.boolean().optional(),
  demo: z
    .object({ sent: z.number(), answered: z.number(), failed: z.number(), skipped: z.number() })
    .optional(),
  visitors: z
    .object({
      talking: z.number(),
      came: z.number(),
      left: z.number(),
      turnedAway: z.number(),
      failed: z.number(),
      cut: z.number(),
    })
    .optional(),
})
export type LogLine = z.output<typeof LogLine>

// What a user's own script would read of the API's answers: only what the stories here need, decoded here and not by the
// source's own decoders.

const Counts = z.looseObject({ open: z.number(), pending: z.number(), draining: z.number() })

export const FleetAnswer = z.looseObject({
  name: z.string(),
  revision: z.number().nullable(),
  current: z.number().nullable(),
  desired: z.number().nullable(),
  because: z.string().nullable(),
  bounds: z.looseObject({ lowest: z.number(), highest: z.number() }).nullable(),
  capacity: Counts.nullable(),
  lastTick: z
    .looseObject({
      at: z.string(),
      outcome: z.string(),
      code: z.string().nullable(),
      error: z.string().nullable(),
    })
    .nullable(),
})
export type FleetAnswer = z.output<typeof FleetAnswer>

export const InstanceAnswer = z.looseObject({
  id: z.string(),
  lifecycle: z.string(),
  admission: z.string(),
  zone: z.string().nullable(),
  address: z.string().nullable(),
})
export type InstanceAnswer = z.output<typeof InstanceAnswer>

export const EntryAnswer = z.looseObject({
  revision: z.number(),
  at: z.string(),
  decision: z.looseObject({ current: z.number(), desired: z.number(), because: z.string() }),
  plan: z.looseObject({ actions: z.array(z.looseObject({ kind: z.string() })) }),
  outcomes: z.array(z.looseObject({ outcome: z.string() })),
})
export type EntryAnswer = z.output<typeof EntryAnswer>

export interface Finished {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

export interface Exit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

export interface Folder {
  readonly path: string
  in(name: string): string
  write(name: string, text: string): string
  read(name: string): string
  copy(from: string, name: string): void
  /** Runs a command to its end. */
  plimsoll(...argv: string[]): Promise<Finished>
  /** Starts `plimsoll run`; `daemon.url()` waits until it serves. */
  run(config: string, ...options: string[]): RunningDaemon
  /** Any other program, to its end. */
  node(...argv: string[]): Promise<Finished>
  /** Any other program, ended at the latest with the folder. */
  start(program: string, ...argv: string[]): ChildProcess
  /** All processes under it now; ended at the latest with the folder, even when it is gone by then. */
  familyOf(child: ChildProcess): readonly RunningProcess[]
}

export async function inFolder(story: (folder: Folder) => Promise<void>): Promise<void> {
  const home = realpathSync(mkdtempSync(path.join(tmpdir(), 'plimsoll-real-')))
  const started: ChildProcess[] = []
  const families: RunningProcess[] = []
  const start = (program: string, argv: readonly string[]): ChildProcess => {
    const child = spawn(program, argv, { cwd: home, stdio: ['ignore', 'pipe', 'pipe'], env: environment() })
    started.push(child)
    return child
  }
  const folder: Folder = {
    path: home,
    in: name => path.join(home, name),
    write(name, text) {
      writeFileSync(path.join(home, name), text)
      return path.join(home, name)
    },
    read: name => readFileSync(path.join(home, name), 'utf8'),
    copy: (from, name) => cpSync(from, path.join(home, name)),
    plimsoll: (...argv) => finished(start(process.execPath, [LAUNCHER, ...argv])),
    run: (config, ...options) =>
      watched(start(process.execPath, [LAUNCHER, 'run', config, ...options]), families),
    node: (...argv) => finished(start(process.execPath, argv)),
    start: (program, ...argv) => start(program, argv),
    familyOf(child) {
      const found = familyOf(child.pid ?? 0)
      families.push(...found)
      return found
    },
  }
  try {
    await story(folder)
  } finally {
    for (const { pid, exitCode, signalCode } of started) {
      if (pid === undefined || exitCode !== null || signalCode !== null) continue
      families.push(...familyOf(pid))
      process.kill(pid, 'SIGKILL')
    }
    // Guards end by themselves once their daemon is gone; a test that failed half-way need not have waited for it.
    await until('every process of the test is gone', () => stillRunning(families).length === 0, 10_000).catch(
      () => {
        for (const { pid } of stillRunning(families)) process.kill(pid, 'SIGKILL')
      },
    )
    rmSync(home, { recursive: true, force: true })
  }
}

/** What a user's shell gives, in a known time zone, without colours forced by a test run and without what is ours. */
function environment(): NodeJS.ProcessEnv {
  const { FORCE_COLOR: _colour, NODE_OPTIONS: _options, VITEST: _vitest, ...rest } = process.env
  const kept = Object.entries(rest).filter(([name]) => !name.startsWith('PLIMSOLL_'))
  return { ...Object.fromEntries(kept), TZ: 'UTC' }
}

function collect(child: ChildProcess) {
  const said = { out: '', err: '' }
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    said.out += text
  })
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said.err += text
  })
  return said
}

async function finished(child: ChildProcess): Promise<Finished> {
  const said = collect(child)
  const late = setTimeout(() => child.kill('SIGKILL'), COMMAND_DEADLINE_MS)
  const [code] = await once(child, 'close')
  clearTimeout(late)
  return { code, ...said }
}

export interface RunningDaemon {
  readonly pid: number
  readonly exit: Promise<Exit>
  lines(): readonly LogLine[]
  /** The first line like this, said already or within the deadline. */
  says(what: (line: LogLine) => boolean, withinMs?: number): Promise<LogLine>
  errors(): string
  /** Reads no more of what it says. */
  closeOutput(): void
  /** Where the API answers. */
  url(): Promise<string>
  /** Where the proxy of a fleet answers. */
  address(fleet: string): Promise<string>
  fleet(name: string): Promise<FleetAnswer>
  instances(name: string): Promise<readonly InstanceAnswer[]>
  /** Newest first. */
  journal(name: string, limit?: number): Promise<readonly EntryAnswer[]>
  post(path: string, body: string): Promise<{ status: number; body: string }>
  /** All processes under it now. */
  family(): readonly RunningProcess[]
  signal(signal: NodeJS.Signals): void
  /** Sends the signal and waits for the end. */
  stop(signal: NodeJS.Signals, withinMs?: number): Promise<Exit>
}

function watched(child: ChildProcess, families: RunningProcess[]): RunningDaemon {
  const said = collect(child)
  const pid = child.pid ?? 0
  const exit = new Promise<Exit>(resolve => child.once('close', (code, signal) => resolve({ code, signal })))
  const ended = () => child.exitCode !== null || child.signalCode !== null
  const family = () => {
    const found = familyOf(pid)
    families.push(...found)
    return found
  }
  const lines = () => said.out.split('\n').slice(0, -1).map(parseLine)
  const says: RunningDaemon['says'] = async (what, withinMs) => {
    const told = () => `it said:\n${tail(said.out)}\n${said.err}`
    const look = () => {
      const found = lines().find(what)
      if (found !== undefined || !ended()) return found
      throw new Hopeless(`the daemon ended with ${child.exitCode ?? child.signalCode}; ${told()}`)
    }
    return until('the daemon says so', look, withinMs).catch((error: unknown) => {
      throw error instanceof Hopeless ? error : new Error(`${String(error)}; ${told()}`)
    })
  }
  const url = async () => (await says(line => line.url !== undefined)).url ?? ''
  const get = async <S extends z.ZodType>(path: string, schema: S): Promise<z.output<S>> => {
    const response = await fetch(`${await url()}${path}`, { signal: AbortSignal.timeout(5_000) })
    return schema.parse(await response.json())
  }
  return {
    pid,
    exit,
    lines,
    says,
    errors: () => said.err,
    closeOutput: () => void child.stdout?.destroy(),
    url,
    address: async fleet =>
      (await says(line => line.fleet === fleet && line.address !== undefined)).address ?? '',
    fleet: name => get(`/v1/fleets/${name}`, FleetAnswer),
    instances: async name =>
      (await get(`/v1/fleets/${name}/instances`, z.object({ instances: z.array(InstanceAnswer) }))).instances,
    journal: async (name, limit = 20) =>
      (await get(`/v1/fleets/${name}/journal?limit=${limit}`, z.object({ entries: z.array(EntryAnswer) })))
        .entries,
    post: async (path, body) => {
      const response = await fetch(`${await url()}${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body,
        signal: AbortSignal.timeout(10_000),
      })
      return { status: response.status, body: await response.text() }
    },
    family,
    signal: signal => void process.kill(pid, signal),
    stop: async (signal, withinMs = 20_000) => {
      family()
      process.kill(pid, signal)
      let late: NodeJS.Timeout | undefined
      const tooLate = new Promise<never>((_, reject) => {
        late = setTimeout(
          () =>
            reject(new Error(`it did not end within ${withinMs / 1000} s of ${signal}:\n${tail(said.out)}`)),
          withinMs,
        )
      })
      try {
        return await Promise.race([exit, tooLate])
      } finally {
        clearTimeout(late)
      }
    },
  }
}

/** Everything on standard output of `plimsoll run` without a terminal is a JSON line. */
function parseLine(text: string): LogLine {
  return LogLine.parse(JSON.parse(text))
}

function tail(text: string): string {
  return text.split('\n').slice(-30).join('\n')
}

/** A port nobody listens on now. Taken from the system, so two tests seldom get the same. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  await new Promise(resolve => server.close(resolve))
  return typeof address === 'object' && address !== null ? address.port : 0
}

/** Nobody listens there: it can be listened on. */
export async function isFree(port: number): Promise<boolean> {
  const server = createServer()
  const listening = once(server, 'listening').then(
    () => true,
    () => false,
  )
  server.listen(port, '127.0.0.1')
  const free = await listening
  if (free) await new Promise(resolve => server.close(resolve))
  return free
}

export function portOf(url: string): number {
  return Number(new URL(url).port)
}
