/**
 * What people have their hands on: a decision that waits for a word, with the buttons to say it, and what was changed by
 * hand, with its end. Not there at all while there is neither.
 *
 * Example: "3 → 4 waits for approval: "Scale up" fired ..." [Approve] [Reject]; "capacity set to 12 by ada, until 14:00".
 */
import { useEffect, useState } from 'preact/hooks'
import { post } from './connection.ts'
import type { Approval, FleetSummary, Override } from './wire.ts'
import { changeText, whenText } from './words.ts'

type Verdict = 'approve' | 'reject'

export function ByHandCard({ summary, now }: { summary: FleetSummary; now: number }) {
  const { overrides } = summary
  const waiting = summary.approval?.state === 'waiting' ? summary.approval : null
  if (waiting === null && overrides.length === 0) return null
  return (
    <section class="card wide by-hand" aria-label="By hand">
      <h2>{waiting === null ? 'Changed by hand' : 'Waits for approval'}</h2>
      {waiting === null ? null : <Waiting key={waiting.id} approval={waiting} now={now} />}
      {overrides.length === 0 ? null : (
        <ul class="overrides" aria-label="Changed by hand">
          {overrides.map(override => (
            <li key={override.id}>
              <b>{overrideText(override)}</b>
              <span class="muted">
                {' '}
                by {override.who}
                {override.why === '' ? '' : ` (${override.why})`},{' '}
                {override.until === null ? 'until it is cleared' : `until ${whenText(override.until, now)}`}
              </span>
            </li>
          ))}
        </ul>
      )}
    </section>
  )
}

/** Once answered, the buttons wait for the tick that goes by the answer. */
function Waiting({ approval, now }: { approval: Approval; now: number }) {
  const [said, say] = useState<Verdict | null>(null)
  const [failure, fail] = useState<string | null>(null)
  useEffect(() => {
    say(null)
    fail(null)
  }, [approval.id])

  async function answer(verdict: Verdict): Promise<void> {
    say(verdict)
    fail(null)
    try {
      await post(`v1/approvals/${encodeURIComponent(approval.id)}/${verdict}`, { who: 'the page' })
    } catch (error) {
      say(null)
      fail(error instanceof Error ? error.message : String(error))
    }
  }

  return (
    <div class="approval">
      <p>
        <b>
          {approval.direction === 'none'
            ? `stays ${approval.desired}`
            : changeText(approval.current, approval.desired)}
        </b>{' '}
        {approval.because}
        <span class="muted">
          {' '}
          ({approval.id}, until {whenText(approval.expiresAt, now)})
        </span>
      </p>
      <p class="answers">
        <button type="button" class="approve" disabled={said !== null} onClick={() => void answer('approve')}>
          {said === 'approve' ? 'Approved …' : 'Approve'}
        </button>
        <button type="button" class="reject" disabled={said !== null} onClick={() => void answer('reject')}>
          {said === 'reject' ? 'Rejected …' : 'Reject'}
        </button>
      </p>
      {failure === null ? null : <p role="alert">{failure}</p>}
    </div>
  )
}

function overrideText({ change }: Override): string {
  switch (change.kind) {
    case 'pause':
      return 'paused'
    case 'mode':
      return `mode ${change.mode}`
    case 'capacity':
      return `capacity set to ${change.count}`
    case 'rule-enabled':
      return `"${change.rule}" is switched ${change.enabled ? 'on' : 'off'}`
    case 'rule-rank':
      return `"${change.rule}" has rank ${change.rank}`
    case 'instance':
      return change.order === 'keep' ? `${change.instance} is kept` : `${change.instance} drains`
    case 'unfreeze':
      return 'goes on though much fails'
  }
}
