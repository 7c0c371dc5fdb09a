/**
 * One decision in words: the sentence, and below it every step that led there, stage by stage.
 *
 * Example: "5 → 6 because "Scale up" fired: avg(cpu, 45m) = 83.2", then Bounds, Measured, Conditions, Guards ...
 */
import type { Decision, Step } from './wire.ts'
import { actionText, changeText, clockText } from './words.ts'

const STAGES: Readonly<Record<string, string>> = {
  overrides: 'By hand',
  bounds: 'Bounds',
  operands: 'Measured',
  kpis: 'Goals',
  conditions: 'Conditions',
  demand: 'Demand',
  proposals: 'Proposals',
  reconciliation: 'Together',
  guards: 'Guards',
  floors: 'Floors',
  limits: 'Limits',
  settings: 'Settings',
  effects: 'Effects',
}

interface DecisionCardProps {
  readonly decision: Decision | null
  readonly chosen: boolean
  readonly onBack: () => void
  readonly waiting: readonly {
    readonly what: string
    readonly instance: string | null
    readonly because: string
  }[]
}

export function DecisionCard({ decision, chosen, onBack, waiting }: DecisionCardProps) {
  if (decision === null) {
    return (
      <section class="card why" aria-label="Why">
        <h2>Why</h2>
        <p class="muted">Nothing decided yet.</p>
      </section>
    )
  }
  return (
    <section class="card why" aria-label="Why" data-revision={decision.revision}>
      <div class="card-head">
        <h2>{chosen ? `Why, at ${clockText(decision.at)}` : 'Why'}</h2>
        {chosen ? (
          <button type="button" class="quiet" onClick={onBack}>
            Back to now
          </button>
        ) : null}
      </div>
      <p class="because">
        <b>{headOf(decision)} </b>
        {decision.because}
      </p>
      <ol class="steps">
        {decision.steps.map((step, index) => (
          <StepLine key={index} step={step} first={decision.steps[index - 1]?.stage !== step.stage} />
        ))}
        {decision.actions.map((action, index) => (
          <li key={action.id} class="step">
            <span class="stage">{index === 0 ? 'Plan' : ''}</span>
            <span>
              {actionText(action)} <span class="muted">({action.because})</span>
            </span>
          </li>
        ))}
      </ol>
      {waiting.length === 0 ? null : (
        <ul class="waiting" aria-label="Waiting">
          {waiting.map(({ what, instance, because }) => (
            <li key={`${what} ${instance} ${because}`}>
              {instance === null ? what : `${what} ${instance}`} waits: {because}
            </li>
          ))}
        </ul>
      )}
    </section>
  )
}

function headOf({ direction, current, desired }: Decision): string {
  return direction === 'none' ? 'No change:' : changeText(current, desired)
}

function StepLine({ step, first }: { step: Step; first: boolean }) {
  return (
    <li class={`step ${step.outcome}`}>
      <span class="stage">{first ? (STAGES[step.stage] ?? step.stage) : ''}</span>
      <span>{step.because}</span>
    </li>
  )
}
