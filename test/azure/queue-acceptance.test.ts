/** The source `azure-queue` on Microsoft's own emulator, over Microsoft's own client. */
import { createServer, type Server } from 'node:net'
import { afterAll, beforeAll } from 'vitest'
import { systemClock } from '../../src/plugins/clocks/system.ts'
import { createAzureQueueSource } from '../../src/plugins/sources/azure-queue.ts'
import { metricSourceAcceptance } from '../../src/ports/metric-source.acceptance.ts'
import { type Azurite, startAzurite } from './azurite.ts'
import { accountOf, queryOf } from './storage-rig.ts'

let azurite: Azurite
let silent: Silent

beforeAll(async () => {
  azurite = await startAzurite()
  silent = await listenAndSayNothing()
})
afterAll(async () => {
  await azurite.stop()
  silent.close()
})

metricSourceAcceptance('azure-queue source', async () => {
  const source = createAzureQueueSource({ clock: systemClock, backOffMs: 1 })
  const query = (fleet: string, queue: string) =>
    queryOf({ ...accountOf(azurite), queue, read: 'messages' }, { name: queue, fleet })
  for (const queue of ['first', 'second']) await azurite.queues.getQueueClient(queue).create()
  return {
    source,
    now: () => systemClock.now(),
    query,
    offer: fill,
    failing: query('web', 'nowhere'),
    hanging: queryOf({ ...accountOf(azurite, { queue: silent.port }), queue: 'first', read: 'messages' }),
    cleanUp: async () => {
      for (const queue of ['first', 'second']) await azurite.queues.deleteQueue(queue)
    },
  }
})

/** As many as are wanted, whatever was there; nothing is half a message. */
async function fill(queue: string, messages: number): Promise<void> {
  const client = azurite.queues.getQueueClient(queue)
  await client.clearMessages()
  for (let n = 0; n < messages; n += 1) await client.sendMessage(`order ${n}`)
}

interface Silent {
  readonly port: number
  close(): void
}

async function listenAndSayNothing(): Promise<Silent> {
  const server: Server = createServer(socket => socket.on('error', () => {}))
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return { port, close: () => server.close() }
}
