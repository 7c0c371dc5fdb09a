/**
 * `plimsoll apply FILE`, `plimsoll rollback [VERSION]` and `plimsoll versions`: another configuration for a running daemon,
 * and back. The daemon checks it, puts it in force and writes it over its own file.
 *
 * Example: `plimsoll apply next.yaml --why "more at noon"` prints `9f2c4e1a77b0d356 is in force, instead of 71aa...`.
 */
import { z } from 'zod'
import { Time } from '../api/wire/time.ts'
import { EXIT_OK } from './cli-error.ts'
import { coloursFor } from './colours.ts'
import { askDaemon, type ByOptions, byOf, type DaemonOptions } from './daemon.ts'
import { tellTime } from './decision-text.ts'
import { readInputFile } from './files.ts'
import { type Io, printJson, printLine } from './io.ts'

const Warning = z.object({ code: z.string(), message: z.string(), line: z.number(), column: z.number() })

const Configured = z.object({
  outcome: z.enum(['applied', 'unchanged']),
  digest: z.string(),
  from: z.string(),
  warnings: z.array(Warning),
})

const Versions = z.object({
  inForce: z.string(),
  versions: z.array(z.object({ digest: z.string(), at: Time })),
})

export async function applyCommand(file: string, options: ByOptions, io: Io): Promise<number> {
  const text = await readInputFile(io, file)
  return configure('/v1/spec', { text }, options, io)
}

/** @param version the beginning of a digest; the one before this one when absent */
export async function rollbackCommand(
  version: string | undefined,
  options: ByOptions,
  io: Io,
): Promise<number> {
  return configure('/v1/spec/rollback', { version: version ?? null }, options, io)
}

async function configure(path: string, wish: object, options: ByOptions, io: Io): Promise<number> {
  const answer = await askDaemon(io, options, {
    method: 'POST',
    path,
    body: { ...wish, ...byOf(options) },
    answer: Configured,
  })
  if (options.json === true) {
    printJson(io, answer)
    return EXIT_OK
  }
  for (const { code, message, line, column } of answer.warnings) {
    io.stderr.write(`${line}:${column} ${code} ${message}\n`)
  }
  printLine(
    io,
    answer.outcome === 'unchanged'
      ? `${answer.digest} was in force already; nothing changed`
      : `${answer.digest} is in force, instead of ${answer.from} (plimsoll rollback ${answer.from} goes back)`,
  )
  return EXIT_OK
}

export async function versionsCommand(options: DaemonOptions, io: Io): Promise<number> {
  const answer = await askDaemon(io, options, {
    method: 'GET',
    path: '/v1/spec/versions',
    answer: Versions,
  })
  if (options.json === true) {
    printJson(io, z.encode(Versions, answer))
    return EXIT_OK
  }
  const colours = coloursFor(io)
  for (const { digest, at } of answer.versions) {
    const time = tellTime(at, { colours, timeZone: io.timeZone, now: io.now() })
    printLine(io, `${digest}  ${time}${digest === answer.inForce ? '  in force' : ''}`)
  }
  return EXIT_OK
}
