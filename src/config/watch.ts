/**
 * Notices that the configuration file has changed, and loads it anew. The folder is watched rather than the file,
 * since many editors write a new file and rename it over the old one; a look at the file every two seconds catches
 * what the operating system does not tell. Only a file that has stopped changing is loaded.
 *
 * Example: saving a file in three writes within 20 ms gives one `onChange` with the final text, about 50 ms later.
 */
import { createHash } from 'node:crypto'
import { type FSWatcher, watch } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { type Extensions, type LoadResult, loadConfig } from './load.ts'

export interface WatchOptions {
  readonly extensions?: Extensions
  /** The text in force; without it, the text at the time of the call. */
  readonly text?: string
  /** How often to look without being told. Default 2000. */
  readonly pollMs?: number
  /** The file must have stayed as it is for this long. Default 50. */
  readonly settleMs?: number
}

export interface ConfigWatch {
  /** No `onChange` begins after it returns. */
  close(): void
}

/**
 * Calls `onChange` once for every new content of the file, one at a time; a file that is gone is PLM-100, once.
 * `onChange` must not throw.
 */
export function watchConfig(
  path: string,
  onChange: (result: LoadResult) => void,
  options: WatchOptions = {},
): ConfigWatch {
  const watching = new Watch(resolve(path), path, onChange, options)
  watching.start()
  return watching
}

/** Missing or unreadable. */
const ABSENT = 'absent'

class Watch implements ConfigWatch {
  readonly #file: string
  readonly #shownAs: string
  readonly #onChange: (result: LoadResult) => void
  readonly #options: WatchOptions
  readonly #settleMs: number
  #watcher: FSWatcher | null = null
  #poll: NodeJS.Timeout | undefined
  #next: NodeJS.Timeout | undefined
  #looking = false
  #again = false
  #closed = false
  /** Digest of the content that was told last. */
  #told: string | null
  /** Stamp of the file when `#told` was read: as long as it is the same, there is nothing to read. */
  #stamp = ''
  /** What the look before saw, when it was something new. */
  #seen: string | null = null

  constructor(file: string, shownAs: string, onChange: (result: LoadResult) => void, options: WatchOptions) {
    this.#file = file
    this.#shownAs = shownAs
    this.#onChange = onChange
    this.#options = options
    this.#settleMs = options.settleMs ?? 50
    this.#told = options.text === undefined ? null : digest(Buffer.from(options.text))
  }

  start(): void {
    this.#poll = setInterval(() => this.#look(), this.#options.pollMs ?? 2000)
    this.#poll.unref()
    this.#watchFolder()
    this.#look()
  }

  close(): void {
    this.#closed = true
    clearInterval(this.#poll)
    clearTimeout(this.#next)
    this.#watcher?.close()
    this.#watcher = null
  }

  /** Where the operating system cannot watch (some network file systems), the regular look is enough. */
  #watchFolder(): void {
    try {
      const watcher = watch(dirname(this.#file), { persistent: false }, () => this.#soon())
      watcher.on('error', () => {
        watcher.close()
        if (this.#watcher === watcher) this.#watcher = null
      })
      this.#watcher = watcher
    } catch {
      this.#watcher = null
    }
  }

  #soon(): void {
    if (this.#closed || this.#next !== undefined) return
    this.#next = setTimeout(() => {
      this.#next = undefined
      this.#look()
    }, this.#settleMs)
    this.#next.unref()
  }

  /** One look at a time; a wish for another meanwhile is kept. */
  #look(): void {
    if (this.#looking) {
      this.#again = true
      return
    }
    this.#looking = true
    void this.#compare().finally(() => {
      this.#looking = false
      if (this.#again && !this.#closed) this.#soon()
      this.#again = false
    })
  }

  async #compare(): Promise<void> {
    const stamp = await stampOf(this.#file)
    if (stamp === this.#stamp && this.#seen === null) return
    const content = stamp === ABSENT ? ABSENT : await contentOf(this.#file)
    if (this.#told === null) {
      this.#told = content
      this.#stamp = stamp
      return
    }
    if (content === this.#told) {
      this.#stamp = stamp
      this.#seen = null
      return
    }
    // Perhaps in the middle of being written: tell only what two looks agree on.
    if (content !== this.#seen) {
      this.#seen = content
      this.#soon()
      return
    }
    this.#seen = null
    this.#told = content
    this.#stamp = stamp
    const result = await loadConfig(this.#shownAs, this.#options.extensions)
    if (!this.#closed) this.#onChange(result)
  }
}

async function stampOf(file: string): Promise<string> {
  try {
    const { ino, size, mtimeNs, ctimeNs } = await stat(file, { bigint: true })
    return `${ino} ${size} ${mtimeNs} ${ctimeNs}`
  } catch {
    return ABSENT
  }
}

async function contentOf(file: string): Promise<string> {
  try {
    return digest(await readFile(file))
  } catch {
    return ABSENT
  }
}

/** A byte order mark is no part of the text. */
function digest(bytes: Buffer): string {
  const text = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? bytes.subarray(3) : bytes
  return createHash('sha256').update(text).digest('hex')
}
