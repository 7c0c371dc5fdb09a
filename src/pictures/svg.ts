/**
 * Writes SVG as text: elements from names and attributes, everything escaped on the way in, so that a rule called
 * `<script>` is drawn as those letters and nothing else.
 *
 * Example: `element('text', { x: 10.004, y: 20 }, text('a < b'))` is `<text x="10" y="20">a &lt; b</text>`.
 */

/** Markup that is already safe; only this file makes it. */
export type Markup = { readonly markup: string }

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
}

/** What XML 1.0 does not allow at all, whatever the escaping, halves of surrogate pairs, and what turns the rest of a line around. */
const NOT_XML = /(?![\t\n\r\u007f-\u009f])\p{Cc}|[\ufffe\uffff\u202a-\u202e\u2066-\u2069]|\p{Cs}/gu

function escapeXml(value: string): string {
  return value.replace(NOT_XML, '\ufffd').replace(/[&<>"']/g, found => ESCAPES[found] ?? found)
}

/** Two decimals are a fiftieth of a pixel; more only makes the file larger. */
export function short(value: number): string {
  return String(Math.round(value * 100) / 100)
}

export type Attributes = Readonly<Record<string, string | number | undefined>>

export function text(value: string): Markup {
  return { markup: escapeXml(value) }
}

export function group(children: readonly Markup[]): Markup {
  return { markup: children.map(child => child.markup).join('') }
}

/** One element. An attribute that is `undefined` is left out; numbers are rounded to two decimals. */
export function element(name: string, attributes: Attributes, ...children: readonly Markup[]): Markup {
  let head = `<${name}`
  for (const [key, value] of Object.entries(attributes)) {
    if (value === undefined) continue
    head += ` ${key}="${typeof value === 'number' ? short(value) : escapeXml(value)}"`
  }
  if (children.length === 0) return { markup: `${head}/>` }
  return { markup: `${head}>${group(children).markup}</${name}>` }
}

/** Cuts a text for which there is no room, with an ellipsis. */
export function shorten(value: string, letters: number): string {
  const all = [...value]
  return all.length <= letters ? value : `${all.slice(0, Math.max(1, letters - 1)).join('')}…`
}
