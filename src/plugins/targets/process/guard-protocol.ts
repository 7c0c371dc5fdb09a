/**
 * What the daemon and a child guard say to each other. Usually over the guard's IPC channel, which is also the sign of
 * life: when it closes, the daemon is gone and the guard ends the command. A guard that keeps its command is only started
 * over that channel; then it is spoken to over a local socket, by any daemon that comes, one JSON object a line.
 *
 * Example: daemon `{ do: 'start', command: ['/usr/bin/node', 'app.mjs'], ... }`, guard `{ saw: 'started', pid: 4711 }`,
 * daemon `{ do: 'terminate' }`, guard `{ saw: 'exited', code: 0, signal: null }`.
 */

export interface GuardStart {
  readonly do: 'start'
  readonly command: readonly string[]
  /** The whole environment of the command. It travels here, not in arguments, which anyone may list. */
  readonly env: Readonly<Record<string, string>>
  readonly cwd: string
  readonly stopGraceMs: number
  /** `NAME=value` of the environment that marks every process of this instance. */
  readonly mark: string
  /** It outlives the daemon. */
  readonly keep: KeepOrder | null
}

/** Where a kept instance is written down, and where its guard is spoken to. */
export interface KeepOrder {
  readonly record: string
  readonly socket: string
  readonly about: KeptAbout
}

/** What the next daemon must know of it. */
export interface KeptAbout {
  readonly fleet: string
  readonly instance: string
  readonly token: string
  readonly zone: string | null
  readonly port: number
  readonly launchedAt: number
  /** From 1; one more with every restart in place. */
  readonly run: number
}

export type GuardOrder =
  | GuardStart
  | { readonly do: 'terminate' }
  /** It was seen ready: a daemon that comes later need not wait for that. */
  | { readonly do: 'remember-ready' }

export type GuardReport =
  | { readonly saw: 'started'; readonly pid: number }
  | { readonly saw: 'failed'; readonly code: string; readonly message: string }
  | { readonly saw: 'exited'; readonly code: number | null; readonly signal: string | null }
  /** It was told to end it, by whomever. */
  | { readonly saw: 'ending' }
  /** Written down, and spoken to over its socket from now on. */
  | { readonly saw: 'kept' }
  /** Another guard has this token: nothing was started. */
  | { readonly saw: 'taken' }
  /** The first word to whoever connects; how many were connected already. */
  | { readonly saw: 'company'; readonly others: number }
  | { readonly saw: 'printed'; readonly stream: 'stdout' | 'stderr'; readonly line: string }
