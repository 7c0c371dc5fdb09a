/**
 * Whom a daemon tells and what it runs besides scaling: notifiers and custom actions made from the configuration, and the
 * deliveries and runs that go on beside the ticks.
 *
 * Example: a changed file renames the chat's address: the notifier is made anew, and what waited for the old one goes to the new.
 */
import { NOTICE_EVENTS } from '../config/schema-notices.ts'
import { ActionRuns } from '../loop/action-runs.ts'
import { Deliveries } from '../loop/deliveries.ts'
import { Notices } from '../loop/notices.ts'
import type { LoopEvent } from '../loop/world.ts'
import type { ActionSpec, NotifierSpec, Spec } from '../model/spec.ts'
import { commandActionOptions, createCommandAction } from '../plugins/actions/command.ts'
import { createFunctionAction, type RunAction } from '../plugins/actions/function.ts'
import { createWebhookAction, webhookActionOptions } from '../plugins/actions/webhook.ts'
import { commandNotifierOptions, createCommandNotifier } from '../plugins/notifiers/command.ts'
import { createEmailNotifier, emailNotifierOptions } from '../plugins/notifiers/email.ts'
import { createSlackNotifier, slackNotifierOptions } from '../plugins/notifiers/slack.ts'
import { createWebhookNotifier, webhookNotifierOptions } from '../plugins/notifiers/webhook.ts'
import { milliseconds, parseOptions } from '../plugins/option-values.ts'
import type { Clock, Random } from '../ports/clock.ts'
import type { Notifier } from '../ports/notifier.ts'
import { type Plugin, PluginError } from '../ports/plugin.ts'
import type { ScalingAction } from '../ports/scaling-action.ts'
import type { StateStore } from '../ports/state-store.ts'
import { checkPlugin, type PluginCheck } from './checks.ts'

/** A host program's own; by the name its configuration uses. */
export interface HostEffects {
  /** A function that runs, or a whole action. */
  readonly actions?: Readonly<Record<string, ScalingAction | RunAction>>
  /** Told everything, unless the configuration names it too and says what. */
  readonly notifiers?: Readonly<Record<string, Notifier>>
}

export interface EffectsContext {
  readonly clock: Clock
  /** Keeps what notifiers have not taken yet. */
  readonly store: StateStore
  /** Names this process in leases. */
  readonly holder: string
  readonly host: HostEffects
  spec(): Spec
  emit(event: LoopEvent): void
  wake(fleet: string): void
}

/** How long the end of the daemon may be held up by what people have not been told yet. */
const LAST_DELIVERIES_MS = 3_000

const chance: Random = { next: () => Math.random() }

interface Made<S, P extends Plugin> {
  readonly spec: S
  readonly plugin: P
}

export class Effects {
  readonly runs: ActionRuns
  readonly #context: EffectsContext
  readonly #notices: Notices
  readonly #deliveries: Deliveries
  #notifiers: ReadonlyMap<string, Made<NotifierSpec, Notifier>> = new Map()
  #actions: ReadonlyMap<string, Made<ActionSpec, ScalingAction>> = new Map()

  constructor(context: EffectsContext) {
    const { clock, store, holder, emit, wake } = context
    this.#context = context
    this.runs = new ActionRuns({
      clock,
      action: name => this.#actions.get(name)?.plugin ?? null,
      emit,
      wake,
    })
    this.#notices = new Notices(() => context.spec())
    this.#deliveries = new Deliveries({
      clock,
      store,
      holder,
      random: chance,
      notifiers: () => Object.fromEntries([...this.#notifiers].map(([name, { spec }]) => [name, spec])),
      notifier: name => this.#notifiers.get(name)?.plugin ?? null,
      emit,
    })
  }

