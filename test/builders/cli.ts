/**
 * An `Io` whose output is kept and whose clock stands still, for running commands in this process.
 *
 * Example: `const { io, out } = capturedIo({ cwd: folder }); await main(['validate', 'a.yaml'], io); out()`.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Io } from '../../src/cli/io.ts'
import { main } from '../../src/cli/main.ts'

/** Noon in London and in UTC on a Saturday. */
export const NOON = Date.parse('2026-11-21T12:00:00Z')

export interface Captured {
  readonly code: number
  readonly out: string
  readonly err: string
}

export interface Scene {
  readonly cwd: string
  /** Runs one command; answers what it printed and its exit code. */
  run(argv: readonly string[], change?: Partial<Io>): Promise<Captured>
  /** Writes a file into the folder. */
  file(name: string, text: string): string
  end(): void
}

/** A temporary folder to run commands in. */
export function openScene(): Scene {
  const cwd = mkdtempSync(path.join(tmpdir(), 'plimsoll-cli-'))
  return {
    cwd,
    run: (argv, change) => runCaptured(argv, { cwd, ...change }),
    file(name, text) {
      const full = path.join(cwd, name)
      writeFileSync(full, text)
      return full
    },
    end: () => rmSync(cwd, { recursive: true, force: true }),
  }
}

async function runCaptured(argv: readonly string[], change: Partial<Io>): Promise<Captured> {
  const out: string[] = []
  const err: string[] = []
  const io: Io = {
    stdout: { write: text => void out.push(text) },
    stderr: { write: text => void err.push(text) },
    env: {},
    cwd: process.cwd(),
    isTerminal: false,
    canAsk: false,
    columns: 100,
    timeZone: 'Europe/London',
    goOnUnheard: () => undefined,
    now: () => NOON,
    readInput: async () => '',
    ask: async () => null,
    async *lines() {},
    ...change,
  }
  const code = await main(argv, io)
  return { code, out: out.join(''), err: err.join('') }
}
