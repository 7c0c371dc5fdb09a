/**
 * What two texts say differently, line by line, as `diff -u` prints it and `patch` takes it. By E. Myers, "An O(ND) Difference
 * Algorithm and Its Variations" (1986): few differences cost little, however long the texts.
 *
 * Example: a changed second line of three is `@@ -1,3 +1,3 @@`, the first line, `-old`, `+new`, the third.
 */

const CONTEXT = 3
/** Texts with more differences than this are told as one change. */
const MOST_EDITS = 2_000

interface DiffLine {
  readonly sign: ' ' | '-' | '+'
  readonly text: string
}

/** Empty where they are the same. */
export function unifiedDiff(before: string, after: string, name: string): string {
  if (before === after) return ''
  const lines = diffLines(linesOf(before), linesOf(after))
  const hunks = hunksOf(lines).map(({ from, to }) => hunkText(lines, from, to))
  return [`--- ${name}`, `+++ ${name}`, ...hunks].join('\n').concat('\n')
}

/** A text without a last line end is another one than with it. */
function linesOf(text: string): readonly string[] {
  const lines = text.split('\n')
  if (lines.at(-1) === '') return lines.slice(0, -1)
  return [...lines.slice(0, -1), `${lines.at(-1) ?? ''}\n\\ No newline at end of file`]
}

function diffLines(before: readonly string[], after: readonly string[]): readonly DiffLine[] {
  const trail = editTrail(before, after)
  if (trail === null) return [...signed('-', before), ...signed('+', after)]
  const lines: DiffLine[] = []
  let x = before.length
  let y = after.length
  for (let edits = trail.length - 1; edits >= 0; edits -= 1) {
    const furthest = trail[edits] ?? new Map()
    const k = x - y
    const isDown = k === -edits || (k !== edits && reached(furthest, k - 1) < reached(furthest, k + 1))
    const previousX = reached(furthest, isDown ? k + 1 : k - 1)
    const previousY = previousX - (isDown ? k + 1 : k - 1)
    while (x > Math.max(0, previousX) && y > Math.max(0, previousY)) {
      x -= 1
      y -= 1
      lines.push({ sign: ' ', text: before[x] ?? '' })
    }
    if (edits === 0) break
    lines.push(
      isDown ? { sign: '+', text: after[previousY] ?? '' } : { sign: '-', text: before[previousX] ?? '' },
    )
    x = previousX
    y = previousY
  }
  return ordered(lines.reverse())
}

type Furthest = ReadonlyMap<number, number>

/** How far each diagonal was reached before each edit; `null`: too many edits. */
function editTrail(before: readonly string[], after: readonly string[]): readonly Furthest[] | null {
  const furthest = new Map<number, number>([[1, 0]])
  const trail: Furthest[] = []
  for (let edits = 0; edits <= Math.min(MOST_EDITS, before.length + after.length); edits += 1) {
    trail.push(new Map(furthest))
    for (let k = -edits; k <= edits; k += 2) {
      const isDown = k === -edits || (k !== edits && reached(furthest, k - 1) < reached(furthest, k + 1))
      let x = isDown ? reached(furthest, k + 1) : reached(furthest, k - 1) + 1
      while (x < before.length && x - k < after.length && before[x] === after[x - k]) x += 1
      furthest.set(k, x)
      if (x >= before.length && x - k >= after.length) return trail
    }
  }
  return null
}

function reached(furthest: Furthest, k: number): number {
  return furthest.get(k) ?? -1
}

function signed(sign: DiffLine['sign'], lines: readonly string[]): readonly DiffLine[] {
  return lines.map(text => ({ sign, text }))
}

/** Of changes in a row, first what goes, then what comes. */
function ordered(lines: readonly DiffLine[]): readonly DiffLine[] {
  const result: DiffLine[] = []
  let run: DiffLine[] = []
  const flush = (): void => {
    result.push(...run.filter(({ sign }) => sign === '-'), ...run.filter(({ sign }) => sign === '+'))
    run = []
  }
  for (const line of lines) {
    if (line.sign !== ' ') {
      run.push(line)
      continue
    }
    flush()
    result.push(line)
  }
  flush()
  return result
}

interface Hunk {
  readonly from: number
  readonly to: number
}

function hunksOf(lines: readonly DiffLine[]): readonly Hunk[] {
  const hunks: { from: number; to: number }[] = []
  lines.forEach(({ sign }, index) => {
    if (sign === ' ') return
    const from = Math.max(0, index - CONTEXT)
    const to = Math.min(lines.length, index + CONTEXT + 1)
    const last = hunks.at(-1)
    if (last !== undefined && from <= last.to) last.to = to
    else hunks.push({ from, to })
  })
  return hunks
}

function hunkText(lines: readonly DiffLine[], from: number, to: number): string {
  const shown = lines.slice(from, to)
  const count = (some: readonly DiffLine[], other: DiffLine['sign']): number =>
    some.filter(({ sign }) => sign !== other).length
  const range = (other: DiffLine['sign']): string => {
    const length = count(shown, other)
    const first = count(lines.slice(0, from), other) + (length === 0 ? 0 : 1)
    return length === 1 ? `${first}` : `${first},${length}`
  }
  return [`@@ -${range('+')} +${range('-')} @@`, ...shown.map(({ sign, text }) => `${sign}${text}`)].join(
    '\n',
  )
}
