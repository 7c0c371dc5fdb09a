/**
 * The last lines a child printed, bounded in number and length, and the one line of them that most likely says
 * what went wrong.
 *
 * Example: after 350 lines the first 150 are forgotten; of a Node stack trace `tellingLine` answers
 * `Error: listen EADDRINUSE: address already in use 127.0.0.1:41231`.
 */
import type { Readable } from 'node:stream'

const LINES = 200
const LINE_CHARACTERS = 2_000
const TELLING_CHARACTERS = 300
const LOOKS_LIKE_AN_ERROR = /\b\w*(error|exception|fatal|panic)\b/i

export interface Output {
  /** The last 200 lines of both streams, oldest first. */
  lines(): readonly string[]
  /** The last line on stderr that names an error, else the last one there; `null` when nothing was printed. */
  tellingLine(): string | null
  printed(pattern: RegExp): boolean
}

export type StreamName = 'stdout' | 'stderr'

export function collectOutput(
  stdout: Readable | null,
  stderr: Readable | null,
  onLine: (line: string, stream: StreamName) => void,
): Output {
  const output = gatherOutput(onLine)
  if (stdout) eachLine(stdout, line => output.add(line, 'stdout'))
  if (stderr) eachLine(stderr, line => output.add(line, 'stderr'))
  return output
}

/** The same of lines that come one by one. */
export function gatherOutput(
  onLine: (line: string, stream: StreamName) => void,
): Output & { add(line: string, stream: StreamName): void } {
  const all: string[] = []
  const errors: string[] = []
  const keep = (lines: string[], line: string) => {
    lines.push(line)
    if (lines.length > LINES) lines.shift()
  }
  return {
    add(line, stream) {
      keep(all, line)
      if (stream === 'stderr') keep(errors, line)
      onLine(line, stream)
    },
    lines: () => [...all],
    tellingLine: () => tellingLine(errors),
    printed: pattern => all.some(line => pattern.test(line)),
  }
}

export function tellingLine(lines: readonly string[]): string | null {
  const printed = lines.map(line => line.trim()).filter(line => line !== '')
  const line =
    printed.findLast(text => LOOKS_LIKE_AN_ERROR.test(text) && !text.startsWith('at ')) ?? printed.at(-1)
  return line === undefined ? null : cut(line, TELLING_CHARACTERS)
}

function eachLine(stream: Readable, onLine: (line: string) => void): void {
  let rest = ''
  stream.setEncoding('utf8')
  stream.on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) onLine(cut(line.replace(/\r$/, ''), LINE_CHARACTERS))
    // A line that never ends must not grow without end.
    if (rest.length > LINE_CHARACTERS) {
      onLine(cut(rest, LINE_CHARACTERS))
      rest = ''
    }
  })
  stream.on('end', () => {
    if (rest !== '') onLine(cut(rest, LINE_CHARACTERS))
    rest = ''
  })
  // A broken pipe tells nothing that the exit does not.
  stream.on('error', () => {})
}

function cut(line: string, length: number): string {
  return line.length > length ? `${line.slice(0, length - 1)}…` : line
}
