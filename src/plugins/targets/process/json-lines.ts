/**
 * One JSON object a line, as it comes over a socket.
 *
 * Example: the bytes `{"do":"term` and then `inate"}\n` are one object, told when the second part came.
 */
import type { Socket } from 'node:net'

/** Longer than any line we write. */
const LONGEST_LINE = 100_000

/** What is no JSON, or too long, ends the connection. */
export function eachJsonLine(socket: Socket, onObject: (object: unknown) => void): void {
  let rest = ''
  socket.setEncoding('utf8')
  socket.on('data', (text: string) => {
    const lines = (rest + text).split('\n')
    rest = lines.pop() ?? ''
    try {
      if (rest.length > LONGEST_LINE) throw new RangeError('a line that does not end')
      for (const line of lines) onObject(JSON.parse(line))
    } catch {
      socket.destroy()
    }
  })
}
