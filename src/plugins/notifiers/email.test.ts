import { createServer, type Server } from 'node:net'
import { SMTPServer, type SMTPServerOptions } from 'smtp-server'
import { afterEach, describe, expect, it } from 'vitest'
import { type Mood, notifierAcceptance, sampleNotice } from '../../ports/notifier.acceptance.ts'
import { createEmailNotifier, emailNotifierOptions } from './email.ts'

const PASSWORD = 'pass-that-nobody-may-see'
const signal = AbortSignal.timeout(120_000)

interface Mailbox {
  readonly port: number
  readonly letters: string[]
  next(mood: Mood): void
  close(): Promise<void>
}

async function startMailbox(options: SMTPServerOptions = {}): Promise<Mailbox> {
  const letters: string[] = []
  const moods: Mood[] = []
  const server = new SMTPServer({
    // It has no certificate anybody would trust.
    hideSTARTTLS: true,
    allowInsecureAuth: true,
    authOptional: true,
    onAuth: ({ username, password }, _session, done) => {
      if (username === 'ops' && password === PASSWORD) done(null, { user: username })
      else done(new Error(`Invalid password ${password}`))
    },
    onMailFrom: (_address, _session, done) => {
      const mood = moods.shift()
      if (mood === 'busy') done(Object.assign(new Error('greylisted, try again'), { responseCode: 451 }))
      else if (mood === 'wrong') done(Object.assign(new Error('not from here'), { responseCode: 550 }))
      else if (mood === undefined) done()
      // Silent: it never says a word more.
    },
    onData: (stream, _session, done) => {
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.on('end', () => {
        letters.push(Buffer.concat(chunks).toString('utf8'))
        done()
      })
    },
    ...options,
  })
  server.on('error', () => undefined)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const address = server.server.address()
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    letters,
    next: mood => void moods.push(mood),
    close: () => new Promise(resolve => server.close(() => resolve())),
  }
}

function emailTo(port: number, change: object = {}) {
  return createEmailNotifier(
    emailNotifierOptions.parse({
      to: ['ops@example.org', 'on-call@example.org'],
      from: 'Plimsoll <plimsoll@example.org>',
      smtp: `smtp://ops:${PASSWORD}@127.0.0.1:${port}`,
      ...change,
    }),
  )
}

notifierAcceptance('the e-mail notifier', async () => {
  const mailbox = await startMailbox()
  const gone = await startMailbox()
  await gone.close()
  return {
    notifier: emailTo(mailbox.port),
    taken: async () => mailbox.letters,
    next: mailbox.next,
    unreachable: () => emailTo(gone.port),
    secrets: [PASSWORD],
    cleanUp: () => mailbox.close(),
  }
})

describe('a letter', () => {
  let mailbox: Mailbox | null = null
  afterEach(() => mailbox?.close())

  it('says it in plain text and in HTML, to everyone, from us, and is known by its id', async () => {
    mailbox = await startMailbox()
    await emailTo(mailbox.port).send(sampleNotice({ text: 'cpu > 80% & <rising>' }), signal)
    await emailTo(mailbox.port).send(sampleNotice({ text: 'cpu > 80% & <rising>' }), signal)
    const [letter = '', again = ''] = mailbox.letters
    expect(letter).toContain('From: Plimsoll <plimsoll@example.org>')
    expect(letter).toContain('To: ops@example.org, on-call@example.org')
    expect(letter).toContain('Subject: web 5 -> 6')
    expect(letter).toContain('Auto-Submitted: auto-generated')
    expect(letter).toContain('cpu > 80% & <rising>')
    expect(letter).toContain('<p>cpu &gt; 80% &amp; &lt;rising&gt;</p>')
    const messageId = /^Message-ID: <[0-9a-f]{32}@example\.org>$/m
    expect(letter).toMatch(messageId)
    expect(again.match(messageId)?.[0]).toBe(letter.match(messageId)?.[0])
  })

  it('answers the letter it takes back', async () => {
    mailbox = await startMailbox()
    const wanted = sampleNotice({ id: 'web/7/approval', event: 'approval-wanted' })
    await emailTo(mailbox.port).send(wanted, signal)
    await emailTo(mailbox.port).send(
      sampleNotice({ id: 'web/7/withdrawn', event: 'approval-withdrawn', withdraws: wanted.id }),
      signal,
    )
    const id = mailbox.letters[0]?.match(/^Message-ID: (.+)$/m)?.[1]
    expect(mailbox.letters[1]).toContain(`In-Reply-To: ${id}`)
  })

  it('has no header that a title could smuggle in', async () => {
    mailbox = await startMailbox()
    await emailTo(mailbox.port).send(sampleNotice({ title: 'a\r\nBcc: all@example.org' }), signal)
    const [headers] = mailbox.letters[0]?.split('\r\n\r\n') ?? []
    expect(headers).toContain('Subject: a Bcc: all@example.org')
    expect(headers).not.toMatch(/^Bcc:/m)
  })
})

