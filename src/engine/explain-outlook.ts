/**
 * What a rule which looks ahead saw, in words: how many are needed now, what may change before a new instance is ready,
 * and how sure that is.
 *
 * Example: a demand of 4,100 that may rise to 4,650 at 100 per instance: "needs 41 now, may rise by 6 before a new instance is
 * ready (3m 15s, as measured) at 99.5 %: 47".
 */
import type { BootKnown, ForecastOutlook, Outlook, ServeOutlook } from '../model/outlook.ts'
import type { EpochMs } from '../model/time.ts'
import { formatNumber, formatSpan } from './format.ts'
import { instancesFor } from './rules/demand.ts'

/** @param at when it was decided */
export function explainOutlook(outlook: Outlook, perInstance: number, at: EpochMs): string {
  switch (outlook.kind) {
    case 'serve':
      return explainServe(outlook, perInstance)
    case 'forecast':
      return explainForecast(outlook, perInstance, at)
    case 'none':
      return `waits for ${outlook.waitsFor}`
  }
}

const KNOWN_FROM: Readonly<Record<BootKnown, string>> = {
  measured: 'as measured',
  stated: 'as stated, none measured yet',
  usual: 'a usual time, none measured or stated yet',
}

function explainServe(outlook: ServeOutlook, perInstance: number): string {
  const { demand, capacity, leadMs, boot, sloRatio, servedRatio, learntMs } = outlook
  const needs = instancesFor(demand, perInstance)
  const wants = instancesFor(capacity, perInstance)
  const lead = `before a new instance is ready (${formatSpan(leadMs)}, ${KNOWN_FROM[boot]})`
  const change =
    wants > needs ? `may rise by ${wants - needs}` : wants < needs ? `falls by ${needs - wants}` : 'stays so'
  const served = servedRatio === null ? '' : `; ${percentText(servedRatio)} found capacity lately`
  const learnt = learntMs === 0 ? '; nothing learnt yet of how it rises' : ''
  return `needs ${needs} now, ${change} ${lead} at ${percentText(sloRatio)}: ${wants}${served}${learnt}`
}

function explainForecast(outlook: ForecastOutlook, perInstance: number, at: EpochMs): string {
  const { expected, atMost, by, errorRatio, state } = outlook
  if (state === 'off') {
    const lost = errorRatio === null ? '' : `: its error was ${formatNumber(errorRatio)} of a simpler one's`
    return `is switched off${lost} (${by})`
  }
  const numbers = `expects ${formatNumber(expected)}, at most ${formatNumber(atMost)}, in ${formatSpan(outlook.for - at)} by ${by}`
  return `${numbers}: ${instancesFor(atMost, perInstance)}`
}

/** `0.995` is "99.5 %": as many digits as a share near one needs. */
function percentText(ratio: number): string {
  return `${String(Number((ratio * 100).toFixed(3)))} %`
}
