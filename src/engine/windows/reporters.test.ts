import { describe, expect, it } from 'vitest'
import type { Sample } from '../../model/sample.ts'
import { FLEET, Reporters } from './reporters.ts'

/** Files samples as a series of windows does: numbered, kept, and reached at once. */
function arrive(reporters: Reporters, sample: Omit<Sample, 'value'>, value = 1): number {
  const number = reporters.number({ ...sample, value })
  reporters.keep(number, sample.at)
  reporters.reach(number, sample.at, value)
  return number
}

describe('the numbers of series', () => {
  it('are the same for the same series, and none for the fleet as a whole', () => {
    const reporters = new Reporters()
    const first = arrive(reporters, { at: 1, instance: 'web-1' })
    expect(arrive(reporters, { at: 2, instance: 'web-2' })).not.toBe(first)
    expect(arrive(reporters, { at: 3, instance: 'web-1' })).toBe(first)
    expect(arrive(reporters, { at: 4, instance: 'web-1', labels: { region: 'eu' } })).not.toBe(first)
    expect(arrive(reporters, { at: 5 })).toBe(FLEET)
    expect(reporters.known({ at: 6, value: 1 })).toBe(FLEET)
    expect(reporters.known({ at: 6, value: 1, instance: 'web-1' })).toBe(first)
    expect(reporters.known({ at: 6, value: 1, instance: 'web-3' })).toBeUndefined()
    expect([reporters.name(first), reporters.name(FLEET)]).toEqual(['web-1', ''])
  })

  it('are given back with the last sample of a series, and not before', () => {
    const reporters = new Reporters()
    const gone = arrive(reporters, { at: 1, instance: 'web-1' })
    arrive(reporters, { at: 2, instance: 'web-1' })
    reporters.drop(gone, 1)
    expect(arrive(reporters, { at: 3, instance: 'web-2' })).not.toBe(gone)
    reporters.drop(gone, 2)
    expect(reporters.known({ at: 4, value: 1, instance: 'web-1' })).toBeUndefined()
    expect(arrive(reporters, { at: 4, instance: 'web-3' })).toBe(gone)
    expect(reporters.name(gone)).toBe('web-3')
  })

  it('of the fleet as a whole is never given to another', () => {
    const reporters = new Reporters()
    arrive(reporters, { at: 1 })
    reporters.drop(FLEET, 1)
    expect(arrive(reporters, { at: 2, instance: 'web-1' })).not.toBe(FLEET)
    expect(arrive(reporters, { at: 3 })).toBe(FLEET)
  })
})

describe('who reports', () => {
  it('are those with a sample since then that was reached', () => {
    const reporters = new Reporters()
    arrive(reporters, { at: 10, instance: 'web-1' }, 5)
    arrive(reporters, { at: 40, instance: 'web-2' }, 7)
    arrive(reporters, { at: 50 }, 100)
    reporters.keep(reporters.number({ at: 90, value: 9, instance: 'web-3' }), 90)
    expect([5, 10, 39, 40].map(since => reporters.reportingSince(since))).toEqual([2, 1, 1, 0])
    expect(reporters.newestNamedAt()).toBe(40)
    expect(reporters.meanSince(5)).toBe(6)
    expect(reporters.meanSince(10)).toBe(7)
    expect(reporters.meanSince(40)).toBeNaN()
  })

  it('are instances, however many series labels make of them, as long as there are such', () => {
    const reporters = new Reporters()
    const eu = arrive(reporters, { at: 10, instance: 'web-1', labels: { region: 'eu' } })
    const us = arrive(reporters, { at: 10, instance: 'web-1', labels: { region: 'us' } })
    const nobody = arrive(reporters, { at: 10, labels: { region: 'us' } })
    arrive(reporters, { at: 10, instance: 'web-2' })
    expect(reporters.reportingSince(5)).toBe(2)
    for (const number of [eu, us, nobody]) reporters.drop(number, 10)
    expect(reporters.reportingSince(5)).toBe(1)
    arrive(reporters, { at: 20, instance: 'web-3' })
    arrive(reporters, { at: 20, instance: 'web-4' })
    expect(reporters.reportingSince(5)).toBe(3)
  })

  it('say the newest of each, of two at one time the later to come', () => {
    const reporters = new Reporters()
    const number = arrive(reporters, { at: 10, instance: 'web-1' }, 5)
    reporters.reach(number, 9, 1)
    expect(reporters.meanSince(0)).toBe(5)
    reporters.reach(number, 10, 6)
    expect(reporters.meanSince(0)).toBe(6)
    expect(reporters.newestAt(number)).toBe(10)
    expect(reporters.newestAt(FLEET)).toBe(Number.NEGATIVE_INFINITY)
  })
})
