/**
 * Cuts the bytes of a delimited file into records and fields, in bounded memory: chunks of any size go in, one row at a time comes
 * out. Quoted fields (with delimiters, line ends and doubled quotes in them), and all three line ends.
 *
 * Example: `a,"b ""c"", d"\r\n` is one row of two fields, `a` and `b "c", d`.
 */
import { isUtf8 } from 'node:buffer'
import { TRACE_CODES, TraceError } from './trace-error.ts'

const LINE_FEED = 10
const RETURN = 13
const QUOTE = 34

/** Longer than any row of numbers; a quote that is never closed ends here too. */
export const LONGEST_RECORD = 1024 * 1024
export const MOST_FIELDS = 4096

/** One row. The same object every time: what is to be kept is copied. Field `n` is `bytes[starts[n]..ends[n]]`. */
export interface Row {
  readonly bytes: Buffer
  readonly starts: Int32Array
  readonly ends: Int32Array
  readonly count: number
  /** Of its beginning, from 1. */
  readonly line: number
  /** It ended with a line end, not with the file. */
  readonly complete: boolean
}

export interface LineEnds {
  lf: number
  crlf: number
  cr: number
  /** The first line whose end differs from that of line 1. */
  mixedAt: number | null
}

export class RecordCutter {
  readonly lineEnds: LineEnds = { lf: 0, crlf: 0, cr: 0, mixedAt: null }
  readonly #file: string
  readonly #delimiter: number
  readonly #take: (row: Row) => void
  readonly #starts = new Int32Array(MOST_FIELDS)
  readonly #ends = new Int32Array(MOST_FIELDS)
  readonly #row = {
    bytes: Buffer.alloc(0) as Buffer,
    starts: this.#starts,
    ends: this.#ends,
    count: 0,
    line: 1,
    complete: true,
  }
  #bytes: Buffer = Buffer.alloc(0)
  #length = 0
  #line = 1

  constructor(file: string, delimiter: number, take: (row: Row) => void) {
    this.#file = file
    this.#delimiter = delimiter
    this.#take = take
  }

  push(chunk: Uint8Array): void {
    this.#append(chunk)
    this.#cut(false)
  }

  end(): void {
    this.#cut(true)
  }

  #append(chunk: Uint8Array): void {
    const needed = this.#length + chunk.length
    if (needed > this.#bytes.length) {
      const larger = Buffer.allocUnsafe(Math.max(needed, 2 * this.#bytes.length))
      this.#bytes.copy(larger, 0, 0, this.#length)
      this.#bytes = larger
    }
    this.#bytes.set(chunk, this.#length)
    this.#length = needed
  }

  #cut(final: boolean): void {
    let start = 0
    while (start < this.#length) {
      const next = this.#record(start, final)
      if (next < 0) break
      start = next
    }
    if (this.#length - start > LONGEST_RECORD) throw this.#tooLong(start)
    this.#bytes.copy(this.#bytes, 0, start, this.#length)
    this.#length -= start
  }

  /** Where the next one begins; -1 where this one goes on after what is here. */
  #record(start: number, final: boolean): number {
    const [bytes, length, delimiter] = [this.#bytes, this.#length, this.#delimiter]
    let count = 0
    let fieldAt = start
    let place = start
    let lines = 0
    let quoted = false
    for (; place < length; place++) {
      const byte = bytes[place] ?? 0
      // Nothing of interest is above the quote but some delimiters; digits and letters pass here.
      if (byte > QUOTE && byte !== delimiter) continue
      if (byte === delimiter) {
        if (!quoted) this.#field(count++, fieldAt, place)
        if (count >= MOST_FIELDS) throw this.#tooMany()
        fieldAt = place + 1
        quoted = false
      } else if (byte === LINE_FEED) {
        if (!quoted) this.#field(count++, fieldAt, place)
        return this.#emit(count, place + 1, lines + 1, 'lf')
      } else if (byte === RETURN) {
        if (place + 1 === length && !final) return -1
        if (!quoted) this.#field(count++, fieldAt, place)
        return bytes[place + 1] === LINE_FEED && place + 1 < length
          ? this.#emit(count, place + 2, lines + 1, 'crlf')
          : this.#emit(count, place + 1, lines + 1, 'cr')
      } else if (byte === QUOTE && place === fieldAt && !quoted) {
        const close = this.#closing(place + 1, final)
        if (close === -1) return -1
        lines += newlinesIn(bytes, place, close)
        if (endsField(bytes[close + 1], delimiter) || close + 1 === length) {
          this.#field(count++, place + 1, close)
          quoted = true
        }
        place = close
      }
    }
    if (!final) return -1
    if (!quoted) this.#field(count++, fieldAt, place)
    return this.#emit(count, length, lines, null)
  }

  #field(index: number, start: number, end: number): void {
    this.#starts[index] = start
    this.#ends[index] = end
  }

  /** Where the quote is that closes the field; -1 where it is not here yet. */
  #closing(from: number, final: boolean): number {
    let place = this.#bytes.indexOf(QUOTE, from)
    while (place >= 0 && place < this.#length) {
      if (place + 1 === this.#length && !final) return -1
      if (place + 1 >= this.#length || this.#bytes[place + 1] !== QUOTE) return place
      place = this.#bytes.indexOf(QUOTE, place + 2)
    }
    if (final) throw this.#neverClosed()
    return -1
  }

  #emit(count: number, next: number, lines: number, ending: 'lf' | 'crlf' | 'cr' | null): number {
    const row = this.#row
    row.bytes = this.#bytes
    row.count = count
    row.line = this.#line
    row.complete = ending !== null
    this.#take(row)
    if (ending !== null) this.#noteEnding(ending)
    this.#line += lines
    return next
  }

  #noteEnding(ending: 'lf' | 'crlf' | 'cr'): void {
    const ends = this.lineEnds
    ends[ending]++
    if (ends.mixedAt === null && ends[ending] !== ends.lf + ends.crlf + ends.cr) ends.mixedAt = this.#line
  }

  #tooLong(start: number): TraceError {
    const why = this.#bytes[start] === QUOTE ? ' A quote may not be closed.' : ''
    return this.#broken(`the line is longer than ${LONGEST_RECORD / 1024} KiB, which no row is.${why}`)
  }

  #tooMany(): TraceError {
    return this.#broken(`the line has more than ${MOST_FIELDS} fields.`)
  }

  #neverClosed(): TraceError {
    return this.#broken('a quote is opened in this row and never closed.')
  }

  #broken(message: string): TraceError {
    return new TraceError(TRACE_CODES.brokenRows, message, { file: this.#file, line: this.#line })
  }
}

function endsField(byte: number | undefined, delimiter: number): boolean {
  return byte === delimiter || byte === LINE_FEED || byte === RETURN
}

function newlinesIn(bytes: Buffer, from: number, to: number): number {
  let count = 0
  for (let place = bytes.indexOf(LINE_FEED, from); place >= 0 && place < to; ) {
    count++
    place = bytes.indexOf(LINE_FEED, place + 1)
  }
  return count
}

/** Whether all its fields are text as it should be written. */
export function isInUtf8({ bytes, starts, ends, count }: Row): boolean {
  return isUtf8(bytes.subarray(starts[0] ?? 0, ends[count - 1] ?? 0))
}

/** A field as text; doubled quotes are one. What is no UTF-8 is taken as Latin-1, in which every byte is a letter. */
export function fieldText({ bytes, starts, ends, count }: Row, index: number): string {
  if (index >= count) return ''
  const [start, end] = [starts[index] ?? 0, ends[index] ?? 0]
  const text = bytes.toString(isUtf8(bytes.subarray(start, end)) ? 'utf8' : 'latin1', start, end)
  return bytes[start - 1] === QUOTE && text.includes('""') ? text.replaceAll('""', '"') : text
}
