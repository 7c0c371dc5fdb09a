/**
 * Which instances a fleet has and what state each is in, on three separate axes: lifecycle (the target's
 * word), admission (ours: may it take new sessions) and health.
 *
 * Example: web-3, closed at 11:52 with two sessions left:
 * `{ id: 'web-3', lifecycle: 'ready', admission: 'closed', closedAt: ..., health: 'healthy',
 *    load: { kind: 'known', slots: 2, at: ... }, sealed: false, ... }`
 */
import type { EpochMs } from './time.ts'

/** A way in for people or tools, as the target reports it: `{ name: 'ssh', address: '203.0.113.7:50003' }`. */
export interface AccessPoint {
  readonly name: string
  readonly address: string
}

export type Lifecycle = 'requested' | 'booting' | 'ready' | 'terminating' | 'gone' | 'lost'
export type Admission = 'open' | 'closing' | 'closed' | 'opening'
export type Health = 'unknown' | 'healthy' | 'suspect' | 'unhealthy'

/**
 * Slots in use. `untracked`: the fleet has no router, so nobody places sessions and there is nothing to wait
 * for. `unknown` is never zero.
 */
export type Load =
  | {
      readonly kind: 'known'
      readonly slots: number
      /** The load was this at some moment not before `at`: when it began to be read. */
      readonly at: EpochMs
      /** How much longer its sessions are expected to last, where the router can tell. */
      readonly remainingMs?: number
      /** What ending it would cost besides its sessions (a warm cache); the higher, the later it is closed. */
      readonly worth?: number
    }
  | { readonly kind: 'unknown'; readonly because: string }
  | { readonly kind: 'untracked' }

/** An instance as the target reports it. */
export interface ListedInstance {
  readonly id: string
  /**
   * What tells two instances apart that have the same id one after the other (a VM's unique id, a start time). Left out
   * where ids are never used again.
   */
  readonly incarnation?: string | null
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
  readonly access?: readonly AccessPoint[]
}

/** What an operator asked of one instance: `keep` it in any case, or `drain` it and let it go. */
export type InstanceOrder = 'keep' | 'drain'

export interface Instance {
  readonly id: string
  readonly incarnation: string | null
  readonly lifecycle: Lifecycle
  readonly admission: Admission
  readonly health: Health
  /** Closed, empty, never to be used again. Only a sealed instance is terminated. */
  readonly sealed: boolean
  /** In the list when it was last asked for; `false`: known, and missing from it for less than the target's listing lag. */
  readonly listed: boolean
  readonly order: InstanceOrder | null
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
  readonly access: readonly AccessPoint[]
}

/** What of the target's capabilities a plan depends on. */
export interface TargetTraits {
  readonly choosesVictim: boolean
  readonly restarts: boolean
  /** Zones instances may be launched in; none where it has no zones. */
  readonly zones: readonly string[]
  /** The most it can hold, draining ones too; left out where it knows no limit. */
  readonly highest?: number | null
}

/** A launch that was ordered and not yet seen in the target's list. */
export interface Order {
  readonly token: string
  readonly at: EpochMs
  readonly expiresAt: EpochMs
  readonly zone: string | null
  /** The id the target answered, once it has. */
  readonly instance: string | null
}

/** Sorted by id, orders by token. */
export interface Inventory {
  readonly instances: readonly Instance[]
  readonly orders: readonly Order[]
  readonly target: TargetTraits
}

/** A target that does all that is asked of it, without zones. */
export const PLAIN_TARGET: TargetTraits = Object.freeze({
  choosesVictim: true,
  restarts: false,
  zones: Object.freeze([]),
})
