import { createHmac } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { sampleRequest, scalingActionAcceptance } from '../../ports/scaling-action.acceptance.ts'
import type { ActionRequest, ScalingAction } from '../../ports/scaling-action.ts'
import { systemClock } from '../clocks/system.ts'
import { deadUrl, type Receiver, startReceiver } from '../notifiers/receiver.fixture.ts'
import { commandActionOptions, createCommandAction } from './command.ts'
import { createFunctionAction } from './function.ts'
import { createWebhookAction, webhookActionOptions } from './webhook.ts'

const signal = AbortSignal.timeout(120_000)

/** Notes what it was asked, does as the file `mood` says, once, and prints the file `say`. */
const SCRIPT = `
mood=$(cat mood 2>/dev/null); rm -f mood
case "$mood" in
  fail) echo "no more quota" >&2; exit 1;;
  hang) exec sleep 600;;
esac
cat >> ran
echo "$PLIMSOLL_FLEET|$PLIMSOLL_RULE|$PLIMSOLL_ACTION|$PLIMSOLL_ID|$REGION" >> environment
cat say 2>/dev/null
true
`

let folder: string

function arrange(): void {
  folder = mkdtempSync(path.join(tmpdir(), 'plimsoll-action-'))
  writeFileSync(path.join(folder, 'act.sh'), SCRIPT)
}

function linesOf(file: string): string[] {
  const full = path.join(folder, file)
  return existsSync(full) ? readFileSync(full, 'utf8').trim().split('\n') : []
}

function commandAction(command: readonly string[] = ['sh', 'act.sh']): ScalingAction {
  const options = { command, cwd: folder, env: { REGION: 'eu' }, timeout: '20s' }
  return createCommandAction(commandActionOptions.parse(options))
}

const asked = ({ id, fleet, rule }: { id: string; fleet: string; rule: string }) => ({ id, fleet, rule })

scalingActionAcceptance('the command action', async () => {
  arrange()
  const put = (file: string, text: string): void => writeFileSync(path.join(folder, file), text)
  return {
    action: commandAction(),
    ran: async () => linesOf('ran').map(line => asked(JSON.parse(line))),
    sayNext: output => put('say', output),
    failNext: () => put('mood', 'fail'),
    hangNext: () => put('mood', 'hang'),
    cleanUp: async () => rmSync(folder, { recursive: true, force: true }),
  }
})

scalingActionAcceptance('the webhook action', async () => {
  const receiver = await startReceiver()
  return {
    action: createWebhookAction(webhookActionOptions.parse({ url: receiver.url }), { clock: systemClock }),
    ran: async () => receiver.taken.map(({ body }) => asked(JSON.parse(body))),
    sayNext: body => receiver.answerNext({ status: 200, body }),
    failNext: () => receiver.answerNext({ status: 422, body: 'no such queue' }),
    hangNext: () => receiver.answerNext({ status: 'silent' }),
    cleanUp: () => receiver.close(),
  }
})

scalingActionAcceptance('the function action', async () => {
  const ran: ActionRequest[] = []
  let next: () => string | Promise<string> = () => ''
  return {
    action: createFunctionAction('provision', async request => {
      ran.push(request)
      const now = next
      next = () => ''
      return now()
    }),
    ran: async () => ran.map(asked),
    sayNext: output => {
      next = () => output
    },
    failNext: () => {
      next = () => {
        throw new Error('no more quota')
      }
    },
    hangNext: () => {
      next = () => new Promise(() => undefined)
    },
    cleanUp: async () => undefined,
  }
})

describe('a command that a rule runs', () => {
  beforeEach(arrange)
  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  it('has the request on its input and what matters most in its environment', async () => {
    await commandAction().run(sampleRequest(), signal)
    expect(linesOf('environment')).toEqual(['web|Backlog|provision|web/42/run/1|eu'])
    expect(JSON.parse(linesOf('ran')[0] ?? '')).toEqual({
      version: 1,
      id: 'web/42/run/1',
      at: '2026-11-21T12:00:00.000Z',
      fleet: 'web',
      rule: 'Backlog',
      action: 'provision',
      decision: {
        current: 5,
        desired: 6,
        direction: 'out',
        because: '"Backlog" fired: last(orders) = 120',
        bounds: { lowest: 2, highest: 10, default: 2, constraint: 'capacity', until: null },
        kpis: {},
        settings: {},
      },
    })
  })

  it('may print far more than is kept', async () => {
    const { output } = await commandAction(['sh', '-c', 'head -c 3000000 /dev/zero | tr "\\0" x']).run(
      sampleRequest(),
      signal,
    )
    expect(output).toHaveLength(4_000)
  })

  it('is ended when it takes longer than its timeout (PLM-353)', async () => {
    const slow = createCommandAction(
      commandActionOptions.parse({ command: ['sleep', '600'], timeout: '100ms' }),
    )
    await expect(slow.run(sampleRequest(), signal)).rejects.toThrow(/PLM-353 .* within 100 ms/)
  })
})

