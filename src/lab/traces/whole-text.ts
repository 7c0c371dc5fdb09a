/**
 * Reads a record that cannot be read row by row, such as one JSON value: all of it at once, up to a bound, so that a mistaken file does
 * not fill the memory.
 *
 * Example: an answer of Prometheus of 70 MiB is refused (PLM-714), with what to do instead.
 */
import type { Input } from './input.ts'
import { withoutMark } from './layout.ts'
import { TRACE_CODES, TraceError } from './trace-error.ts'

const MIB = 1024 * 1024
export const MOST_WHOLE_BYTES = 64 * MIB

/**
 * @param what in messages: "a JSON array"
 * @param instead what to do where it is too large
 * @throws TraceError where it is larger than `MOST_WHOLE_BYTES`
 */
export async function wholeText(input: Input, what: string, instead: string): Promise<string> {
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of input.chunks()) {
    chunks.push(chunk)
    length += chunk.length
    if (length <= MOST_WHOLE_BYTES) continue
    throw new TraceError(
      TRACE_CODES.tooMuch,
      `${what} is read as a whole, and this one is larger than ${MOST_WHOLE_BYTES / MIB} MiB. ${instead}`,
      { file: input.file },
    )
  }
  return withoutMark(Buffer.concat(chunks)).toString('utf8')
}
