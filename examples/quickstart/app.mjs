/**
 * The quickstart's application: a plain HTTP server that gets slow when it gets busy, as real ones do.
 *
 * Each request to `/` holds one of two places for 50 ms, of which 3 ms are real CPU work, so one instance serves
 * 2 / 0.050 s = 40 requests per second and then uses about 12 % of one core; what comes above that waits in line.
 * Five of them in full swing serve 200 requests per second on a good half of one core.
 *
 * A request to `/report` is expensive: it holds a place for 400 ms, as long as eight ordinary ones. So the application asks
 * Plimsoll once a second what its setting `reports` is, and turns reports away while it is off.
 */
import { createServer } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'

const port = Number(process.env.PORT ?? 3000)
const host = process.env.HOST ?? '127.0.0.1'
const instance = process.env.PLIMSOLL_INSTANCE ?? 'app'
const places = Number(process.env.APP_PLACES ?? 2)
const cpuMs = Number(process.env.APP_CPU_MS ?? 3)
const waitMs = Number(process.env.APP_WAIT_MS ?? 47)
const longestLine = Number(process.env.APP_LINE ?? 200)
const reportMs = Number(process.env.APP_REPORT_MS ?? 400)
/** Where Plimsoll answers, e.g. `http://127.0.0.1:7070`; without it reports are always on. */
const api = process.env.PLIMSOLL_API
const fleet = process.env.PLIMSOLL_FLEET ?? 'web'

let reportsOn = true
if (api !== undefined) void followSettings()

/** What Plimsoll said last holds while it cannot be asked. */
async function followSettings() {
  for (;;) {
    try {
      const answer = await fetch(`${api}/v1/settings/${fleet}`, { signal: AbortSignal.timeout(2000) })
      if (answer.ok) reportsOn = (await answer.json()).settings.reports ?? true
    } catch {
      // It restarts, or is busy: what it said last holds, and it is asked again.
    }
    await wait(1000)
  }
}

let working = 0
const line = []

const server = createServer(async (request, response) => {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost')
  if (pathname === '/health') answer(response, 200, 'ok')
  else if (pathname === '/slow') await slow(response, Number(searchParams.get('ms') ?? 2000))
  else if (pathname === '/report') await report(response)
  else if (pathname === '/') await serve(response, waitMs, `Hello from ${instance}.`)
  else answer(response, 404, 'There is /, /report, /slow?ms=2000 and /health.')
})

async function report(response) {
  if (reportsOn) await serve(response, reportMs, `A long report from ${instance}.`)
  else answer(response, 503, 'Reports are off while it is busy.')
}

async function serve(response, ms, text) {
  if (line.length >= longestLine) return answer(response, 503, 'Too many are waiting.')
  await enter()
  try {
    burn(cpuMs)
    await wait(ms)
    answer(response, 200, text)
  } finally {
    leave()
  }
}

/** Takes its time and no place; the head comes at once, so a caller knows that its request is under way. */
async function slow(response, ms) {
  writeHead(response, 200)
  response.flushHeaders()
  await wait(Math.min(Math.max(ms || 0, 0), 60_000))
  response.end(`Hello from ${instance}, after ${ms} ms.\n`)
}

function enter() {
  if (working < places) {
    working += 1
    return undefined
  }
  return new Promise(resolve => line.push(resolve))
}

/** The place goes to the next in line, or becomes free. */
function leave() {
  const next = line.shift()
  if (next) next()
  else working -= 1
}

function burn(ms) {
  const until = performance.now() + ms
  let sum = 0
  while (performance.now() < until) for (let n = 1; n < 1000; n += 1) sum += Math.sqrt(n)
  return sum
}

function answer(response, status, text) {
  writeHead(response, status)
  response.end(`${text}\n`)
}

function writeHead(response, status) {
  // While ending, a kept-alive connection would only hold the end up.
  if (!server.listening) response.setHeader('connection', 'close')
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', 'x-instance': instance })
}

/** What is under way is finished; a connection that is kept alive without a request is not waited for. */
function end() {
  server.close(() => process.exit(0))
  setInterval(() => server.closeIdleConnections(), 20)
}

process.once('SIGTERM', end)
process.once('SIGINT', end)
server.listen(port, host, () => console.log(`${instance} listens on http://${host}:${port}`))