describe('a webhook that a rule runs', () => {
  let receiver: Receiver
  let action: ScalingAction

  beforeEach(async () => {
    receiver = await startReceiver()
    action = webhookAction({})
  })
  afterEach(async () => {
    await action.close()
    await receiver.close()
  })

  /** A tenth of the usual pauses. */
  const webhookAction = (options: object): ScalingAction =>
    createWebhookAction(webhookActionOptions.parse({ url: receiver.url, ...options }), {
      clock: { now: systemClock.now, after: (ms, wake) => systemClock.after(ms / 10, wake) },
      random: { next: () => 0.5 },
    })

  it('is tried again while the receiver is busy, always under the same key', async () => {
    receiver.answerNext({ status: 503 }, { status: 429, headers: { 'retry-after': '1' } })
    receiver.answerNext({ status: 200, body: 'queue created' })
    expect(await action.run(sampleRequest(), signal)).toEqual({ output: 'queue created' })
    expect(receiver.posts.map(({ headers }) => headers['idempotency-key'])).toEqual([
      'web/42/run/1',
      'web/42/run/1',
      'web/42/run/1',
    ])
  })

  it('is given up after four tries', async () => {
    receiver.answerNext(...Array.from({ length: 9 }, () => ({ status: 500 })))
    await expect(action.run(sampleRequest(), signal)).rejects.toMatchObject({ kind: 'unavailable' })
    expect(receiver.posts).toHaveLength(4)
  })

  it('is not tried again where the receiver will never take it', async () => {
    receiver.answerNext({ status: 400 })
    await expect(action.run(sampleRequest(), signal)).rejects.toMatchObject({ kind: 'misconfigured' })
    expect(receiver.posts).toHaveLength(1)
  })

  it('is tried no longer than its timeout, however long the receiver asks us to wait', async () => {
    receiver.answerNext({ status: 429, headers: { 'retry-after': '3600' } })
    const hasty = webhookAction({ timeout: '100ms' })
    await expect(hasty.run(sampleRequest(), signal)).rejects.toMatchObject({ kind: 'throttled' })
    expect(receiver.posts).toHaveLength(1)
    await hasty.close()
  })

  it('counts as unavailable when nothing listens', async () => {
    const dead = webhookAction({ url: await deadUrl() })
    await expect(dead.run(sampleRequest(), signal)).rejects.toThrow(/PLM-385/)
    await dead.close()
  })

  it('is signed', async () => {
    const signed = webhookAction({ secret: 's3cret' })
    await signed.run(sampleRequest(), signal)
    const [post] = receiver.taken
    const hex = createHmac('sha256', 's3cret')
      .update(`${post?.headers['x-plimsoll-timestamp']}.${post?.body}`)
      .digest('hex')
    expect(post?.headers['x-plimsoll-signature']).toBe(`sha256=${hex}`)
    await signed.close()
  })
})

describe('a function that a rule runs', () => {
  it('may say nothing', async () => {
    const action = createFunctionAction('provision', () => undefined)
    expect(await action.run(sampleRequest(), signal)).toEqual({ output: '' })
  })

  it('is left when it takes longer than its timeout (PLM-396)', async () => {
    const action = createFunctionAction('provision', () => new Promise(() => undefined), { timeoutMs: 20 })
    await expect(action.run(sampleRequest(), signal)).rejects.toThrow(/^PLM-396 .* within 20 ms$/)
  })

  it('that throws has failed with its words (PLM-395)', async () => {
    const action = createFunctionAction('provision', () => {
      throw new Error('no more quota')
    })
    await expect(action.run(sampleRequest(), signal)).rejects.toThrow(
      'PLM-395 the function "provision" failed: no more quota',
    )
  })
})
