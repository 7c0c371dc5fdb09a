import { describe, expect, it } from 'vitest'
import { SampleSeries } from './sample-series.ts'

interface Plain {
  readonly at: number
  readonly value: number
  readonly instance: number
}

/** The same series as a plain list; positions count from the first sample ever. */
class Both {
  readonly series = new SampleSeries()
  readonly plain: Plain[] = []

  file(at: number, value: number, instance: number): void {
    const place = this.plain.findLastIndex(other => other.at <= at) + 1
    const position = this.series.positionAfter(at)
    expect(position).toBe(this.series.first + place)
    this.series.insert(position, at, value, instance)
    this.plain.splice(place, 0, { at, value, instance })
  }

  drop(): void {
    this.series.dropFirst()
    this.plain.shift()
  }

  expectSame(): void {
    const { series, plain } = this
    expect(series.length).toBe(plain.length)
    for (const [index, { at, value, instance }] of plain.entries()) {
      const position = series.first + index
      expect(series.timeAt(position)).toBe(at)
      expect(series.valueAt(position)).toBe(value)
      expect(series.instanceAt(position)).toBe(instance)
    }
  }
}

describe('a series of samples', () => {
  it('keeps them in order of time, and those of one time in order of arrival', () => {
    const both = new Both()
    for (const [value, at] of [50, 10, 30, 30, 20, 60, 5, 30].entries()) both.file(at, value, value % 3)
    both.expectSame()
    expect([4, 5, 29, 30, 31, 60, 99].map(at => both.series.positionAfter(at))).toEqual([0, 1, 3, 6, 6, 8, 8])
  })

  it('gives the values between two positions, also after some have left', () => {
    const both = new Both()
    for (let n = 0; n < 400; n += 1) {
      both.file(n, n * 2, 0)
      if (n >= 100) both.drop()
    }
    const { first } = both.series
    expect([...both.series.valuesOf(first + 2, first + 5)]).toEqual([604, 606, 608])
  })

  it('holds a flood that comes and goes, with late ones among them, and gives the room back', () => {
    const both = new Both()
    let now = 0
    const room: number[] = []
    for (const most of [10, 3000, 20, 20, 20, 20]) {
      for (let n = 0; n < 3000; n += 1) {
        now += 1
        const lateness = n % 5 === 0 ? (n * 7) % 40 : 0
        const oldest = both.plain[0]?.at ?? 0
        both.file(Math.max(oldest, now - lateness), n, n % 4)
        while (both.plain.length > most) both.drop()
      }
      both.expectSame()
      room.push(both.series.times.length)
    }
    expect(room[0]).toBe(256)
    expect(room[1]).toBeGreaterThanOrEqual(3000)
    expect(room[1]).toBeLessThanOrEqual(6000)
    expect(room.at(-1)).toBe(256)
  })
})