describe('the e-mail notifier', () => {
  let mailbox: Mailbox | null = null
  let silent: Server | null = null
  afterEach(async () => {
    await mailbox?.close()
    silent?.close()
    mailbox = silent = null
  })

  it('gives up on a wrong password, and repeats neither it nor what the server says of it (PLM-391)', async () => {
    mailbox = await startMailbox()
    const notifier = emailTo(mailbox.port, { smtp: `smtp://ops:wrong-word@127.0.0.1:${mailbox.port}` })
    const failure = await notifier.send(sampleNotice(), signal).catch((error: unknown) => error)
    expect(failure).toMatchObject({ kind: 'misconfigured', message: expect.stringContaining('PLM-391') })
    expect(String(failure)).not.toContain('wrong-word')
    expect(await notifier.check(signal)).toMatchObject({ ok: false })
  })

  it('gives up on a sender the server will never take, and says what it said (PLM-392)', async () => {
    mailbox = await startMailbox()
    mailbox.next('wrong')
    await expect(emailTo(mailbox.port).send(sampleNotice(), signal)).rejects.toMatchObject({
      kind: 'refused',
      message: expect.stringMatching(/PLM-392 the SMTP server 127\.0\.0\.1:\d+ refused: .*not from here/),
    })
  })

  it('says whom a letter did not reach when it reached others (PLM-392)', async () => {
    mailbox = await startMailbox({
      onRcptTo: ({ address }, _session, done) =>
        address.startsWith('on-call')
          ? done(Object.assign(new Error('no such mailbox'), { responseCode: 550 }))
          : done(),
    })
    await expect(emailTo(mailbox.port).send(sampleNotice(), signal)).rejects.toMatchObject({
      kind: 'refused',
      message: expect.stringContaining('on-call@example.org'),
    })
    expect(mailbox.letters).toHaveLength(1)
  })

  it('counts a server that is not there as "not now" (PLM-390)', async () => {
    const gone = await startMailbox()
    await gone.close()
    await expect(emailTo(gone.port).send(sampleNotice(), signal)).rejects.toMatchObject({
      kind: 'unavailable',
      message: expect.stringContaining('PLM-390'),
    })
  })

  it('does not send by a server whose certificate nobody vouches for, unless told to do without (PLM-390)', async () => {
    mailbox = await startMailbox({ hideSTARTTLS: false })
    await expect(emailTo(mailbox.port).send(sampleNotice(), signal)).rejects.toMatchObject({
      kind: 'unavailable',
      message: expect.stringContaining('PLM-390'),
    })
    expect(mailbox.letters).toEqual([])
    const smtp = `smtp://ops:${PASSWORD}@127.0.0.1:${mailbox.port}?ignoreTLS=true`
    await emailTo(mailbox.port, { smtp }).send(sampleNotice(), signal)
    expect(mailbox.letters).toHaveLength(1)
  })

  it('leaves a server that never greets after its timeout (PLM-393)', async () => {
    silent = createServer()
    await new Promise<void>(resolve => silent?.listen(0, '127.0.0.1', resolve))
    const address = silent.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    const hungUp = new Promise<void>(resolve => {
      silent?.on('connection', socket => {
        socket.on('error', () => undefined)
        socket.on('close', () => resolve())
        socket.resume()
      })
    })
    await expect(emailTo(port, { timeout: 100 }).send(sampleNotice(), signal)).rejects.toMatchObject({
      kind: 'unavailable',
      message: expect.stringMatching(/PLM-393 .* within 100 ms|PLM-390/),
    })
    await hungUp
  })

  it.each(['mail.example.org', 'http://mail.example.org', ''])('refuses "%s" as a server', smtp => {
    expect(emailNotifierOptions.safeParse({ to: 'a@b.c', smtp }).success).toBe(false)
  })
})
