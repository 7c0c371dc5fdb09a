/**
 * The guard's side of a kept instance: it writes the instance down, listens on a socket, and tells every daemon that comes
 * what happened so far and what happens from then on.
 *
 * Example: a daemon is gone for a minute; the next one connects and is told `{ saw: 'company', others: 0 }`, the last lines
 * printed, and `{ saw: 'started', pid: 4711 }`.
 */
import { rmSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { startOf } from './family.ts'
import type { GuardOrder, GuardReport, GuardStart } from './guard-protocol.ts'
import { eachJsonLine } from './json-lines.ts'
import { claimRecord, type KeptRecord, saveRecord } from './kept-record.ts'

const LINES = 200
/** A daemon that reads nothing must not make a guard grow: it is told what matters, not what was printed. */
const UNREAD_BYTES = 1_000_000
const GOODBYE_MS = 1_000

export class KeptDoor {
  readonly #path: string
  readonly #server: Server
  readonly #clients = new Set<Socket>()
  readonly #printed: GuardReport[] = []
  readonly #seen: GuardReport[] = []
  readonly #first = Promise.withResolvers<void>()
  #record: KeptRecord

  private constructor(path: string, record: KeptRecord, server: Server) {
    this.#path = path
    this.#record = record
    this.#server = server
  }

  /** `null`: another guard has the token. Throws when the place cannot be written. */
  static async open(
    { keep, mark, stopGraceMs }: GuardStart,
    obey: (order: GuardOrder) => void,
  ): Promise<KeptDoor | null> {
    if (keep === null) throw new Error('not asked to be kept')
    const record: KeptRecord = {
      version: 1,
      ...keep.about,
      mark,
      stopGraceMs,
      socket: keep.socket,
      guard: { pid: process.pid, start: startOf(process.pid) },
      command: null,
      ready: false,
    }
    // Whoever has the record has the socket's name; what lies there without a record was left behind.
    if (!claimRecord(keep.record, record)) return null
    try {
      rmSync(keep.socket, { force: true })
      const server = createServer()
      const door = new KeptDoor(keep.record, record, server)
      server.on('connection', socket => door.#welcome(socket, obey))
      await listen(server, keep.socket)
      return door
    } catch (error) {
      rmSync(keep.record, { force: true })
      throw error
    }
  }

  /** Resolves once somebody came, or nobody is expected any more. */
  async firstComer(withinMs: number): Promise<void> {
    const late = setTimeout(() => this.expectNobody(), withinMs)
    await this.#first.promise
    clearTimeout(late)
  }

  expectNobody(): void {
    this.#first.resolve()
  }

  tell(report: GuardReport): void {
    if (report.saw === 'printed') {
      this.#printed.push(report)
      if (this.#printed.length > LINES) this.#printed.shift()
    } else {
      this.#seen.push(report)
      if (report.saw === 'started') {
        this.#save({ command: { pid: report.pid, start: startOf(report.pid) } })
      }
    }
    for (const client of this.#clients) say(client, report)
  }

  rememberReady(): void {
    if (!this.#record.ready) this.#save({ ready: true })
  }

  /** Nothing is left: the token may be used again. */
  close(): void {
    rmSync(this.#path, { force: true })
    rmSync(this.#record.socket, { force: true })
    this.#server.close()
    for (const client of this.#clients) {
      client.end()
      setTimeout(() => client.destroy(), GOODBYE_MS).unref()
    }
  }

  #welcome(client: Socket, obey: (order: GuardOrder) => void): void {
    const others = this.#clients.size
    this.#clients.add(client)
    client.on('error', () => client.destroy())
    client.once('close', () => this.#clients.delete(client))
    eachJsonLine(client, order => obey(order as GuardOrder))
    for (const report of [{ saw: 'company' as const, others }, ...this.#printed, ...this.#seen])
      say(client, report)
    this.#first.resolve()
  }

  /** A disk that takes nothing now must not end an instance: what is lost is a convenience. */
  #save(change: Partial<KeptRecord>): void {
    this.#record = { ...this.#record, ...change }
    try {
      saveRecord(this.#path, this.#record)
    } catch {
      // The next daemon finds its processes by their mark, and sees by itself whether it is ready.
    }
  }
}

function say(client: Socket, report: GuardReport): void {
  if (report.saw === 'printed' && client.writableLength > UNREAD_BYTES) return
  if (client.writable) client.write(`${JSON.stringify(report)}\n`)
}

/** Only this user may connect. */
function listen(server: Server, socket: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const before = process.umask(0o177)
    server.once('error', reject)
    server.listen(socket, () => resolve())
    process.umask(before)
  })
}
