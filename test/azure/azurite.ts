/**
 * Microsoft's own emulator of storage accounts as the other side: a process of its own, on free ports, with its files in a
 * temporary folder.
 *
 * Example: `const azurite = await startAzurite()`, `await azurite.queues.getQueueClient('orders').create()`,
 * `connection: azurite.connection()`, `await azurite.stop()`.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { TableClient } from '@azure/data-tables'
import { QueueServiceClient } from '@azure/storage-queue'

/** Known to everybody: the account of the emulator. */
export const ACCOUNT = 'devstoreaccount1'
export const KEY = 'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=='

const PROGRAM = path.resolve(import.meta.dirname, '../../node_modules/azurite/dist/src/azurite.js')
const START_MS = 30_000

export interface Ports {
  readonly queue: number
  readonly table: number
}

export interface Azurite {
  readonly ports: Ports
  /** With other ports: through something in between. */
  connection(ports?: Partial<Ports>): string
  readonly queues: QueueServiceClient
  table(name: string): TableClient
  /** A table with rows, made anew. */
  tableWith(name: string, rows: readonly TableRow[]): Promise<TableClient>
  /** Ends the process at once; its files go. */
  stop(): Promise<void>
}

export type TableRow = Readonly<Record<string, unknown>> & {
  readonly partitionKey: string
  readonly rowKey: string
}

export interface AzuriteOptions {
  /** Over TLS, and those who bring a token are let in. */
  readonly tls?: { readonly key: string; readonly cert: string }
}

export async function startAzurite({ tls }: AzuriteOptions = {}): Promise<Azurite> {
  const folder = mkdtempSync(path.join(tmpdir(), 'azurite-'))
  const options = [
    '--location',
    folder,
    '--skipApiVersionCheck',
    '--disableTelemetry',
    ...tlsOptions(folder, tls),
  ]
  const hosts = ['blob', 'queue', 'table'].flatMap(each => [
    `--${each}Host`,
    '127.0.0.1',
    `--${each}Port`,
    '0',
  ])
  const child = spawn(process.execPath, [PROGRAM, ...options, ...hosts], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const gone = once(child, 'exit')
  const said: string[] = []
  child.stderr.on('data', data => said.push(String(data)))
  const found = new Map<string, number>()
  const giveUp = setTimeout(() => child.kill('SIGKILL'), START_MS)
  for await (const line of createInterface({ input: child.stdout })) {
    said.push(line)
    const [, service, port] =
      /^Azurite (\w+) service is successfully listening at \S+:(\d+)$/.exec(line) ?? []
    if (service !== undefined) found.set(service.toLowerCase(), Number(port))
    if (found.size === 3) break
  }
  clearTimeout(giveUp)
  child.stdout.resume()
  const [queue, table] = [found.get('queue'), found.get('table')]
  if (queue === undefined || table === undefined) {
    child.kill('SIGKILL')
    throw new Error(`Azurite did not start: ${said.join('\n')}`)
  }
  return azuriteAt({ queue, table }, tls === undefined ? 'http' : 'https', async () => {
    child.kill('SIGKILL')
    if (child.exitCode === null && child.signalCode === null) await gone
    rmSync(folder, { recursive: true, force: true })
  })
}

function tlsOptions(folder: string, tls: AzuriteOptions['tls']): string[] {
  if (tls === undefined) return []
  const [key, cert] = [path.join(folder, 'key.pem'), path.join(folder, 'cert.pem')]
  writeFileSync(key, tls.key)
  writeFileSync(cert, tls.cert)
  return ['--key', key, '--cert', cert, '--oauth', 'basic']
}

function azuriteAt(ports: Ports, protocol: 'http' | 'https', stop: () => Promise<void>): Azurite {
  const connection = (through: Partial<Ports> = {}) => connectionTo({ ...ports, ...through }, protocol)
  const table = (name: string) =>
    TableClient.fromConnectionString(connection(), name, { allowInsecureConnection: true })
  return {
    ports,
    connection,
    queues: QueueServiceClient.fromConnectionString(connection()),
    table,
    async tableWith(name, rows) {
      const client = table(name)
      await client.createTable()
      for (const row of rows) await client.upsertEntity({ ...row }, 'Replace')
      return client
    },
    stop,
  }
}

function connectionTo({ queue, table }: Ports, protocol: 'http' | 'https'): string {
  return [
    `DefaultEndpointsProtocol=${protocol}`,
    `AccountName=${ACCOUNT}`,
    `AccountKey=${KEY}`,
    `QueueEndpoint=${protocol}://127.0.0.1:${queue}/${ACCOUNT}`,
    `TableEndpoint=${protocol}://127.0.0.1:${table}/${ACCOUNT}`,
  ].join(';')
}
