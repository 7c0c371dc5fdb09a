/**
 * Which colour and dash each contender has: the operator's own is a full line, the others are told apart by both.
 *
 * Example: the third contender is `{ colour: '--c2', dash: [2.5, 3] }` whoever is in front.
 */
export interface Stroke {
  /** Of the style. */
  readonly colour: string
  readonly dash: readonly number[]
}

const STROKES: readonly Stroke[] = [
  { colour: '--own', dash: [] },
  { colour: '--c1', dash: [7, 4] },
  { colour: '--c2', dash: [2.5, 3] },
  { colour: '--c3', dash: [10, 3, 2.5, 3] },
  { colour: '--c4', dash: [5, 2.5] },
  { colour: '--c5', dash: [1.5, 2.5] },
  { colour: '--c6', dash: [12, 4] },
  { colour: '--c7', dash: [4, 5] },
]

export function strokeOf(index: number): Stroke {
  const last = STROKES.length - 1
  const place = index <= last ? index : 1 + ((index - 1) % last)
  return STROKES[place] ?? { colour: '--ink', dash: [] }
}

/** The style's colours as they are now, light or dark. */
export function colourReader(): (name: string) => string {
  const style = getComputedStyle(document.documentElement)
  const known = new Map<string, string>()
  return name => {
    const colour = known.get(name) ?? style.getPropertyValue(name).trim()
    known.set(name, colour)
    return colour
  }
}
