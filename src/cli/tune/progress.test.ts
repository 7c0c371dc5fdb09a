import { describe, expect, it } from 'vitest'
import type { Io } from '../io.ts'
import { createProgress, leftText } from './progress.ts'

function watched(stderrIsTerminal: boolean, columns = 100) {
  const written: string[] = []
  const clock = { ms: 0 }
  const io: Io = {
    stdout: { write: () => undefined },
    stderr: { write: text => void written.push(text) },
    env: {},
    cwd: '.',
    isTerminal: false,
    stderrIsTerminal,
    canAsk: false,
    columns,
    timeZone: 'UTC',
    goOnUnheard: () => undefined,
    now: () => 0,
    readInput: async () => '',
    ask: async () => null,
    async *lines() {},
  }
  return { progress: createProgress(io, () => clock.ms), written, clock }
}

describe('progress', () => {
  it('is a bar that redraws itself for a person, and is gone at the end', () => {
    const { progress, written, clock } = watched(true)
    clock.ms = 6_000
    progress.update({ done: 61, of: 200, share: 0.3 })
    progress.update({ done: 62, of: 200, share: 0.31 })
    clock.ms = 6_100
    progress.update({ done: 63, of: 200, share: 0.5 })
    progress.end()
    expect(written).toEqual([
      '\r\u001b[2K[#########---------------------]  30 %  61 of 200  14 s left',
      '\r\u001b[2K[###############---------------]  50 %  63 of 200  7 s left',
      '\r\u001b[2K',
    ])
  })

  it('fits a narrow terminal, and takes nothing away that was never drawn', () => {
    const { progress, written, clock } = watched(true, 30)
    progress.end()
    expect(written).toEqual([])
    clock.ms = 1_000
    progress.update({ done: 1, of: 200, share: 0.1 })
    expect(written[0]?.replace('\r\u001b[2K', '')).toHaveLength(29)
  })

  it('is a line now and then elsewhere, the first at once', () => {
    const { progress, written, clock } = watched(false)
    for (clock.ms = 1_000; clock.ms <= 25_000; clock.ms += 1_000) {
      progress.update({ done: clock.ms / 1_000, of: 100, share: clock.ms / 100_000 })
    }
    progress.end()
    expect(written).toEqual([
      '1 of 100 replayed, 1 %, 99 s left\n',
      '11 of 100 replayed, 11 %, 89 s left\n',
      '21 of 100 replayed, 21 %, 79 s left\n',
    ])
  })

  it.each([
    [0, 1_000, ''],
    [0.5, 10_000, '10 s left'],
    [0.001, 1_000, '17 min left'],
    [0.0001, 1_000, '3 h left'],
    [1, 1_000, '0 s left'],
  ])('at a share of %d after %d ms has %s', (share, elapsedMs, text) => {
    expect(leftText(share, elapsedMs)).toBe(text)
  })
})
