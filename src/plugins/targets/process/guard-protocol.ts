/**
 * What the daemon and a child guard say to each other over the guard's IPC channel. The channel is also the
 * sign of life: when it closes, the daemon is gone and the guard ends the command.
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
}

export type GuardOrder = GuardStart | { readonly do: 'terminate' }

export type GuardReport =
  | { readonly saw: 'started'; readonly pid: number }
  | { readonly saw: 'failed'; readonly code: string; readonly message: string }
  | { readonly saw: 'exited'; readonly code: number | null; readonly signal: string | null }
