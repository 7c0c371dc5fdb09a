/** Numbers and times as the page writes them: `2 Jun 14:32`, `24`, `3.20 %`, `5 → 6`, `stays 5`. */
import { largestOf } from '../../../src/pictures/bins.ts'
import { formatDay, formatMinute, formatTime } from '../../../src/pictures/zone-time.ts'
import type { Shown } from './unpack.ts'

export function whenText(at: number, timeZone: string, stepMs = 60_000): string {
  return `${formatDay(at, timeZone)} ${stepMs % 60_000 === 0 ? formatMinute(at, timeZone) : formatTime(at, timeZone)}`
}

export function countText(value: number | undefined): string {
  if (value === undefined || Number.isNaN(value)) return '-'
  return String(Math.round(value * 10) / 10)
}

export function percentText(share: number | undefined): string {
  const value = (share ?? 0) * 100
  if (Number.isNaN(value) || value === 0) return '0 %'
  if (value < 0.01) return '<0.01 %'
  return `${value.toFixed(value >= 10 ? 1 : 2)} %`
}

export function changeText(from: number, to: number): string {
  return from === to ? `stays ${to}` : `${from} → ${to}`
}

/** What became of who found no room: sessions are refused, load is lost. */
export function goneWord({ lost, refused }: Pick<Shown, 'lost' | 'refused'>): 'lost' | 'refused' {
  return largestOf(lost) === 0 && largestOf(refused) > 0 ? 'refused' : 'lost'
}

/** As a class of the style. */
export function directionOf(from: number, to: number): string {
  if (to === from) return ''
  return to > from ? 'out' : 'in'
}
