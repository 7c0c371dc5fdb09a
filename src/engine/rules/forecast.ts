/**
 * As many as the forecast of the demand takes: a floor under what the other rules decide, and nothing else. One that
 * waits for history, or has been switched off because simpler forecasts were better, asks for nothing.
 *
 * Example: 100 per instance, at most 5,900 expected (at 95 %) when what is ordered now is ready: at least 59.
 */
import type { ForecastRule } from '../../model/spec.ts'
import { type Ask, NOTHING, outlookOf, want } from './answer.ts'
import { instancesFor } from './demand.ts'

export function askForecast({ name, perInstance }: ForecastRule): Ask {
  return ({ outlooks }) => {
    const outlook = outlookOf(outlooks, name)
    if (outlook?.kind !== 'forecast' || outlook.state === 'off' || !Number.isFinite(outlook.atMost))
      return NOTHING
    return want(instancesFor(outlook.atMost, perInstance))
  }
}
