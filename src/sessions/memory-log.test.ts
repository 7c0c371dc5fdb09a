import { describe, expect, it } from 'vitest'
import { ended, placed, sessionLogAcceptance } from '../ports/session-log.acceptance.ts'
import { type AppendFate, createMemorySessionLog } from './memory-log.ts'

sessionLogAcceptance('in memory', async () => ({
  log: createMemorySessionLog(),
  cleanUp: async () => undefined,
}))

describe('a session log in memory', () => {
  it('keeps a bounded number of sessions that ended, the latest', async () => {
    const log = createMemorySessionLog({ keepEnded: 2 })
    const { epoch } = await log.open('web', 'a')
    for (let number = 1; number <= 9; number++) {
      await log.append('web', epoch, [...placed(number), ...ended('released', number)])
    }
    expect((await log.open('web', 'b')).ended.map(({ session }) => session.number)).toEqual([8, 9])
  })

  it('fails as it is told: before it stored, or after', async () => {
    let fate: AppendFate = 'refuse'
    const log = createMemorySessionLog({ decide: () => fate })
    const { epoch } = await log.open('web', 'a')
    await expect(log.append('web', epoch, placed(1))).rejects.toThrow('PLM-422')
    fate = 'store-and-fail'
    await expect(log.append('web', epoch, placed(2))).rejects.toThrow('PLM-422')
    expect((await log.open('web', 'b')).sessions.map(({ number }) => number)).toEqual([2])
  })

  it('refuses to open when it is told to', async () => {
    let may = false
    const log = createMemorySessionLog({ mayOpen: () => may })
    await expect(log.open('web', 'a')).rejects.toThrow('PLM-422')
    may = true
    expect((await log.open('web', 'a')).epoch).toBe(1)
  })
})
