/**
 * What happened lately, one line each; a decision can be chosen to read why.
 *
 * Example: `12:04:15  5 → 6  "Scale up" fired: avg(cpu, 45m) = 83.2`.
 */
import type { Happening } from './happenings.ts'
import type { Decision } from './wire.ts'
import { actionText, changeText, clockText } from './words.ts'

interface HappeningsListProps {
  readonly happenings: readonly Happening[]
  readonly selected: number | null
  readonly onSelect: (revision: number) => void
}

export function HappeningsList({ happenings, selected, onSelect }: HappeningsListProps) {
  if (happenings.length === 0) return <p class="muted">Nothing has changed yet.</p>
  return (
    <ul class="happenings">
      {happenings.map(happening => {
        if (happening.kind === 'note') {
          const { at, text } = happening.note
          return (
            <li key={`${at} ${text}`} class="note">
              <time dateTime={at}>{clockText(at)}</time>
              <span class="change">·</span>
              <span>{text}</span>
            </li>
          )
        }
        const { decision, times } = happening
        return (
          <li key={decision.revision}>
            <button
              type="button"
              aria-pressed={decision.revision === selected}
              onClick={() => onSelect(decision.revision)}
            >
              <time dateTime={decision.at}>{clockText(decision.at)}</time>
              <span class="change">
                {steady(decision) ? '·' : changeText(decision.current, decision.desired)}
              </span>
              <span class={steady(decision) ? 'muted' : ''}>
                {steady(decision) ? doneText(decision) : decision.because}
                {times > 1 ? <span class="muted"> ({times} times)</span> : null}
              </span>
            </button>
          </li>
        )
      })}
    </ul>
  )
}

function steady({ direction }: Decision): boolean {
  return direction === 'none'
}

/** The count stays and something is still done: an earlier change is carried on. */
function doneText({ actions, because }: Decision): string {
  return actions.length === 0 ? because : actions.map(actionText).join(', ')
}
