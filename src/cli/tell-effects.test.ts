import { describe, expect, it } from 'vitest'
import type { Outcome } from '../model/plan.ts'
import { tellEffects } from './decision-text.ts'

describe('what a tick began beside scaling', () => {
  const effects = [
    { kind: 'notify', rule: 'Backlog', name: 'ops' },
    { kind: 'run', rule: 'Backlog', name: 'provision' },
    { kind: 'run', rule: 'Backlog', name: 'ticket' },
    { kind: 'run', rule: 'Backlog', name: 'warm' },
  ] as const
  const outcomes: readonly Outcome[] = [
    { action: 'web/42/1', outcome: 'done', instance: 'web-7', at: 0 },
    { action: 'web/42/run/1', outcome: 'done', instance: null, output: 'queue created\nin 3 s', at: 0 },
    { action: 'web/42/run/2', outcome: 'failed', kind: 'interrupted', error: 'PLM-620 cut off', at: 0 },
  ]

  it('is told with what became of each', () => {
    expect(tellEffects(effects, outcomes)).toEqual([
      'told: ops, by "Backlog"',
      'run: provision, by "Backlog" (done: queue created)',
      'run: ticket, by "Backlog" (failed: PLM-620 cut off)',
      'run: warm, by "Backlog" (no outcome: not run here, or not ended yet)',
    ])
  })
})
