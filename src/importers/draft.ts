/**
 * A configuration file in the making: its lines, and from which place of the imported file each came, so that what our own
 * loader says of a line can be said of its origin.
 *
 * Example: `draft.add(2, 'name: Peak', place)` adds `    name: Peak`; `draft.origin(1)` is that place.
 */
import type { SourcePlace } from './import-error.ts'

const LONGEST_COMMENT = 110

export class Draft {
  readonly #lines: string[] = []
  readonly #origins: (SourcePlace | null)[] = []

  /** `depth` counts steps of two spaces. */
  add(depth: number, text: string, origin: SourcePlace | null = null): void {
    this.#lines.push(text === '' ? '' : `${'  '.repeat(depth)}${text}`)
    this.#origins.push(origin)
  }

  /** As many lines as it takes. */
  comment(depth: number, text: string, origin: SourcePlace | null = null): void {
    for (const line of wrapped(plainText(text), LONGEST_COMMENT - 2 * depth)) {
      this.add(depth, `# ${line}`, origin)
    }
  }

  get text(): string {
    return `${this.#lines.join('\n')}\n`
  }

  /** Of a line counted from 1: where it, or the nearest line above that came from somewhere, came from. */
  origin(line: number): SourcePlace | null {
    for (let index = Math.min(line, this.#origins.length) - 1; index >= 0; index--) {
      const origin = this.#origins[index]
      if (origin != null) return origin
    }
    return null
  }
}

/** Without anything that could end a comment. */
function plainText(text: string): string {
  return text
    .replace(/[\s\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ')
    .trim()
    .slice(0, 1000)
}

function wrapped(text: string, width: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + word.length >= width) {
      lines.push(line)
      line = ''
    }
    line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line]
}

/** Words YAML takes for something else than a text. */
const NOT_A_TEXT = /^(?:true|false|null|yes|no|on|off|y|n)$/i
const PLAIN = /^[A-Za-z](?:[A-Za-z0-9 _.-]*[A-Za-z0-9])?$/

/** A text as YAML, in quotes where it needs them. What looks like a reference stays the text it is. */
export function yamlText(text: string): string {
  if (PLAIN.test(text) && !NOT_A_TEXT.test(text)) return text
  const escaped = JSON.stringify(text.replaceAll('${', () => '$${'))
  return escaped.replace(
    /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g,
    character => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
