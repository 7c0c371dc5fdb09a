/**
 * The grammar of what ARM templates write between brackets: calls, members, indices, texts in single quotes, whole numbers.
 *
 * Example: `concat('web-', parameters('names')[0].short)` is a call of `concat` with a text and an access path.
 */

export type Expression =
  | { readonly kind: 'text'; readonly value: string }
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'call'; readonly name: string; readonly args: readonly Expression[] }
  | { readonly kind: 'member'; readonly of: Expression; readonly name: string }
  | { readonly kind: 'index'; readonly of: Expression; readonly index: Expression }

/** What cannot be read or worked out, in words; it ends up in a report with the place of the text. */
export class Unresolved extends Error {}

const MOST_DEPTH = 32
const TOKEN = /\s*(?:('(?:[^']|'')*')|(-?\d+)|([A-Za-z_][\w.]*)|([()[\].,]))/y

/** Throws `Unresolved`. */
export function parseExpression(text: string): Expression {
  return new Parser(tokensOf(text)).whole()
}

interface Token {
  readonly kind: 'text' | 'number' | 'name' | 'mark'
  readonly value: string
}

function tokensOf(text: string): readonly Token[] {
  const tokens: Token[] = []
  const end = text.trimEnd().length
  TOKEN.lastIndex = 0
  while (TOKEN.lastIndex < end) {
    const at = TOKEN.lastIndex
    const match = TOKEN.exec(text)
    if (match === null) throw new Unresolved(`${JSON.stringify(text[at] ?? '')} is not understood there`)
    const [, quoted, digits, name, mark] = match
    if (quoted !== undefined) {
      tokens.push({ kind: 'text', value: quoted.slice(1, -1).replaceAll("''", "'") })
    } else if (digits !== undefined) tokens.push({ kind: 'number', value: digits })
    else if (name !== undefined) tokens.push({ kind: 'name', value: name })
    else tokens.push({ kind: 'mark', value: mark ?? '' })
  }
  return tokens
}

class Parser {
  private readonly tokens: readonly Token[]
  private at = 0

  constructor(tokens: readonly Token[]) {
    this.tokens = tokens
  }

  whole(): Expression {
    const expression = this.expression(0)
    if (this.at < this.tokens.length) throw new Unresolved(`${this.found()} is not expected there`)
    return expression
  }

  private found(): string {
    return JSON.stringify(this.tokens[this.at]?.value ?? 'its end')
  }

  private isMark(mark: string): boolean {
    const token = this.tokens[this.at]
    return token?.kind === 'mark' && token.value === mark
  }

  private take(mark: string): void {
    if (!this.isMark(mark)) throw new Unresolved(`expected "${mark}", found ${this.found()}`)
    this.at += 1
  }

  private expression(depth: number): Expression {
    if (depth > MOST_DEPTH) throw new Unresolved('it is nested too deep')
    let result = this.primary(depth)
    for (;;) {
      if (this.isMark('.')) {
        this.at += 1
        const token = this.tokens[this.at]
        if (token?.kind !== 'name') throw new Unresolved(`expected a name, found ${this.found()}`)
        this.at += 1
        for (const name of token.value.split('.')) result = { kind: 'member', of: result, name }
      } else if (this.isMark('[')) {
        this.at += 1
        result = { kind: 'index', of: result, index: this.expression(depth + 1) }
        this.take(']')
      } else return result
    }
  }

  private primary(depth: number): Expression {
    const token = this.tokens[this.at]
    this.at += 1
    if (token?.kind === 'text') return { kind: 'text', value: token.value }
    if (token?.kind === 'number') return { kind: 'number', value: Number(token.value) }
    if (token?.kind !== 'name') {
      this.at -= 1
      throw new Unresolved(`expected a value, found ${this.found()}`)
    }
    this.take('(')
    const args: Expression[] = []
    while (!this.isMark(')')) {
      if (args.length > 0) this.take(',')
      args.push(this.expression(depth + 1))
    }
    this.take(')')
    return { kind: 'call', name: token.value, args }
  }
}
