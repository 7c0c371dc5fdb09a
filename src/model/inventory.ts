/**
 * Which instances a fleet has and what state each is in, on three separate axes: lifecycle (the target's
 * word), admission (ours: may it take new sessions) and health.
 *
 * Example: web-3, closed at 11:52 with two sessions left:
 * `{ id: 'web-3', lifecycle: 'ready', admission: 'closed', closedAt: ..., health: 'healthy',
 *    load: { kind: 'known', slots: 2, at: ... }, sealed: false, ... }`
 */
import type { EpochMs } from './time.ts'

export type Lifecycle = 'requested' | 'booting' | 'ready' | 'terminating' | 'gone' | 'lost'
export type Admission = 'open' | 'closing' | 'closed' | 'opening'
export type Health = 'unknown' | 'healthy' | 'suspect' | 'unhealthy'

/**
 * Slots in use. `untracked`: the fleet has no router, so nobody places sessions and there is nothing to wait
 * for. `unknown` is never zero.
 */
export type Load =
  | { readonly kind: 'known'; readonly slots: number; readonly at: EpochMs }
  | { readonly kind: 'unknown'; readonly because: string }
  | { readonly kind: 'untracked' }

/** An instance as the target reports it. */
export interface ListedInstance {
  readonly id: string
  /** `lost`: it ended without our asking (crashed); it stays listed until it is terminated. */
  readonly lifecycle: 'booting' | 'ready' | 'terminating' | 'lost'
  readonly health: Health
  readonly zone: string | null
  readonly address: string | null
  readonly launchedAt: EpochMs | null
  /** The token it was launched with, where the target keeps it. */
  readonly token: string | null
  /** Why it is lost or unhealthy, in words. */
  readonly detail: string | null
}

export interface Instance {
  readonly id: string
  readonly lifecycle: Lifecycle
  readonly admission: Admission
  readonly health: Health
  /** Closed, empty, never to be used again. Only a sealed instance is terminated. */
  readonly sealed: boolean
  readonly load: Load
  readonly zone: string | null
  /** How to reach it, e.g. `http://127.0.0.1:41231`. */
  readonly address: string | null
  readonly launchedAt: EpochMs | null
  readonly readyAt: EpochMs | null
  /** When the close took effect (was acknowledged); `null` while open. */
  readonly closedAt: EpochMs | null
  /** Why it is lost or unhealthy, in the target's words. */
  readonly detail: string | null
}

/** A launch that was ordered and not yet seen in the target's list. */
export interface Order {
  readonly token: string
  readonly at: EpochMs
  readonly expiresAt: EpochMs
  /** The id the target answered, once it has. */
  readonly instance: string | null
}

/** Sorted by id, orders by token. */
export interface Inventory {
  readonly instances: readonly Instance[]
  readonly orders: readonly Order[]
}
