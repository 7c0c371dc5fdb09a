/**
 * What was heard and not yet made out: text that comes in pieces, cut at each prompt. Every character is searched
 * once, however large the answer.
 *
 * Example: `add('Name: HA')`, `add('Proxy\n> ')`: `cut('\n> ')` answers null after the first and `Name: HAProxy` after the second.
 */
export class Heard {
  /** Without a prompt in them. */
  #searched: string[] = []
  #searchedLength = 0
  /** The end of those, in which a prompt may have begun. */
  #tail = ''
  #fresh = ''

  get length(): number {
    return this.#searchedLength + this.#fresh.length
  }

  get text(): string {
    return this.#searched.join('') + this.#fresh
  }

  add(text: string): void {
    this.#fresh += text
  }

  /** What stands before the next prompt; `null`: there is none yet. */
  cut(prompt: string): string | null {
    const window = this.#tail + this.#fresh
    const found = window.indexOf(prompt)
    if (found < 0) {
      this.#searched.push(this.#fresh)
      this.#searchedLength += this.#fresh.length
      this.#tail = window.slice(1 - prompt.length)
      this.#fresh = ''
      return null
    }
    const end = this.#searchedLength - this.#tail.length + found
    const text = this.text
    this.#searched = []
    this.#searchedLength = 0
    this.#tail = ''
    this.#fresh = text.slice(end + prompt.length)
    return text.slice(0, end)
  }
}
