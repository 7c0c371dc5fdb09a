/**
 * An instance for the proxy bench: answers every request at once with a small body. Run as a child process; tells
 * its parent the port it got.
 *
 * Example: `{ port: 41231 }` is the one message it sends.
 */
import { createServer } from 'node:http'

const BODY = Buffer.from('{"ok":true,"text":"a small answer, as an API would give it"}\n')

const server = createServer((request, response) => {
  response.writeHead(200, ['content-type', 'application/json', 'content-length', `${BODY.length}`])
  response.end(BODY)
  request.resume()
})
server.keepAliveTimeout = 60_000
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  if (address !== null && typeof address === 'object') process.send?.({ port: address.port })
})
process.on('disconnect', () => process.exit(0))
