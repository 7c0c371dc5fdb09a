import { describe, expect, it } from 'vitest'
import { commandActionOptions } from './actions/command.ts'
import { emailNotifierOptions } from './notifiers/email.ts'
import { webhookNotifierOptions } from './notifiers/webhook.ts'
import { milliseconds, parseOptions } from './option-values.ts'

describe('options', () => {
  it('give times as milliseconds or in words', () => {
    expect([1500, '500ms', '1.5s', '2m', '1h'].map(given => milliseconds.parse(given))).toEqual([
      1500, 500, 1500, 120_000, 3_600_000,
    ])
    expect(milliseconds.safeParse('soon').success).toBe(false)
    expect(commandActionOptions.parse({ command: ['x'] }).timeoutMs).toBe(60_000)
    expect(commandActionOptions.parse({ command: ['x'], timeout: '5s' }).timeoutMs).toBe(5_000)
  })

  it('that are wrong are named, without their value (PLM-388)', () => {
    const wrong = { url: 'ftp://user:hunter2@x', format: 'xml' }
    expect(() => parseOptions(webhookNotifierOptions, 'notifier "hook"', wrong)).toThrow(
      /^PLM-388 notifier "hook" cannot be used: url: .*; format: /,
    )
    expect(() => parseOptions(webhookNotifierOptions, 'notifier "hook"', wrong)).not.toThrow(/hunter2/)
    expect(() => parseOptions(emailNotifierOptions, 'notifier "ops"', { to: [] })).toThrow(/PLM-388.*smtp/)
  })
})
