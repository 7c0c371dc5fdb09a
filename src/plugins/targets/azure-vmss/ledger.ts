/**
 * Which launch tokens the capacity was raised for, kept as tags of the scale set: they change together with the capacity, in one call,
 * so that a token is known again whatever became of the reply, and of us.
 *
 * Example: a raise for `web/42/1` and `web/42/2` writes `plimsoll-launches-1: "q0dXyA5tPLmS"`: six letters for each token, the newest
 * last. The newest 160 are kept, more than are ever open at once.
 */
import { createHash } from 'node:crypto'

const TAG = 'plimsoll-launches-'
/** Azure allows 256 letters in a tag: 40 tokens. */
const DIGEST_LETTERS = 6
const TOKENS_PER_TAG = 40
const TAGS = 4

/** Most launches of one call. */
export const LEDGER_TOKENS = TOKENS_PER_TAG * TAGS

export type Tags = Readonly<Record<string, string>>

export function isInLedger(tags: Tags, token: string): boolean {
  return digestsIn(tags).includes(digestOf(token))
}

/** All tags of the scale set, the others as they were. */
export function withTokens(tags: Tags, tokens: readonly string[]): Tags {
  const fresh = tokens.map(digestOf)
  const kept = digestsIn(tags).filter(digest => !fresh.includes(digest))
  const newest = [...kept, ...fresh].slice(-LEDGER_TOKENS)
  const others = Object.entries(tags).filter(([name]) => !name.startsWith(TAG))
  const own: [string, string][] = []
  for (let n = 0; n * TOKENS_PER_TAG < newest.length; n += 1) {
    own.push([`${TAG}${n + 1}`, newest.slice(n * TOKENS_PER_TAG, (n + 1) * TOKENS_PER_TAG).join('')])
  }
  return Object.fromEntries([...others, ...own])
}

function digestsIn(tags: Tags): readonly string[] {
  return Array.from({ length: TAGS }, (_, n) => tags[`${TAG}${n + 1}`] ?? '').flatMap(
    text => text.match(new RegExp(`.{${DIGEST_LETTERS}}`, 'g')) ?? [],
  )
}

function digestOf(token: string): string {
  return createHash('sha256').update(token).digest('base64url').slice(0, DIGEST_LETTERS)
}
