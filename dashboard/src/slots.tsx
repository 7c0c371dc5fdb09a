/**
 * How full an instance is: a cell for each slot, those in use filled.
 *
 * Example: three of eight is "▮▮▮▯▯▯▯▯ 3 of 8".
 */
import type { Instance } from './wire.ts'

/** More cells than this are a bar. */
const MOST_CELLS = 24

export function Slots({ load, slots }: { load: Instance['load']; slots: number | null }) {
  if (load.kind === 'untracked') return <>–</>
  if (load.kind === 'unknown') return <span title={load.because}>unknown</span>
  if (slots === null) return <>{load.slots === 1 ? '1 session' : `${load.slots} sessions`}</>
  return (
    <span class="slots">
      <span class="slot-bar" aria-hidden="true" style={cells(slots)}>
        <span class="slots-used" style={{ width: `${Math.min(100, (100 * load.slots) / slots)}%` }} />
      </span>
      {load.slots} of {slots}
    </span>
  )
}

function cells(slots: number): Record<string, string> {
  if (slots > MOST_CELLS) return {}
  const cell = `calc(100% / ${slots})`
  return {
    maskImage: `repeating-linear-gradient(to right, #000 0 calc(${cell} - 2px), transparent calc(${cell} - 2px) ${cell})`,
  }
}
