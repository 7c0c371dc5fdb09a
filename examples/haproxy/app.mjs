/**
 * The example's application: it says which instance answers. `GET /health` is what Plimsoll asks it.
 */
import { createServer } from 'node:http'

const instance = process.env.PLIMSOLL_INSTANCE ?? 'app'

const server = createServer((request, response) => {
  const healthy = request.url === '/health'
  response.writeHead(200, { 'content-type': 'text/plain', 'x-instance': instance })
  response.end(healthy ? 'ok\n' : `Hello from ${instance}.\n`)
})
server.listen(Number(process.env.PORT ?? 3000), process.env.HOST ?? '127.0.0.1')
process.on('SIGTERM', () => server.close(() => process.exit(0)))
