import { describe, expect, it } from 'vitest'
import { sampleCommit, sampleEntry } from '../../ports/state-store.acceptance.ts'
import { changedSomething, requireConsistent, requireCurrent, timelinePoint } from './commit-rules.ts'

describe('the rules of a commit', () => {
  it.each([
    [{ revision: 41, epoch: 3 }, null],
    [{ revision: 41, epoch: 0 }, null],
    [{ revision: 42, epoch: 3 }, 'PLM-408'],
    [{ revision: 40, epoch: 3 }, 'PLM-408'],
    [{ revision: 41, epoch: 4 }, 'PLM-409'],
    [{ revision: 99, epoch: 4 }, 'PLM-409'],
  ])('a commit from revision 41 under epoch 3 meets %j: %s', (stored, code) => {
    const attempt = () => requireCurrent(sampleCommit('web', 42, { epoch: 3 }), stored)
    if (code === null) expect(attempt).not.toThrow()
    else expect(attempt).toThrow(code)
  })

  it('a commit that contradicts itself says in what', () => {
    const leaping = { ...sampleCommit('web', 42), parentRevision: 40 }
    expect(() => requireConsistent(leaping)).toThrow(
      /^PLM-410 .*its memory is revision 42, its parent revision 40; revisions grow by one/,
    )
    const samples = [{ metric: 'cpu', samples: [{ at: 1, value: Number.POSITIVE_INFINITY }] }]
    expect(() => requireConsistent(sampleCommit('web', 42, { samples }))).toThrow(
      'metric "cpu" has a sample of Infinity at 1',
    )
    expect(() => requireConsistent(sampleCommit('web', 42))).not.toThrow()
  })

  it('a tick changed something when it acted or wanted another count', () => {
    expect(changedSomething(sampleEntry('web', 1))).toBe(false)
    expect(changedSomething(sampleEntry('web', 1, { desired: 5 }))).toBe(true)
    const held = sampleEntry('web', 1, { desired: 3 })
    expect(held.plan.actions).toEqual([])
    expect(changedSomething(held)).toBe(true)
  })

  it('the rule is in the timeline only where it changed the count', () => {
    expect(timelinePoint(sampleEntry('web', 1)).rule).toBeNull()
    expect(timelinePoint(sampleEntry('web', 1, { desired: 5 })).rule).toBe('Scale up')
  })
})
