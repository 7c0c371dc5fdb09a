import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Clock } from '../../../ports/clock.ts'
import { WaitQueue } from './queue.ts'

/** A clock whose timers a test lets go off. */
class HandClock implements Clock {
  readonly timers = new Map<number, { readonly at: number; readonly wake: () => void }>()
  #now = 0
  #ids = 0

  now(): number {
    return this.#now
  }

  after(ms: number, wake: () => void): () => void {
    const id = this.#ids++
    this.timers.set(id, { at: this.#now + ms, wake })
    return () => this.timers.delete(id)
  }

  advance(ms: number): void {
    this.#now += ms
    for (const [id, timer] of [...this.timers]) {
      if (timer.at > this.#now || !this.timers.delete(id)) continue
      timer.wake()
    }
  }
}

const web1 = { id: 'web-1' }
const web2 = { id: 'web-2' }
const ignore = (): void => {}

function queue(limit = 10) {
  const clock = new HandClock()
  return { clock, queue: new WaitQueue<{ id: string }, string>(clock, limit, 1_000) }
}

describe('the wait queue', () => {
  it('serves those who came first, and the bound only at their own instance', () => {
    const { queue: waiting } = queue()
    for (const [item, pin] of [
      ['a', null],
      ['b', web2],
      ['c', null],
      ['d', web1],
    ] as const) {
      waiting.join(item, pin, ignore)
    }
    expect(waiting.next(web2, true)).toBe('a')
    expect(waiting.next(web2, true)).toBe('b')
    expect(waiting.next(web1, false)).toBe('d')
    expect(waiting.next(web1, false)).toBeNull()
    expect(waiting.next(web1, true)).toBe('c')
    expect(waiting.length).toBe(0)
  })

  it('turns away who comes when it is full, and takes the next one when there is room again', () => {
    const { queue: waiting } = queue(1)
    const leave = waiting.join('a', null, ignore)
    expect(waiting.join('b', web1, ignore)).toBeNull()
    leave?.()
    leave?.()
    expect(waiting.length).toBe(0)
    expect(waiting.join('c', null, ignore)).not.toBeNull()
  })

  it('tells those whose deadline passes, once, and forgets them', () => {
    const { clock, queue: waiting } = queue()
    const late: string[] = []
    waiting.join('a', null, item => late.push(item))
    clock.advance(600)
    waiting.join('b', web1, item => late.push(item))
    clock.advance(400)
    expect(late).toEqual(['a'])
    clock.advance(600)
    expect(late).toEqual(['a', 'b'])
    expect([waiting.length, waiting.lengthFor(web1), waiting.next(web1, true)]).toEqual([0, 0, null])
  })

  it('keeps no timer of anyone who was served or left', () => {
    const { clock, queue: waiting } = queue()
    waiting.join('a', null, ignore)
    waiting.join('b', web1, ignore)?.()
    waiting.next(web1, true)
    expect(clock.timers.size).toBe(0)
  })

  it('lets those bound to a vanished instance go anywhere, in their order and with their deadlines', () => {
    const { clock, queue: waiting } = queue()
    const late: string[] = []
    const expire = (item: string): void => void late.push(item)
    waiting.join('a', web1, expire)
    waiting.join('b', null, expire)
    clock.advance(500)
    const leave = waiting.join('c', web1, expire)
    waiting.unbind(web1)
    expect(waiting.lengthFor(web1)).toBe(0)
    leave?.()
    expect(waiting.next(web2, true)).toBe('a')
    clock.advance(500)
    expect(late).toEqual(['b'])
  })

  it('takes everyone out in order of arrival', () => {
    const { clock, queue: waiting } = queue()
    for (const [item, pin] of [
      ['a', web1],
      ['b', null],
      ['c', web2],
    ] as const)
      waiting.join(item, pin, ignore)
    expect(waiting.clear()).toEqual(['a', 'b', 'c'])
    expect([waiting.length, clock.timers.size]).toEqual([0, 0])
  })

  it('agrees with a plain list, whatever happens', () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant('join' as const), pin: fc.constantFrom(null, web1, web2) }),
      fc.record({ kind: fc.constant('next' as const), pin: fc.constantFrom(web1, web2), open: fc.boolean() }),
      fc.record({ kind: fc.constant('unbind' as const), pin: fc.constantFrom(web1, web2) }),
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), steps => {
        const { queue: waiting } = queue(5)
        let list: { item: string; pin: { id: string } | null }[] = []
        for (const [i, now] of steps.entries()) {
          if (now.kind === 'join') {
            const taken = waiting.join(`${i}`, now.pin, ignore) !== null
            expect(taken).toBe(list.length < 5)
            if (taken) list.push({ item: `${i}`, pin: now.pin })
          } else if (now.kind === 'next') {
            const at = list.findIndex(({ pin }) => pin === now.pin || (now.open && pin === null))
            expect(waiting.next(now.pin, now.open)).toBe(list[at]?.item ?? null)
            list = list.filter((_, index) => index !== at)
          } else {
            waiting.unbind(now.pin)
            list = list.map(({ item, pin }) => ({ item, pin: pin === now.pin ? null : pin }))
          }
          expect(waiting.length).toBe(list.length)
        }
      }),
    )
  })
})
