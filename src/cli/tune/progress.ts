/**
 * How far a long piece of work is, and how long it will take on: a bar that redraws itself for a person, a line now and then for a
 * log. Estimated from the work done, so that a short replay counts for less than a long one.
 *
 * Example: `[#########---------------------]  30 %  61 of 200  12 s left`.
 */
import type { SearchProgress } from '../../lab/tune/search.ts'
import type { Io } from '../io.ts'

export interface Progress {
  update(progress: SearchProgress): void
  /** Takes the bar away again. */
  end(): void
}

const CELLS = 30
/** A person sees no more than this. */
const REDRAW_MS = 100
const LINE_EVERY_MS = 10_000
const CLEAR_LINE = '\r\u001b[2K'

export function createProgress(io: Io, now: () => number = () => performance.now()): Progress {
  return io.stderrIsTerminal === true ? barOn(io, now) : linesOn(io, now)
}

/** @param elapsedMs since the work began */
export function leftText(share: number, elapsedMs: number): string {
  if (share <= 0) return ''
  const seconds = Math.ceil((elapsedMs * (1 - share)) / share / 1000)
  if (seconds < 100) return `${seconds} s left`
  const minutes = Math.ceil(seconds / 60)
  return minutes < 100 ? `${minutes} min left` : `${Math.ceil(minutes / 60)} h left`
}

function barOn(io: Io, now: () => number): Progress {
  const begun = now()
  let drawnAt = Number.NEGATIVE_INFINITY
  return {
    update({ done, of, share }) {
      const at = now()
      if (at - drawnAt < REDRAW_MS) return
      drawnAt = at
      const full = Math.floor(share * CELLS)
      const bar = `[${'#'.repeat(full)}${'-'.repeat(CELLS - full)}]`
      const percent = `${Math.floor(share * 100)}`.padStart(3)
      const line = `${bar} ${percent} %  ${done} of ${of}  ${leftText(share, at - begun)}`
      io.stderr.write(`${CLEAR_LINE}${line.slice(0, Math.max(20, (io.columns || 100) - 1))}`)
    },
    end() {
      if (drawnAt > Number.NEGATIVE_INFINITY) io.stderr.write(CLEAR_LINE)
    },
  }
}

function linesOn(io: Io, now: () => number): Progress {
  const begun = now()
  let saidAt = Number.NEGATIVE_INFINITY
  return {
    /** The first one at once, so that a log shows that it has begun. */
    update({ done, of, share }) {
      const at = now()
      if (at - saidAt < LINE_EVERY_MS) return
      saidAt = at
      const left = leftText(share, at - begun)
      io.stderr.write(`${done} of ${of} replayed, ${Math.floor(share * 100)} %, ${left}\n`)
    },
    end() {
      // What was said stays said.
    },
  }
}
