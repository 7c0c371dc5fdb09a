/**
 * The real process as an `Io`. A reader that closes the pipe early (`plimsoll history web | head`), or a terminal that is
 * closed, ends a command quietly; the daemon goes on without being heard.
 *
 * Example: `processIo().isTerminal` is false under cron, so nothing is coloured there.
 */
import { createInterface } from 'node:readline/promises'
import { CliError } from './cli-error.ts'
import type { Io, Sink } from './io.ts'

/** What a write to a closed pipe, and to a closed terminal, answers. */
const NOBODY_READS = new Set<unknown>(['EPIPE', 'EIO'])

function sinkOf(stream: NodeJS.WriteStream, whenNobodyReads: () => void): Sink {
  stream.on('error', error => {
    if (!('code' in error) || !NOBODY_READS.has(error.code)) throw error
    whenNobodyReads()
  })
  return { write: text => void (stream.writable && stream.write(text)) }
}

export function processIo(): Io {
  let isDaemon = false
  const whenNobodyReads = (): void => {
    if (!isDaemon) process.exit(0)
  }
  return {
    stdout: sinkOf(process.stdout, whenNobodyReads),
    stderr: sinkOf(process.stderr, whenNobodyReads),
    goOnUnheard() {
      isDaemon = true
    },
    env: process.env,
    cwd: process.cwd(),
    isTerminal: process.stdout.isTTY === true,
    stderrIsTerminal: process.stderr.isTTY === true,
    canAsk: process.stdin.isTTY === true && process.stdout.isTTY === true,
    columns: process.stdout.columns ?? 100,
    timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    now: () => Date.now(),
    readInput,
    ask,
    lines,
  }
}

async function readInput(mostBytes: number): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of process.stdin) {
    const piece = Buffer.from(chunk)
    bytes += piece.length
    if (bytes > mostBytes) {
      throw new CliError(
        'PLM-503',
        `Standard input is larger than ${mostBytes} bytes, which is the most this reads.`,
      )
    }
    chunks.push(piece)
  }
  return Buffer.concat(chunks).toString('utf8')
}

async function ask(question: string): Promise<string | null> {
  const lines = createInterface({ input: process.stdin, output: process.stdout })
  const ended = new Promise<null>(resolve => lines.once('close', () => resolve(null)))
  try {
    return await Promise.race([lines.question(question), ended])
  } finally {
    lines.close()
  }
}

function lines(prompt: string): AsyncIterable<string> {
  const { stdin, stdout } = process
  return stdin.isTTY === true && stdout.isTTY === true ? typedLines(prompt) : pipedLines()
}

/** Whoever writes them may keep the pipe open: once nobody reads on, it must not keep the process. */
async function* pipedLines(): AsyncIterable<string> {
  const { stdin } = process
  try {
    yield* createInterface({ input: stdin })
  } finally {
    stdin.destroy()
  }
}

/** What was typed or pasted while a line was still being obeyed is shown once more after the prompt, where its turn comes. */
async function* typedLines(prompt: string): AsyncIterable<string> {
  const { stdin, stdout } = process
  const reader = createInterface({ input: stdin, output: stdout, prompt })
  const early: string[] = []
  let ended = false
  let wake = (): void => undefined
  reader.on('line', line => {
    early.push(line)
    wake()
  })
  reader.once('close', () => {
    ended = true
    wake()
  })
  try {
    for (;;) {
      const waiting = early.shift()
      if (waiting !== undefined) {
        stdout.write(`${prompt}${waiting}\n`)
        yield waiting
        continue
      }
      if (ended) return
      reader.prompt()
      await new Promise<void>(resolve => {
        wake = resolve
      })
      const line = early.shift()
      // The shell's own prompt belongs on a line of its own.
      if (line === undefined) stdout.write('\n')
      else yield line
    }
  } finally {
    reader.close()
  }
}
