/**
 * Putting another configuration in force while the daemon runs, as its doors see it. Every one that was in force is kept
 * as a version, and can be gone back to.
 *
 * Example: `await configuring.apply(text, { who: 'ada', why: 'more at noon' }, true)` answers
 * `{ outcome: 'applied', digest: '9f2c...', from: '71aa...' }`; a text with problems changes nothing.
 */
import type { SpecVersion } from '../ports/state-store.ts'
import type { By } from './operate.ts'

export interface ToldProblem {
  readonly code: string
  readonly severity: 'error' | 'warning'
  readonly message: string
  readonly hint: string | null
  readonly line: number
  readonly column: number
}

export type Configured =
  | {
      readonly outcome: 'applied' | 'unchanged'
      readonly digest: string
      /** The one before. */
      readonly from: string
      readonly warnings: readonly ToldProblem[]
    }
  /** `told`: all of them with their places, as a terminal shows them. */
  | { readonly outcome: 'refused'; readonly problems: readonly ToldProblem[]; readonly told: string }
  /** It would run or call something new, which only someone with the token may ask for. */
  | { readonly outcome: 'not-trusted'; readonly reaches: readonly string[] }
  /** The configuration is not a file, so a restart would forget the change. */
  | { readonly outcome: 'no-file' }
  /** The file cannot be written, or a plugin cannot start; the one before is in force. */
  | { readonly outcome: 'failed'; readonly because: string }
  | { readonly outcome: 'no-such-version'; readonly known: readonly SpecVersion[] }

export interface Configuring {
  /** @param trusted whoever asks has shown the token */
  apply(text: string, by: By, trusted: boolean): Promise<Configured>
  /** @param version the beginning of a digest; `null` is the one in force before this one */
  rollBack(version: string | null, by: By, trusted: boolean): Promise<Configured>
  /** Newest first. */
  versions(limit: number): Promise<readonly SpecVersion[]>
}
