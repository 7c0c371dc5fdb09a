import { describe, expect, it } from 'vitest'
import { Timeline } from './timeline.ts'

describe('simulated time', () => {
  it('calls in order of time, and what falls on one moment in the order in which it was planned', async () => {
    const timeline = new Timeline()
    const seen: string[] = []
    timeline.after(20, () => seen.push('late'))
    timeline.after(10, () => seen.push('one'))
    timeline.after(10, () => seen.push('other'))
    const callOff = timeline.after(15, () => seen.push('called off'))
    callOff()
    await timeline.advance(15)
    expect(seen).toEqual(['one', 'other'])
    await timeline.advance(5)
    expect(seen).toEqual(['one', 'other', 'late'])
  })

  it.each(['outside', 'promises'] as const)(
    'goes on only when all that follows from an entry is at rest: %s',
    async reach => {
      const timeline = new Timeline(reach)
      const seen: number[] = []
      // Above the number of entries between two turns of the event loop, so that both ways to wait are seen.
      for (let entry = 0; entry < 200; entry += 1) {
        timeline.after(entry, () => void settlesAfter(100).then(() => seen.push(timeline.now)))
      }
      await timeline.advance(200, () => expect(seen.at(-1)).toBe(timeline.now))
      expect(seen).toEqual(Array.from({ length: 200 }, (_, entry) => entry))
    },
  )

  it('lets others have their turn meanwhile, such as somebody who asks it to stop', async () => {
    const timeline = new Timeline('promises')
    let isAsked = false
    setImmediate(() => {
      isAsked = true
    })
    let entries = 0
    const again = () => {
      entries += 1
      if (!isAsked) timeline.after(1, again)
    }
    timeline.after(1, again)
    await timeline.advance(100_000)
    expect(isAsked).toBe(true)
    expect(entries).toBeLessThan(100_000)
  })
})

async function settlesAfter(reactions: number): Promise<void> {
  for (let left = reactions; left > 0; left -= 1) await null
}
