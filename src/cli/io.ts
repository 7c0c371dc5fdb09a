/**
 * Everything a command touches besides files: where it writes, what it reads, which clock and time zone it goes by.
 * A test passes its own and runs commands in this process.
 *
 * Example: `await main(['validate', 'a.yaml'], { ...io, cwd: folder })` answers 0 and has written to `io.stdout`.
 */
import path from 'node:path'
import type { EpochMs } from '../model/time.ts'

export interface Sink {
  write(text: string): void
}

export interface Io {
  readonly stdout: Sink
  readonly stderr: Sink
  readonly env: Readonly<Record<string, string | undefined>>
  readonly cwd: string
  /** Output goes to a person: colours, and words rather than JSON lines. */
  readonly isTerminal: boolean
  /** What goes to `stderr` is seen at once, and may be drawn over. */
  readonly stderrIsTerminal?: boolean
  /** A person can be asked. */
  readonly canAsk: boolean
  /** Columns of the terminal; 100 when there is none. */
  readonly columns: number
  /** IANA name of the zone the operator lives in. */
  readonly timeZone: string
  /** From now on this process does not end when nobody reads its output any more. */
  goOnUnheard(): void
  now(): EpochMs
  /** All of standard input, at most `mostBytes`; more is an error. */
  readInput(mostBytes: number): Promise<string>
  /** One line typed by a person; `null` when input ended. */
  ask(question: string): Promise<string | null>
  /** Line after line of standard input, until it ends; a person sees the prompt before each. */
  lines(prompt: string): AsyncIterable<string>
}

export function resolvePath(io: Io, file: string): string {
  return path.resolve(io.cwd, file)
}

export function printJson(io: Io, value: unknown): void {
  io.stdout.write(`${JSON.stringify(value, null, 2)}\n`)
}

export function printLine(io: Io, line: string): void {
  io.stdout.write(`${line}\n`)
}
