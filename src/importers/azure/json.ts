/**
 * Reads JSON so that everything knows its line and column: what a report points at, and where a damaged file is damaged.
 * Comments are let through, as Azure's own tools do in templates. Size and depth are bounded; a key given twice is refused,
 * since which of the two was meant nobody can say.
 *
 * Example: `{"a": [1,]}` is refused at line 1, column 10: expected a value, found "]".
 */
import { AzureRefusal, type Place, REFUSED } from './refusal.ts'

export type Json =
  | { readonly kind: 'object'; readonly members: readonly Member[]; readonly place: Place }
  | { readonly kind: 'array'; readonly items: readonly Json[]; readonly place: Place }
  | { readonly kind: 'text'; readonly value: string; readonly place: Place }
  | { readonly kind: 'number'; readonly value: number; readonly place: Place }
  | { readonly kind: 'boolean'; readonly value: boolean; readonly place: Place }
  | { readonly kind: 'null'; readonly place: Place }

export type JsonObject = Extract<Json, { kind: 'object' }>

export interface Member {
  readonly name: string
  readonly value: Json
  /** Of the name. */
  readonly place: Place
}

/** What a resource group exports at most. */
export const MOST_JSON_BYTES = 4 * 1024 * 1024
const MOST_DEPTH = 64
const MOST_VALUES = 500_000

/** Throws `AzureRefusal` with a position. */
export function readJson(source: string, file: string): Json {
  const text = source.startsWith('\uFEFF') ? source.slice(1) : source
  if (Buffer.byteLength(text) > MOST_JSON_BYTES) {
    const place = { file, line: 1, column: 1, path: '' }
    const message = `the file is larger than ${MOST_JSON_BYTES / 1024 / 1024} MiB`
    throw new AzureRefusal(REFUSED.damaged, place, message, 'export the autoscale settings alone')
  }
  return new Reader(text, file).document()
}

/** `profiles[0].capacity`; a name that is no word is quoted. */
export function below(path: string, step: string | number): string {
  if (typeof step === 'number') return `${path}[${step}]`
  if (!/^[A-Za-z_$][\w$-]*$/.test(step)) return `${path}[${JSON.stringify(step)}]`
  return path === '' ? step : `${path}.${step}`
}

class Reader {
  private readonly text: string
  private readonly file: string
  private at = 0
  private line = 1
  private lineStart = 0
  private values = 0

  constructor(text: string, file: string) {
    this.text = text
    this.file = file
  }

  document(): Json {
    this.skip('')
    const value = this.value('', 0)
    this.skip('')
    if (this.at < this.text.length) this.expected('the end of the file', '')
    return value
  }

  private place(path: string): Place {
    return { file: this.file, line: this.line, column: this.at - this.lineStart + 1, path }
  }

  private expected(what: string, path: string): never {
    const found = this.text.codePointAt(this.at)
    const shown = found === undefined ? 'the end of the file' : JSON.stringify(String.fromCodePoint(found))
    throw new AzureRefusal(REFUSED.damaged, this.place(path), `expected ${what}, found ${shown}`)
  }

  private value(path: string, depth: number): Json {
    this.values += 1
    if (depth > MOST_DEPTH || this.values > MOST_VALUES) {
      const what = depth > MOST_DEPTH ? `it is nested deeper than ${MOST_DEPTH}` : 'it holds too many values'
      throw new AzureRefusal(REFUSED.damaged, this.place(path), what, 'export the autoscale settings alone')
    }
    const place = this.place(path)
    switch (this.text[this.at]) {
      case '{':
        return this.object(path, depth, place)
      case '[':
        return this.array(path, depth, place)
      case '"':
        return { kind: 'text', value: this.string(path), place }
      default:
        return this.scalar(path, place)
    }
  }

  private object(path: string, depth: number, place: Place): Json {
    const members: Member[] = []
    const names = new Set<string>()
    this.at += 1
    this.skip(path)
    while (this.text[this.at] !== '}') {
      if (members.length > 0) this.comma(path, '"," or "}"')
      if (this.text[this.at] !== '"') this.expected('a name in quotes', path)
      const at = this.place(path)
      const name = this.string(path)
      const inner = below(path, name)
      const lower = name.toLowerCase()
      if (names.has(lower)) {
        const message = `the name ${JSON.stringify(name)} is given twice`
        throw new AzureRefusal(REFUSED.damaged, { ...at, path: inner }, message, 'delete one of the two')
      }
      names.add(lower)
      this.skip(inner)
      if (this.text[this.at] !== ':') this.expected('":"', inner)
      this.at += 1
      this.skip(inner)
      members.push({ name, value: this.value(inner, depth + 1), place: { ...at, path: inner } })
      this.skip(path)
    }
    this.at += 1
    return { kind: 'object', members, place }
  }

  private array(path: string, depth: number, place: Place): Json {
    const items: Json[] = []
    this.at += 1
    this.skip(path)
    while (this.text[this.at] !== ']') {
      if (items.length > 0) this.comma(path, '"," or "]"')
      items.push(this.value(below(path, items.length), depth + 1))
      this.skip(path)
    }
    this.at += 1
    return { kind: 'array', items, place }
  }

  private comma(path: string, what: string): void {
    if (this.text[this.at] !== ',') this.expected(what, path)
    this.at += 1
    this.skip(path)
  }

