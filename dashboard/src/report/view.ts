/**
 * What is looked at: which stretch of the replay, whose lines, which contender in front, which decision. Everything that draws
 * listens to it, and everything one does changes it.
 *
 * Example: zooming by 2 around the middle of 1,440 bins shows 360..1080.
 */
import type { Made, Replay, Shown } from './unpack.ts'

/** Nobody needs to see a part of one bin. */
const LEAST_BINS = 6

export class View {
  readonly replay: Replay
  /** In bins, which may be broken. */
  from = 0
  to: number
  front = 0
  readonly hidden = new Set<number>()
  /** Place in the decisions of the one in front. */
  selected: number | null = null
  readonly #listeners: (() => void)[] = []

  constructor(replay: Replay) {
    this.replay = replay
    this.to = replay.length
  }

  get span(): number {
    return this.to - this.from
  }

  get isWhole(): boolean {
    return this.from <= 0 && this.to >= this.replay.length
  }

  get own(): Shown | undefined {
    return this.replay.contenders[this.front]
  }

  get decision(): Made | null {
    return this.selected === null ? null : (this.own?.decisions[this.selected] ?? null)
  }

  /** Those with a line, the one in front last. */
  get others(): readonly number[] {
    return this.replay.contenders
      .map((_, index) => index)
      .filter(index => index !== this.front && !this.hidden.has(index))
  }

  timeOf(bin: number): number {
    return this.replay.startAt + bin * this.replay.stepMs
  }

  binOf(at: number): number {
    return (at - this.replay.startAt) / this.replay.stepMs
  }

  onChange(listener: () => void): void {
    this.#listeners.push(listener)
  }

  changed(): void {
    for (const listener of this.#listeners) listener()
  }

  /** Inside the replay, and not too narrow. @returns whether anything is different now */
  show(from: number, to: number): boolean {
    const { length } = this.replay
    const span = Math.min(length, Math.max(Math.min(LEAST_BINS, length), to - from))
    const middle = (from + to) / 2
    const start = Math.min(Math.max(0, middle - span / 2), length - span)
    if (start === this.from && start + span === this.to) return false
    this.from = start
    this.to = start + span
    this.changed()
    return true
  }

  /** By 2 shows half as much; what is at `around` (a bin) stays where it is. */
  zoom(by: number, around = (this.from + this.to) / 2): boolean {
    const span = Math.min(this.replay.length, Math.max(LEAST_BINS, this.span / by))
    const share = (around - this.from) / this.span
    const start = Math.min(Math.max(0, around - share * span), this.replay.length - span)
    return this.show(start, start + span)
  }

  /** By 0.5 goes on by half of what is shown. */
  pan(by: number): boolean {
    return this.show(this.from + by * this.span, this.to + by * this.span)
  }

  reset(): boolean {
    return this.show(0, this.replay.length)
  }

  select(place: number | null): void {
    this.selected = place
    const { decision } = this
    if (decision !== null) {
      const bin = this.binOf(decision.at)
      if (bin < this.from || bin >= this.to) {
        this.show(bin - this.span / 2, bin + this.span / 2)
      }
    }
    this.changed()
  }

  /** Puts another contender in front. */
  bring(index: number): void {
    this.front = index
    this.hidden.delete(index)
    this.selected = null
    this.changed()
  }

  toggle(index: number): void {
    if (this.hidden.has(index)) this.hidden.delete(index)
    else this.hidden.add(index)
    this.changed()
  }
}
