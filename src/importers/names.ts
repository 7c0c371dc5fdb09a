/**
 * Names of another system as names a configuration here can have: other characters replaced, shortened, each once.
 *
 * Example: `names.take('Scale up!', 'name')` is `Scale up`; asked again for `Scale up`, it is `Scale up 2`.
 */

/** `name` may have spaces; `fleet` only ASCII; `word` is what expressions spell. */
export type NameKind = 'name' | 'fleet' | 'word'

const LONGEST = 64
const CONNECTIVES = ['and', 'or', 'not', 'is']

const STRANGE: Readonly<Record<NameKind, RegExp>> = {
  name: /[^\p{L}\p{N} _.-]+/gu,
  fleet: /[^A-Za-z0-9 _.-]+/g,
  word: /[^\p{L}\p{N}_]+/gu,
}
const EDGES: Readonly<Record<NameKind, RegExp>> = {
  name: /^[^\p{L}\p{N}]+|[^\p{L}\p{N}]+$/gu,
  fleet: /^[^A-Za-z0-9]+|[^A-Za-z0-9]+$/g,
  word: /^[^\p{L}\p{N}]+/gu,
}

export class Names {
  readonly #taken: Set<string>
  /** The number each base was last given. */
  readonly #numbers = new Map<string, number>()
  readonly #otherwise: string

  /** `otherwise` is for a name of which nothing is left. */
  constructor(otherwise: string, reserved: readonly string[] = []) {
    this.#otherwise = otherwise
    this.#taken = new Set(reserved.map(name => name.toLowerCase()))
  }

  take(text: string, kind: NameKind): string {
    const base = allowed(text, kind) || this.#otherwise
    const between = kind === 'word' ? '_' : ' '
    for (let number = (this.#numbers.get(base) ?? 0) + 1; ; number++) {
      const suffix = number === 1 ? '' : `${between}${number}`
      const name = `${cut(base, LONGEST - suffix.length, kind)}${suffix}`
      if (this.#taken.has(name.toLowerCase())) continue
      this.#taken.add(name.toLowerCase())
      this.#numbers.set(base, number)
      return name
    }
  }
}

/** No more of it is looked at than can matter. */
const MOST_READ = 256

function allowed(whole: string, kind: NameKind): string {
  const text = whole.slice(0, MOST_READ)
  const replaced = kind === 'word' ? wordOf(text) : text.replace(STRANGE[kind], ' ').replace(/ {2,}/g, ' ')
  return cut(replaced, LONGEST, kind)
}

/** Runs of anything else become one `_`. */
function wordOf(text: string): string {
  const word = text.replace(STRANGE.word, '_').replace(/_+$/, '')
  return /[\p{L}_]/u.test(word.replace(EDGES.word, '')) && !CONNECTIVES.includes(word) ? word : `m_${word}`
}

/** Never in the middle of a character, and ending in one that may be the last. */
function cut(text: string, most: number, kind: NameKind): string {
  let result = ''
  for (const character of text.replace(EDGES[kind], '')) {
    if (result.length + character.length > most) break
    result += character
  }
  return result.replace(EDGES[kind], '')
}
