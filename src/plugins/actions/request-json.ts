/**
 * A custom action's request as commands and receivers are given it: JSON that says what happened, in words and numbers.
 *
 * Example: `{"version": 1, "id": "web/42/run/1", "at": "2026-11-21T12:00:00.000Z", "fleet": "web", "rule": "Backlog",
 * "action": "provision", "decision": {"current": 5, "desired": 6, "direction": "out", "because": "...", ...}}`.
 */
import type { ActionRequest } from '../../ports/scaling-action.ts'
import { MOST_OUTPUT } from '../../ports/scaling-action.ts'

/** The steps stay in the journal: a receiver has the numbers, `explain` the story. */
export function requestJson({ id, at, fleet, rule, action, decision }: ActionRequest) {
  const { current, desired, direction, because, bounds, kpis, settings } = decision
  return {
    version: 1,
    id,
    at: new Date(at).toISOString(),
    fleet,
    rule,
    action,
    decision: {
      current,
      desired,
      direction,
      because,
      bounds: {
        ...bounds,
        until: bounds.until === null ? null : new Date(bounds.until).toISOString(),
      },
      kpis,
      settings,
    },
  }
}

/** What it had to say, its end where it is long. */
export function boundedOutput(text: string): string {
  const said = text.trim()
  return said.length <= MOST_OUTPUT ? said : `...${said.slice(3 - MOST_OUTPUT)}`
}
