/**
 * Words on how load is read from a record. Sessions have no use for them.
 *
 * Example: `--load cpu --step 5m` says two of them; `loadWordSaid` answers `load`.
 */
export interface FeedWords {
  readonly load?: string
  readonly instances?: string
  readonly metric?: readonly string[]
}

export interface LoadWords extends FeedWords {
  readonly step?: string
  readonly aggregate?: string
}

const NAMES = ['load', 'instances', 'metric', 'step', 'aggregate'] as const

/** The first that was said. */
export function loadWordSaid(words: LoadWords): keyof LoadWords | undefined {
  return NAMES.find(name => words[name] !== undefined)
}
