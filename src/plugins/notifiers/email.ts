/**
 * Notices by e-mail: plain text with the same in simple HTML, one message per notice. The server's address holds its
 * password, so no message of ours names more of it than host and port.
 *
 * Example: `{ to: ['ops@example.org'], from: 'plimsoll@example.org', smtp: 'smtps://user:pass@mail.example.org' }`; a server
 * that answers 451 to the sender is tried again, one that answers 535 to the password is not.
 */
import { createHash } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import { createTransport } from 'nodemailer'
import { z } from 'zod'
import type { Notice, Notifier } from '../../ports/notifier.ts'
import { PluginError, type PluginErrorKind } from '../../ports/plugin.ts'
import { quoteText } from '../command.ts'
import { oneOrMore, timeoutOf, timeoutShape } from '../option-values.ts'

export const emailNotifierOptions = z
  .object({
    to: oneOrMore,
    from: z.string().min(1).default('plimsoll@localhost'),
    smtp: z.url({ protocol: /^smtps?$/ }),
    ...timeoutShape,
  })
  .transform(({ timeout, timeoutMs, ...rest }) => ({
    ...rest,
    timeoutMs: timeoutOf({ timeout, timeoutMs }, 30_000),
  }))
export type EmailNotifierOptions = z.output<typeof emailNotifierOptions>

interface Attempt<T> {
  readonly signal: AbortSignal
  readonly call: (transport: ReturnType<typeof transportTo>['transport']) => Promise<T>
}

export function createEmailNotifier(options: EmailNotifierOptions): Notifier {
  const closing = new AbortController()
  const where = whereOf(options.smtp)

  /** A connection of its own per attempt, ended with it, whatever the server does. */
  async function attempt<T>({ signal, call }: Attempt<T>): Promise<T> {
    const deadline = AbortSignal.timeout(options.timeoutMs)
    const calledOff = AbortSignal.any([signal, closing.signal])
    const either = AbortSignal.any([calledOff, deadline])
    const { transport, hangUp } = transportTo(options)
    let stop = (): void => undefined
    try {
      const stopped = new Promise<never>((_, reject) => {
        stop = () => reject(lateProblem(where, options.timeoutMs, calledOff))
        if (either.aborted) stop()
        either.addEventListener('abort', stop, { once: true })
      })
      return await Promise.race([either.aborted ? stopped : call(transport), stopped])
    } catch (error) {
      throw error instanceof PluginError ? error : smtpProblem(error, where, options.smtp)
    } finally {
      either.removeEventListener('abort', stop)
      hangUp()
    }
  }

  return {
    async send(notice, signal) {
      const { rejected } = await attempt({
        signal,
        call: transport => transport.sendMail(messageOf(notice, options)),
      })
      if (rejected.length === 0) return
      const who = rejected.map(address => quoteText(String(address), 'start')).join(', ')
      throw new PluginError('refused', `PLM-392 ${where} took the message for others, but not for ${who}`)
    },
    async check(signal) {
      try {
        await attempt({ signal, call: transport => transport.verify() })
        return { ok: true, detail: `${where} lets us send; nothing was sent` }
      } catch (error) {
        return { ok: false, detail: error instanceof Error ? error.message : String(error) }
      }
    },
    async close() {
      closing.abort()
    },
  }
}

function transportTo({ smtp, timeoutMs }: EmailNotifierOptions) {
  const sockets = new Set<Socket>()
  const transport = createTransport({
    url: smtp,
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    disableFileAccess: true,
    disableUrlAccess: true,
    // The socket is ours, so that it can be ended while the server is silent.
    getSocket: ({ host = 'localhost', port, secure }, callback) => {
      const socket = connect({ host, port: Number(port ?? (secure === true ? 465 : 587)) })
      sockets.add(socket)
      socket.once('error', callback)
      socket.once('connect', () => {
        socket.off('error', callback)
        callback(null, { connection: socket })
      })
    },
  })
  const hangUp = (): void => {
    transport.close()
    for (const socket of sockets) socket.destroy()
  }
  return { transport, hangUp }
}

function messageOf(notice: Notice, { to, from }: EmailNotifierOptions) {
  const host = from.match(/@([\w.-]+)/)?.[1] ?? 'localhost'
  const earlier = notice.withdraws === null ? {} : { inReplyTo: messageId(notice.withdraws, host) }
  return {
    from,
    to: [...to],
    subject: notice.title,
    text: `${notice.text}\n\n${footerOf(notice)}\n`,
    html: htmlOf(notice),
    date: new Date(notice.at),
    messageId: messageId(notice.id, host),
    ...earlier,
    headers: { 'Auto-Submitted': 'auto-generated', 'X-Plimsoll-Id': notice.id },
  }
}

/** The same for the same notice: a mail program shows a repeat once. */
function messageId(id: string, host: string): string {
  return `<${createHash('sha256').update(id).digest('hex').slice(0, 32)}@${host}>`
}

function footerOf({ id, at, fleet, event }: Notice): string {
  return `fleet ${fleet}, ${event}, ${new Date(at).toISOString()}, ${id}`
}

function htmlOf(notice: Notice): string {
  const paragraphs = notice.text.split('\n').map(line => `<p>${escapeHtml(line)}</p>`)
  return `<h3>${escapeHtml(notice.title)}</h3>\n${paragraphs.join('\n')}\n<p><small>${escapeHtml(footerOf(notice))}</small></p>\n`
}

function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
}

function whereOf(smtp: string): string {
  const url = new URL(smtp)
  return `the SMTP server ${url.hostname}${url.port === '' ? '' : `:${url.port}`}`
}

function lateProblem(where: string, timeoutMs: number, calledOff: AbortSignal): PluginError {
  return calledOff.aborted
    ? new PluginError('unavailable', `PLM-393 sending by ${where} was called off`)
    : new PluginError('unavailable', `PLM-393 ${where} did not take the message within ${timeoutMs} ms`)
}

function smtpProblem(error: unknown, where: string, smtp: string): PluginError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  const status =
    error instanceof Error && 'responseCode' in error && typeof error.responseCode === 'number'
      ? error.responseCode
      : null
  const saw = quoteText(withoutSecrets(error instanceof Error ? error.message : String(error), smtp), 'start')
  if (code === 'EAUTH') {
    const kind = status !== null && status < 500 ? 'unavailable' : 'misconfigured'
    return new PluginError(kind, `PLM-391 ${where} does not accept user and password: ${saw}`)
  }
  if (status !== null) return new PluginError(kindOf(status), `PLM-392 ${where} refused: ${saw}`)
  return new PluginError('unavailable', `PLM-390 ${where} could not be used: ${saw}`)
}

/** Of SMTP answers those below 500 are "not now". */
function kindOf(status: number): PluginErrorKind {
  return status < 500 ? 'unavailable' : 'refused'
}

function withoutSecrets(text: string, smtp: string): string {
  const { username, password } = new URL(smtp)
  return [password, decodeURIComponent(password), username, decodeURIComponent(username)]
    .filter(secret => secret.length > 2)
    .reduce((cleaned, secret) => cleaned.replaceAll(secret, '***'), text)
}
