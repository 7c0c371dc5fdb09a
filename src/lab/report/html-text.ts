/**
 * Writes HTML as text: whatever is put into a template is escaped, unless this file made it, so that a fleet called `<script>`
 * is those letters and nothing else.
 *
 * Example: html`<td>${'a < b'}</td>` is `<td>a &lt; b</td>`.
 */

/** Markup that is already safe. */
export interface Html {
  readonly html: string
}

type Part = string | number | Html | readonly Html[]

export function html(pieces: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return { html: pieces.map((piece, index) => piece + textOf(parts[index] ?? '')).join('') }
}

/** For text of our own that is markup: the picture, the style, the script. */
export function raw(markup: string): Html {
  return { html: markup }
}

function textOf(part: Part): string {
  if (typeof part === 'object') return 'html' in part ? part.html : part.map(textOf).join('')
  return String(part)
    .replace(NOT_TEXT, '\ufffd')
    .replace(/[&<>"']/g, found => ESCAPES[found] ?? found)
}

/** What cannot be in a document, and what would turn the writing of the rest around. */
const NOT_TEXT = /(?![\t\n\r])\p{Cc}|\p{Cs}|[\u202a-\u202e\u2066-\u2069]/gu

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}