  private scalar(path: string, place: Place): Json {
    const word = WORD.exec(this.text.slice(this.at, this.at + LONGEST_NUMBER))?.[0]
    if (word === undefined) this.expected('a value', path)
    const plain = PLAIN.get(word)
    const value = plain === undefined && NUMBER.test(word) ? Number(word) : plain
    if (value === undefined || (typeof value === 'number' && !Number.isFinite(value))) {
      const message = `expected a value, found ${JSON.stringify(word.slice(0, 40))}`
      throw new AzureRefusal(REFUSED.damaged, place, message, 'texts are written in double quotes')
    }
    this.at += word.length
    if (value === null) return { kind: 'null', place }
    return typeof value === 'number' ? { kind: 'number', value, place } : { kind: 'boolean', value, place }
  }

  private string(path: string): string {
    const start = this.place(path)
    let result = ''
    let from = this.at + 1
    for (let at = from; ; at += 1) {
      const code = this.text.charCodeAt(at)
      if (Number.isNaN(code)) {
        throw new AzureRefusal(REFUSED.damaged, start, 'the text that begins here does not end')
      }
      if (code === QUOTE) {
        result += this.text.slice(from, at)
        this.at = at + 1
        return result
      }
      if (code < SPACE) {
        this.at = at
        throw new AzureRefusal(
          REFUSED.damaged,
          this.place(path),
          'a text holds a line break or another control character',
          'write it as \\n',
        )
      }
      if (code !== BACKSLASH) continue
      result += this.text.slice(from, at)
      this.at = at
      const sequence = ESCAPE.exec(this.text.slice(at, at + 6))?.[0]
      if (sequence === undefined) {
        throw new AzureRefusal(REFUSED.damaged, this.place(path), 'a backslash that begins no escape')
      }
      result += unescaped(sequence)
      at += sequence.length - 1
      from = at + 1
    }
  }

  /** White space and comments. */
  private skip(path: string): void {
    for (;;) {
      const char = this.text[this.at]
      if (char === '\n') {
        this.at += 1
        this.line += 1
        this.lineStart = this.at
      } else if (char === ' ' || char === '\t' || char === '\r') this.at += 1
      else if (char === '/') this.comment(path)
      else return
    }
  }

  private comment(path: string): void {
    const opening = this.text.slice(this.at, this.at + 2)
    const closing = opening === '//' ? '\n' : opening === '/*' ? '*/' : null
    if (closing === null) this.expected('a value', path)
    const found = this.text.indexOf(closing, this.at + 2)
    if (found < 0 && closing === '*/') {
      throw new AzureRefusal(REFUSED.damaged, this.place(path), 'the comment that begins here does not end')
    }
    const end = found < 0 ? this.text.length : closing === '\n' ? found : found + 2
    for (
      let at = this.text.indexOf('\n', this.at);
      at >= 0 && at < end;
      at = this.text.indexOf('\n', at + 1)
    ) {
      this.line += 1
      this.lineStart = at + 1
    }
    this.at = end
  }
}

const QUOTE = 34
const BACKSLASH = 92
const SPACE = 32
const LONGEST_NUMBER = 400
const WORD = /^[^\s,:{}[\]"/]+/
const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/
const PLAIN: ReadonlyMap<string, boolean | null> = new Map<string, boolean | null>([
  ['true', true],
  ['false', false],
  ['null', null],
])
const ESCAPE = /^\\(?:["\\/bfnrt]|u[0-9A-Fa-f]{4})/
const ESCAPED: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' }

function unescaped(sequence: string): string {
  const kind = sequence[1] ?? ''
  return kind === 'u' ? String.fromCharCode(Number.parseInt(sequence.slice(2), 16)) : (ESCAPED[kind] ?? kind)
}

// ---- Looking into what was read ---------------------------------------------------------------------------

/** A member by name, whatever its case: Azure's tools differ in it (`Dimensions`, `dimensions`). `null` counts as absent. */
export function memberOf(value: Json, name: string): Json | null {
  const found = memberNamed(value, name)
  return found === null || found.value.kind === 'null' ? null : found.value
}

export function memberNamed(value: Json, name: string): Member | null {
  if (value.kind !== 'object') return null
  const lower = name.toLowerCase()
  return value.members.find(member => member.name.toLowerCase() === lower) ?? null
}

export function itemsOf(value: Json | null): readonly Json[] {
  return value !== null && value.kind === 'array' ? value.items : []
}

export function textOf(value: Json | null): string | null {
  return value !== null && value.kind === 'text' ? value.value : null
}

/** What it says, in a few characters, for a message. */
export function shown(value: Json): string {
  switch (value.kind) {
    case 'object':
      return 'an object'
    case 'array':
      return 'a list'
    case 'null':
      return 'null'
    case 'text':
      return JSON.stringify(value.value.length > 60 ? `${value.value.slice(0, 57)}...` : value.value)
    default:
      return String(value.value)
  }
}

/** As plain data, for what is kept as it is. */
export function plainOf(value: Json): unknown {
  switch (value.kind) {
    case 'object':
      return Object.fromEntries(value.members.map(member => [member.name, plainOf(member.value)]))
    case 'array':
      return value.items.map(plainOf)
    case 'null':
      return null
    default:
      return value.value
  }
}
