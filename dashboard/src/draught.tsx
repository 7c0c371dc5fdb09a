/**
 * A ship's side with its draught marks: water stands at the current count, the Plimsoll mark at the one wanted, and
 * the ticks are the counts allowed.
 *
 * Example: 5 of 4..6 with 6 wanted: the water is at 5, the mark one tick above it.
 */
import type { Bounds } from './wire.ts'

const WIDTH = 92
const HEIGHT = 132
const TOP = 14
const BOTTOM = 122
const MOST_TICKS = 12

interface DraughtProps {
  readonly current: number | null
  readonly desired: number | null
  readonly bounds: Bounds | null
}

export function Draught({ current, desired, bounds }: DraughtProps) {
  const lowest = bounds?.lowest ?? 0
  const highest = bounds?.highest ?? 1
  const top = Math.max(highest, current ?? 0, desired ?? 0, 1)
  const level = (count: number) => BOTTOM - ((BOTTOM - TOP) * count) / top
  return (
    <svg class="draught" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} width={WIDTH} height={HEIGHT} aria-hidden="true">
      {current === null ? null : (
        <rect class="draught-water" x="0" y={level(current)} width={WIDTH} height={HEIGHT - level(current)} />
      )}
      <path class="draught-span" d={`M8 ${level(highest)}V${level(lowest)}`} />
      {ticks(lowest, highest).map(count => (
        <path
          key={count}
          class="draught-tick"
          d={`M8 ${level(count)}h${count === lowest || count === highest ? 12 : 7}`}
        />
      ))}
      <text x="23" y={level(highest) + 4}>
        {highest}
      </text>
      {highest === lowest ? null : (
        <text x="23" y={level(lowest) + 4}>
          {lowest}
        </text>
      )}
      {desired === null ? null : (
        <g class="draught-mark" transform={`translate(62 ${level(desired)})`}>
          <circle r="11" />
          <path d="M-22 0h44" />
        </g>
      )}
    </svg>
  )
}

function ticks(lowest: number, highest: number): number[] {
  if (highest - lowest > MOST_TICKS) return [lowest, highest]
  return Array.from({ length: highest - lowest + 1 }, (_, index) => lowest + index)
}
