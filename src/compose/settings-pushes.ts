/**
 * The fleets' settings webhooks: one push per fleet that has one, fed by the loop's events.
 *
 * Example: after a start with `settingsWebhook: { url: "http://127.0.0.1:9000/settings" }` the receiver is told the
 * settings in force, and then every change.
 */
import { SettingsPush } from '../loop/settings-push.ts'
import type { LoopEvent } from '../loop/world.ts'
import type { SettingChange, SettingsInForce } from '../model/settings.ts'
import type { Spec } from '../model/spec.ts'
import { createSettingsWebhook } from '../plugins/settings-webhook.ts'
import type { Clock } from '../ports/clock.ts'
import type { SettingsMessage } from '../ports/settings-receiver.ts'
import type { StateStore } from '../ports/state-store.ts'

export interface PushesContext {
  readonly clock: Clock
  readonly store: StateStore
  readonly emit: (event: LoopEvent) => void
}

interface FleetPush {
  /** What it was made from. */
  readonly made: string
  readonly push: SettingsPush
}

export class SettingsPushes {
  readonly #context: PushesContext
  readonly #pushes = new Map<string, FleetPush>()

  constructor(context: PushesContext) {
    this.#context = context
  }

  /** Begins for fleets whose webhook is new or another, ends for those that have none any more. */
  async apply({ fleets }: Spec): Promise<void> {
    for (const [name, { made, push }] of this.#pushes) {
      if (JSON.stringify(fleets[name]?.settingsWebhook ?? null) === made) continue
      this.#pushes.delete(name)
      await push.close()
    }
    for (const { name, settingsWebhook } of Object.values(fleets)) {
      if (settingsWebhook === null || this.#pushes.has(name)) continue
      const { clock } = this.#context
      const push = new SettingsPush(createSettingsWebhook(settingsWebhook, clock), {
        clock,
        random: { next: () => Math.random() },
        onTrouble: what => this.#context.emit({ type: 'trouble', fleet: name, at: clock.now(), what }),
      })
      this.#pushes.set(name, { made: JSON.stringify(settingsWebhook), push })
      const { settings } = await this.#context.store.load(name)
      if (settings.version > 0) push.offer(messageOf(name, settings, []))
    }
  }

  onEvent(event: LoopEvent): void {
    if (event.type !== 'settings') return
    this.#pushes.get(event.fleet)?.push.offer(messageOf(event.fleet, event.settings, event.changes))
  }

  async close(): Promise<void> {
    const pushes = [...this.#pushes.values()]
    this.#pushes.clear()
    await Promise.all(pushes.map(({ push }) => push.close()))
  }
}

function messageOf(
  fleet: string,
  { version, at, values }: SettingsInForce,
  changed: readonly SettingChange[],
): SettingsMessage {
  const settings = Object.fromEntries(Object.entries(values).map(([name, { value }]) => [name, value]))
  return { id: `${fleet}/settings/${version}`, fleet, version, at, settings, changed }
}
