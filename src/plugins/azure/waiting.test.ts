import { expect, it } from 'vitest'
import { Timeline } from '../../lab/simulation/timeline.ts'
import { pause, within } from './waiting.ts'

const never = new AbortController().signal

it('gives work its time and no more', async () => {
  const clock = new Timeline()
  const heard: unknown[] = []
  const work = within(
    clock,
    1_000,
    never,
    signal => new Promise(resolve => signal.addEventListener('abort', () => resolve(signal.reason))),
  ).then(reason => heard.push(reason))
  await clock.advance(999)
  expect(heard).toEqual([])
  await clock.advance(1)
  await work
  expect(heard).toMatchObject([{ name: 'TimeoutError' }])
})

it('leaves nothing to come when the work ends sooner, well or not', async () => {
  const planned: (() => void)[] = []
  const clock = {
    after: (_ms: number, wake: () => void) => {
      planned.push(wake)
      return () => void planned.splice(planned.indexOf(wake), 1)
    },
  }
  expect(await within(clock, 10, never, async () => 7)).toBe(7)
  await expect(within(clock, 10, never, () => Promise.reject(new Error('no')))).rejects.toThrow('no')
  expect(planned).toEqual([])
  const called = new AbortController()
  const paused = pause(clock, 10, called.signal)
  expect(planned).toHaveLength(1)
  called.abort()
  await paused
  expect(planned).toEqual([])
})

it('pauses for as long as it is told, and not at all once called off', async () => {
  const clock = new Timeline()
  let isOver = false
  const paused = pause(clock, 500, never).then(() => {
    isOver = true
  })
  await clock.advance(499)
  expect(isOver).toBe(false)
  await clock.advance(1)
  await paused
  await pause(clock, 500, AbortSignal.abort())
  expect(clock.now).toBe(500)
})
