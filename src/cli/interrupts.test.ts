import { EventEmitter } from 'node:events'
import { describe, expect, it } from 'vitest'
import { onInterrupt, TOGETHER_MS } from './interrupts.ts'

describe('interrupts', () => {
  it('are one wish when they come together, and another later', () => {
    const source = new EventEmitter()
    let now = 0
    const heard: number[] = []
    const stop = onInterrupt(
      times => heard.push(times),
      source,
      () => now,
    )
    source.emit('SIGINT', 'SIGINT')
    now = 5
    source.emit('SIGINT', 'SIGINT')
    source.emit('SIGTERM', 'SIGTERM')
    expect(heard).toEqual([1])
    now = TOGETHER_MS
    source.emit('SIGINT', 'SIGINT')
    expect(heard).toEqual([1, 2])
    stop()
    expect(source.eventNames()).toEqual([])
  })
})
