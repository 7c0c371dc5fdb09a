/**
 * Where in the file each character of a text value stands, whatever way the value was written (plain, quoted,
 * folded over lines), so that an error in an expression can point at its column.
 *
 * Example: `"a\tb"` at offset 10 has the value `a<tab>b`; its `b` (index 2) stands at offset 14.
 */

const WHITE = /\s/

/**
 * Offsets by index in `value`, plus one for its end; `null` when value and text do not match. Folding changes
 * only white space, so the n-th other character of the value is the n-th other character of the text.
 */
export function alignment(
  text: string,
  span: { readonly start: number; readonly end: number },
  type: string,
  value: string,
): readonly number[] | null {
  const places: number[] = []
  let at = firstContent(text, span, type)
  let end = at
  for (let index = 0; index < value.length; index += 1) {
    const wanted = value[index] ?? ''
    if (WHITE.test(wanted)) {
      places.push(end)
      continue
    }
    let unit = read(text, at, type)
    while (at < span.end && (unit.decoded === '' || WHITE.test(unit.decoded))) {
      at += unit.length
      unit = read(text, at, type)
    }
    if (at >= span.end || !unit.decoded.startsWith(wanted)) return null
    for (let part = 0; part < unit.decoded.length; part += 1) {
      if (value[index + part] !== unit.decoded[part]) return null
      places.push(at)
    }
    index += unit.decoded.length - 1
    at += unit.length
    end = at
  }
  places.push(end)
  return places
}

function firstContent(text: string, span: { readonly start: number }, type: string): number {
  if (type === 'QUOTE_DOUBLE' || type === 'QUOTE_SINGLE') return span.start + 1
  if (type === 'BLOCK_FOLDED' || type === 'BLOCK_LITERAL') return text.indexOf('\n', span.start) + 1
  return span.start
}

interface Unit {
  readonly decoded: string
  readonly length: number
}

function read(text: string, at: number, type: string): Unit {
  const character = text[at] ?? ''
  if (type === 'QUOTE_SINGLE' && character === "'") return { decoded: "'", length: 2 }
  if (type === 'QUOTE_DOUBLE' && character === '\\') return readEscape(text, at)
  return { decoded: character, length: 1 }
}

const DIGITS: Readonly<Record<string, number>> = { x: 2, u: 4, U: 8 }
const BLANK = 'tnrvf_NLP \t\n\r'
const CONTROL: Readonly<Record<string, string>> = { 0: '\0', a: '\x07', b: '\b', e: '\x1b' }

function readEscape(text: string, at: number): Unit {
  const kind = text[at + 1] ?? ''
  const digits = DIGITS[kind]
  if (digits !== undefined) {
    const point = Number.parseInt(text.slice(at + 2, at + 2 + digits), 16)
    const decoded = Number.isNaN(point) || point > 0x10ffff ? '' : String.fromCodePoint(point)
    return { decoded, length: 2 + digits }
  }
  if (BLANK.includes(kind)) return { decoded: ' ', length: 2 }
  return { decoded: CONTROL[kind] ?? kind, length: 2 }
}