  /** Makes what is new or changed; the rest stays as it is. @throws PluginError, and then nothing has changed */
  async apply(spec: Spec): Promise<void> {
    const notifiers = renewed(this.#notifiers, notifierSpecs(spec, this.#context.host), one =>
      createNotifier(one, this.#context),
    )
    const actions = renewed(this.#actions, actionSpecs(spec, this.#context.host), one =>
      createAction(one, this.#context),
    )
    const gone = [...left(this.#notifiers, notifiers), ...left(this.#actions, actions)]
    this.#notifiers = notifiers
    this.#actions = actions
    this.#notices.renew(spec)
    this.#deliveries.renew()
    await Promise.all(gone.map(plugin => plugin.close()))
  }

  /** This process holds the lease of the fleet from now on. @throws what the store throws */
  takeOver(fleet: string): Promise<void> {
    return this.#deliveries.takeOver(fleet)
  }

  onEvent(event: LoopEvent): void {
    for (const told of this.#notices.take(event)) this.#deliveries.take(told)
    // What was taken over and still stands after a whole tick is told.
    if (event.type === 'tick') this.#deliveries.begin()
  }

  async check(): Promise<readonly PluginCheck[]> {
    return Promise.all([
      ...[...this.#notifiers].map(([name, { plugin }]) => checkPlugin(`notifier ${name}`, plugin)),
      ...[...this.#actions].map(([name, { plugin }]) => checkPlugin(`action ${name}`, plugin)),
    ])
  }

  async close(): Promise<void> {
    this.runs.close()
    await this.#deliveries.close(LAST_DELIVERIES_MS)
    const made = [...this.#notifiers.values(), ...this.#actions.values()]
    await Promise.all(made.map(({ plugin }) => plugin.close()))
  }
}

/** Made, asked, and reported rather than thrown. */
export async function checkEffects(effects: Effects, spec: Spec): Promise<readonly PluginCheck[]> {
  try {
    await effects.apply(spec)
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error)
    return [{ what: 'notifiers and actions', ok: false, detail }]
  }
  return effects.check()
}

function renewed<S, P extends Plugin>(
  before: ReadonlyMap<string, Made<S, P>>,
  specs: ReadonlyMap<string, S>,
  make: (spec: S) => P,
): ReadonlyMap<string, Made<S, P>> {
  const made = new Map<string, Made<S, P>>()
  for (const [name, spec] of specs) {
    const known = before.get(name)
    const same = known !== undefined && JSON.stringify(known.spec) === JSON.stringify(spec)
    made.set(name, { spec, plugin: same ? known.plugin : make(spec) })
  }
  return made
}

function left<S, P extends Plugin>(
  before: ReadonlyMap<string, Made<S, P>>,
  after: ReadonlyMap<string, Made<S, P>>,
): P[] {
  const kept = new Set([...after.values()].map(({ plugin }) => plugin))
  return [...before.values()].map(({ plugin }) => plugin).filter(plugin => !kept.has(plugin))
}

function notifierSpecs(spec: Spec, { notifiers = {} }: HostEffects): ReadonlyMap<string, NotifierSpec> {
  const own = Object.keys(notifiers).map((name): [string, NotifierSpec] => [
    name,
    { name, type: 'command', options: {}, on: NOTICE_EVENTS, everyMs: 0 },
  ])
  return new Map([...own, ...Object.entries(spec.notifiers)])
}

function actionSpecs(spec: Spec, { actions = {} }: HostEffects): ReadonlyMap<string, ActionSpec> {
  const own = Object.keys(actions).map((name): [string, ActionSpec] => [
    name,
    { name, type: 'function', options: {} },
  ])
  return new Map([...own, ...Object.entries(spec.actions)])
}

function createNotifier({ name, type, options }: NotifierSpec, { host, clock }: EffectsContext): Notifier {
  const own = host.notifiers?.[name]
  if (own !== undefined) return own
  const what = `notifier "${name}"`
  switch (type) {
    case 'email':
      return createEmailNotifier(parseOptions(emailNotifierOptions, what, options))
    case 'webhook':
      return createWebhookNotifier(parseOptions(webhookNotifierOptions, what, options), { clock })
    case 'slack':
      return createSlackNotifier(parseOptions(slackNotifierOptions, what, options), { clock })
    case 'command':
      return createCommandNotifier(parseOptions(commandNotifierOptions, what, options))
  }
}

function createAction({ name, type, options }: ActionSpec, { host, clock }: EffectsContext): ScalingAction {
  const own = host.actions?.[name]
  const what = `action "${name}"`
  if (own !== undefined) {
    if (typeof own !== 'function') return own
    const timeoutMs = milliseconds.safeParse(options.timeoutMs ?? options.timeout)
    return createFunctionAction(name, own, timeoutMs.success ? { timeoutMs: timeoutMs.data } : {})
  }
  switch (type) {
    case 'command':
      return createCommandAction(parseOptions(commandActionOptions, what, options))
    case 'webhook':
      return createWebhookAction(parseOptions(webhookActionOptions, what, options), { clock })
    case 'function':
      throw new PluginError(
        'misconfigured',
        `PLM-389 ${what} is a function, and the host program has registered none of that name. Give it as createPlimsoll({ actions: { ${JSON.stringify(name)}: request => ... } }), or take another type.`,
      )
  }
}
