/**
 * Notices in a chat, by an incoming webhook in Slack's form (Mattermost, Rocket.Chat and others take the same).
 *
 * Example: "web 5 -> 6" becomes `{ text: 'web 5 -> 6', blocks: [header, section with the reason, context with the id] }`.
 */
import { z } from 'zod'
import type { Notice, Notifier } from '../../ports/notifier.ts'
import { httpAddress, timeoutOf, timeoutShape } from '../option-values.ts'
import { createPoster } from '../post.ts'
import type { NotifierContext } from './webhook.ts'

export const slackNotifierOptions = z
  .object({ url: httpAddress, ...timeoutShape })
  .transform(({ url, timeout, timeoutMs }) => ({ url, timeoutMs: timeoutOf({ timeout, timeoutMs }, 10_000) }))
export type SlackNotifierOptions = z.output<typeof slackNotifierOptions>

/** Slack's own limits, with room for an ellipsis. */
const HEADER_CHARACTERS = 147
const SECTION_CHARACTERS = 2_990

export function createSlackNotifier(
  { url, timeoutMs }: SlackNotifierOptions,
  { clock }: NotifierContext,
): Notifier {
  const poster = createPoster(clock)
  return {
    async send(notice, signal) {
      await poster.post({ url, secret: null, timeoutMs, body: JSON.stringify(slackBody(notice)) }, signal)
    },
    check: signal => poster.check(url, signal),
    close: () => poster.close(),
  }
}

export function slackBody({ id, at, title, text }: Notice) {
  const context = `${escapeText(id)} · ${new Date(at).toISOString()}`
  return {
    text: escapeText(title),
    blocks: [
      { type: 'header', text: { type: 'plain_text', text: shorten(title, HEADER_CHARACTERS) } },
      { type: 'section', text: { type: 'mrkdwn', text: shorten(escapeText(text), SECTION_CHARACTERS) } },
      { type: 'context', elements: [{ type: 'mrkdwn', text: context }] },
    ],
  }
}

/** The three characters Slack gives a meaning to; an operand may hold all of them. */
function escapeText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}

function shorten(text: string, characters: number): string {
  return text.length <= characters ? text : `${text.slice(0, characters)}...`
}
