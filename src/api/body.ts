/**
 * Bodies: JSON only, at most 1 MiB, and a larger one is refused before it is read.
 *
 * Example: a POST that announces 100 MB is answered 413 as soon as its head has arrived; with `Expect:
 * 100-continue` not a byte of the body is asked for.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { wrongContentType } from './failure.ts'
import type { App } from './route.ts'

export function takeJson(app: App, limitBytes: number): void {
  const parse = app.getDefaultJsonParser('remove', 'remove')
  app.removeAllContentTypeParsers()
  app.addContentTypeParser(
    'application/json',
    { parseAs: 'string', bodyLimit: limitBytes },
    (request, body, done) => {
      if (body === '') done(null, undefined)
      else parse(request, body.toString(), done)
    },
  )
  app.addHook('onRequest', async request => {
    if (request.method !== 'POST') return
    const type = request.headers['content-type']
    if (type === undefined ? hasBody(request.raw) : !isJson(type)) throw wrongContentType(type)
  })
  // Without this Node would invite the whole body in before any route had a say.
  app.server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
    if (announcedBytes(request) <= limitBytes) response.writeContinue()
    app.server.emit('request', request, response)
  })
}

function isJson(type: string): boolean {
  return type.split(';', 1)[0]?.trim().toLowerCase() === 'application/json'
}

function hasBody(request: IncomingMessage): boolean {
  return request.headers['transfer-encoding'] !== undefined || announcedBytes(request) > 0
}

function announcedBytes(request: IncomingMessage): number {
  return Number(request.headers['content-length'] ?? 0)
}
