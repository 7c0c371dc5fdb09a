/**
 * Reads the block of the document that holds the courses: base64, deflated, a header and the bytes of every series.
 *
 * Example: `await unpack(block)` of 30 days by the minute takes some 50 ms and is `{ length: 43200, contenders: [...] }`.
 */
import {
  PACKED_SERIES,
  type Packed,
  type PackedDecision,
  type PackedSeries,
} from '../../../src/lab/report/packed.ts'
import { decodeSeries, type SeriesHead } from '../../../src/lab/report/series-bytes.ts'
import { sharesOf } from '../../../src/pictures/bins.ts'

export interface Made {
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly from: number
  readonly to: number
  readonly rule: string | null
  readonly because: string
  readonly steps: readonly string[]
}

export interface Shown extends Readonly<Record<PackedSeries, Float64Array>> {
  readonly name: string
  readonly isShown: boolean
  /** Lost or refused, as a share of each bin's load; and what waited. */
  readonly turnedAway: Float64Array
  readonly waiting: Float64Array
  readonly decisions: readonly Made[]
  readonly more: number
}

export interface Replay {
  readonly timeZone: string
  readonly startAt: number
  readonly stepMs: number
  readonly length: number
  readonly censored: Packed['censored']
  readonly doubtful: Packed['doubtful']
  readonly load: Float64Array
  readonly needed: Float64Array
  readonly contenders: readonly Shown[]
}

export async function unpack(block: string): Promise<Replay> {
  const bytes = await inflate(Uint8Array.from(atob(block), letter => letter.charCodeAt(0)))
  const size = new DataView(bytes.buffer).getUint32(0, true)
  const packed: Packed = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + size)))
  let at = 4 + size
  const take = (head: SeriesHead): Float64Array => {
    const from = at
    at += head.bytes
    return decodeSeries(head, bytes.subarray(from, at), packed.length)
  }
  const { timeZone, startAt, stepMs, length, censored, doubtful } = packed
  const load = take(packed.load)
  const needed = take(packed.needed)
  const contenders = packed.contenders.map((contender): Shown => {
    const [ready, paid, lost, refused, backlog, lowest, highest] = PACKED_SERIES.map(name =>
      take(contender.series[name]),
    )
    if (!ready || !paid || !lost || !refused || !backlog || !lowest || !highest) {
      throw new Error('a series is missing')
    }
    return {
      name: contender.name,
      isShown: contender.isShown,
      ...{ ready, paid, lost, refused, backlog, lowest, highest },
      turnedAway: sharesOf([lost, refused], load, length),
      waiting: sharesOf([backlog], load, length),
      decisions: contender.decisions.map(decision => unpackDecision(decision, packed)),
      more: contender.more,
    }
  })
  return { timeZone, startAt, stepMs, length, censored, doubtful, load, needed, contenders }
}

function unpackDecision(
  [afterMs, from, to, rule, because, steps]: PackedDecision,
  { startAt, words }: Packed,
): Made {
  const word = (place: number): string => words[place] ?? ''
  return {
    at: startAt + afterMs,
    from,
    to,
    rule: rule < 0 ? null : word(rule),
    because: word(because),
    steps: steps.map(word),
  }
}

async function inflate(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate-raw'))
  return new Uint8Array(await new Response(stream).arrayBuffer())
}
