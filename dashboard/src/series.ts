/**
 * The numbers behind the pictures, in columns, and never more of them than a screen can show.
 *
 * Example: 600 ticks at a steady 5 instances are two points of a `Timeline` (where it began, where it is now),
 * since a step line needs no more; 9,000 samples become at most 3,000 spans with their mean, lowest and highest.
 */
export const MOST_POINTS = 3000
/** Dropped at once when full, so that dropping is rare. */
const DROPPED = 300

/** One tick; `at` in seconds since the epoch, as the charts want it. `null`: not known. */
export interface Count {
  readonly at: number
  readonly open: number | null
  readonly total: number | null
  readonly desired: number | null
  readonly lowest: number
  readonly highest: number
}

/** The sessions one tick saw: slots in use, those with whoever waits for room, and the slots there are. */
export interface Use {
  readonly at: number
  readonly slots: number | null
  readonly asked: number | null
  readonly inUse: number | null
}

/** Points of a step line, oldest first. A later one of the same time replaces; an earlier one is ignored. */
class StepLine<Point extends { readonly at: number }> {
  readonly #points: Point[] = []
  readonly #lines: readonly (keyof Point)[]

  constructor(lines: readonly (keyof Point)[]) {
    this.#lines = lines
  }

  get length(): number {
    return this.#points.length
  }

  get first(): Point | undefined {
    return this.#points[0]
  }

  get last(): Point | undefined {
    return this.#points.at(-1)
  }

  push(point: Point): void {
    const points = this.#points
    const last = points.at(-1)
    const before = points.at(-2)
    if (last !== undefined && point.at < last.at) return
    const replaces = last !== undefined && point.at === last.at
    const prolongs =
      last !== undefined && before !== undefined && this.#same(last, point) && this.#same(before, last)
    if (replaces || prolongs) points[points.length - 1] = point
    else points.push(point)
    if (points.length > MOST_POINTS) points.splice(0, DROPPED)
  }

  /** The times, then a column for each line; prolonged to `now` so that the step line reaches the edge. */
  columns(now: number): [number[], ...(number | null)[][]] {
    const last = this.#points.at(-1)
    const points =
      last === undefined || now <= last.at ? this.#points : [...this.#points, { ...last, at: now }]
    return [
      points.map(point => point.at),
      ...this.#lines.map(line => points.map(point => numberOrNull(point[line]))),
    ]
  }

  #same(one: Point, other: Point): boolean {
    return this.#lines.every(line => one[line] === other[line])
  }
}

function numberOrNull(value: unknown): number | null {
  return typeof value === 'number' ? value : null
}

/** Columns: `[at, lowest, highest, total, open, desired]`. */
export class Timeline extends StepLine<Count> {
  constructor() {
    super(['lowest', 'highest', 'total', 'open', 'desired'])
  }
}

/** Columns: `[at, slots, asked, inUse]`. */
export class SessionLine extends StepLine<Use> {
  constructor() {
    super(['slots', 'asked', 'inUse'])
  }
}

interface Span {
  readonly index: number
  sum: number
  samples: number
  lowest: number
  highest: number
}

/** Samples of one metric, gathered into spans of equal length. */
export class Demand {
  readonly #spanSeconds: number
  readonly #spans: Span[] = []

  constructor(spanSeconds: number) {
    this.#spanSeconds = spanSeconds
  }

  get length(): number {
    return this.#spans.length
  }

  /** `at` in seconds since the epoch. Late samples find their span; those older than all that is kept are ignored. */
  push(at: number, value: number): void {
    const index = Math.floor(at / this.#spanSeconds)
    const place = this.#placeOf(index)
    const span = this.#spans[place]
    if (span?.index === index) {
      span.sum += value
      span.samples += 1
      span.lowest = Math.min(span.lowest, value)
      span.highest = Math.max(span.highest, value)
      return
    }
    if (place === 0 && this.#spans.length >= MOST_POINTS - DROPPED) return
    this.#spans.splice(place, 0, { index, sum: value, samples: 1, lowest: value, highest: value })
    if (this.#spans.length > MOST_POINTS) this.#spans.splice(0, DROPPED)
  }

  /** `[at, mean, lowest, highest]`; `at` is the middle of a span. A hole much longer than usual is a gap, not a line. */
  columns(): [number[], (number | null)[], (number | null)[], (number | null)[]] {
    const columns: [number[], (number | null)[], (number | null)[], (number | null)[]] = [[], [], [], []]
    const longest = this.#usualWait() * HOLE_WAITS
    let before: Span | undefined
    for (const span of this.#spans) {
      if (before !== undefined && span.index - before.index > longest) {
        add(columns, this.#middle(before.index + 1), null)
      }
      add(columns, this.#middle(span.index), span)
      before = span
    }
    return columns
  }

  /** The median of the spans from one with samples to the next; samples may come less often than the metric says. */
  #usualWait(): number {
    const waits = this.#spans
      .slice(1)
      .map((span, index) => span.index - (this.#spans[index]?.index ?? span.index))
    waits.sort((one, other) => one - other)
    return waits[Math.floor(waits.length / 2)] ?? 1
  }

  #middle(index: number): number {
    return (index + 0.5) * this.#spanSeconds
  }

  /** Where the span is, or belongs; looked for from the end, where samples arrive. */
  #placeOf(index: number): number {
    let place = this.#spans.length
    for (;;) {
      const span = this.#spans[place - 1]
      if (span === undefined || span.index < index) return place
      place -= 1
      if (span.index === index) return place
    }
  }
}

const HOLE_WAITS = 4

function add(
  [at, mean, lowest, highest]: [number[], (number | null)[], (number | null)[], (number | null)[]],
  time: number,
  span: Span | null,
): void {
  at.push(time)
  mean.push(span === null ? null : span.sum / span.samples)
  lowest.push(span?.lowest ?? null)
  highest.push(span?.highest ?? null)
}
