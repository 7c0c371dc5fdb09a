/**
 * The HTTP API: doors first (host, origin, token), then the routes, then one shape for every failure. It reads the
 * runtime and wakes it; it decides nothing and changes no fleet.
 *
 * Example: `const api = await createApi(runtime, { host: '127.0.0.1', port: 0, token: null })`, then
 * `(await api.listen()).url` is `http://127.0.0.1:41231`, with the page at `/` and the document at `/openapi.json`.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import helmet from '@fastify/helmet'
import rateLimit from '@fastify/rate-limit'
import Fastify from 'fastify'
import { serializerCompiler, validatorCompiler, type ZodTypeProvider } from 'fastify-type-provider-zod'
import { createSettingsBoard } from '../loop/settings-board.ts'
import { answerFailure, pathOf } from './answer-failure.ts'
import { takeJson } from './body.ts'
import { askHost, askOrigin, tokenDoor } from './doors.ts'
import { createEventStream } from './event-stream.ts'
import {
  badRequest,
  cannotListen,
  methodNotAllowed,
  noSuchRoute,
  openWithoutToken,
  portTaken,
  tooManyRequests,
} from './failure.ts'
import { createMetrics } from './metrics.ts'
import { describeRoutes, documentRoute } from './openapi.ts'
import { createPaths } from './paths.ts'
import type { App } from './route.ts'
import { approvalRoutes } from './routes/approvals.ts'
import { configuringRoutes } from './routes/configuring.ts'
import { EVENTS_PATH, eventRoutes } from './routes/events.ts'
import { explainRoutes } from './routes/explain.ts'
import { fleetRoutes } from './routes/fleets.ts'
import { HEALTH_PREFIX, healthRoutes } from './routes/health.ts'
import { historyRoutes } from './routes/history.ts'
import { kpiRoutes } from './routes/kpis.ts'
import { loadRoutes } from './routes/loads.ts'
import { metricsRoutes } from './routes/metrics.ts'
import { ofrepRoutes } from './routes/ofrep.ts'
import { overrideRoutes } from './routes/overrides.ts'
import { BUILT_PAGE, pageRoutes } from './routes/page.ts'
import { sampleRoutes } from './routes/samples.ts'
import { sessionRoutes } from './routes/sessions.ts'
import { settingsRoutes } from './routes/settings.ts'
import { specRoutes } from './routes/spec.ts'
import type { Served } from './served.ts'
import { type ApiSettings, isLoopback, urlOf, withoutBrackets } from './settings.ts'

export interface Api {
  /** Starts to listen. Throws an `ApiError` PLM-451 when the port is taken, PLM-452 for another reason. */
  listen(): Promise<{ url: string }>
  /** Ends the event streams, lets running requests finish for a moment, and stops listening. Idempotent. */
  close(): Promise<void>
}

export const BODY_LIMIT_BYTES = 1024 * 1024
/** Per second and client; far above what a well-behaved pusher sends, low enough that a loop gone wild is stopped. */
const SAMPLE_POSTS_PER_SECOND = 10_000
const WAKES_PER_SECOND = 100
/** A matchmaker in front of many users is one client. */
const SESSION_REQUESTS_PER_SECOND = 20_000
/** An application may ask for a flag at each of its own requests. */
const EVALUATIONS_PER_SECOND = 10_000
/** For the whole of a request to arrive. */
const REQUEST_TIMEOUT_MS = 30_000
/** Also those of clients that wait for room, so more than wait. */
const MAX_CONNECTIONS = 4000
/** An encoded session id of 200 characters. */
const MOST_PARAMETER_CHARACTERS = 650
/** Requests still running at `close` get this long. */
const CLOSE_GRACE_MS = 2000

/** Throws an `ApiError` PLM-450 for an address other machines can reach, without a token. */
export async function createApi(runtime: Served, settings: ApiSettings): Promise<Api> {
  if (!isLoopback(settings.host) && settings.token === null) throw openWithoutToken(settings.host)
  const app = createApp(settings)
  const stream = createEventStream(unsentBytes =>
    settings.log?.warn({ unsentBytes }, 'A client of the events did not keep up and was disconnected'),
  )
  const openPaths = new Set<string>()
  closeDoors(app, settings, openPaths)
  takeJson(app, BODY_LIMIT_BYTES)
  await app.register(helmet, SECURITY_HEADERS)
  await app.register(rateLimit, {
    global: false,
    errorResponseBuilder: (_request, context) => tooManyRequests(context.max),
  })
  await describeRoutes(app, packageVersion(), settings.token !== null)
  fleetRoutes(app, runtime)
  historyRoutes(app, runtime)
  kpiRoutes(app, runtime)
  explainRoutes(app, runtime)
  sampleRoutes(app, runtime, {
    samples: { rateLimit: { max: SAMPLE_POSTS_PER_SECOND, timeWindow: 1000 } },
    wake: { rateLimit: { max: WAKES_PER_SECOND, timeWindow: 1000 } },
  })
  const sessionLimit = { rateLimit: { max: SESSION_REQUESTS_PER_SECOND, timeWindow: 1000 } }
  const metrics = createMetrics(runtime)
  sessionRoutes(app, runtime, sessionLimit, metrics)
  loadRoutes(app, runtime, sessionLimit)
  const board = createSettingsBoard(runtime)
  app.addHook('onClose', async () => board.close())
  settingsRoutes(app, runtime, board)
  await app.register(flags =>
    ofrepRoutes(flags, runtime, board, {
      rateLimit: { max: settings.evaluationsPerSecond ?? EVALUATIONS_PER_SECOND, timeWindow: 1000 },
      fail: bodyOf => answerFailure(settings.log ?? null, BODY_LIMIT_BYTES, bodyOf),
    }),
  )
  specRoutes(app, runtime)
  configuringRoutes(app, runtime, settings.token !== null)
  overrideRoutes(app, runtime)
  approvalRoutes(app, runtime)
  eventRoutes(app, runtime, stream)
  healthRoutes(app, runtime)
  metricsRoutes(app, metrics)
  documentRoute(app)
  if (settings.dashboardRoot !== null) await addPage(app, settings.dashboardRoot ?? BUILT_PAGE, openPaths)
  app.addHook('preClose', async () => stream.close())
  await app.ready()
  return { listen: () => listen(app, settings), close: () => close(app) }
}

function createApp(settings: ApiSettings): App {
  const fail = answerFailure(settings.log ?? null, BODY_LIMIT_BYTES)
  const paths = createPaths()
  const app: App = Fastify({
    logger: false,
    bodyLimit: BODY_LIMIT_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    forceCloseConnections: 'idle',
    routerOptions: { maxParamLength: MOST_PARAMETER_CHARACTERS },
    frameworkErrors: (error, request, reply) => fail(error, request, reply),
    clientErrorHandler: (_error, socket) => {
      if (!socket.writable) {
        socket.destroy()
        return
      }
      const body = JSON.stringify(badRequest('What arrived is not an HTTP request.').body())
      socket.end(
        `HTTP/1.1 400 Bad Request\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
      )
    },
  }).withTypeProvider<ZodTypeProvider>()
  app.server.maxConnections = MAX_CONNECTIONS
  app.setValidatorCompiler(validatorCompiler)
  app.setSerializerCompiler(serializerCompiler)
  app.setErrorHandler(fail)
  app.addHook('onRoute', route => paths.add(route.url, route.method))
  app.setNotFoundHandler((request, reply) => {
    const path = pathOf(request.url)
    const allowed = paths.allowedOn(path)
    if (allowed.length === 0) throw noSuchRoute(request.method, path)
    void reply.header('allow', allowed.join(', '))
    throw methodNotAllowed(request.method, path, allowed)
  })
  return app
}

function closeDoors(app: App, settings: ApiSettings, openPaths: ReadonlySet<string>): void {
  const askToken = settings.token === null ? null : tokenDoor(settings.token)
  app.addHook('onRequest', async request => {
    askHost(request, settings.host)
    askOrigin(request, pathOf(request.url) === EVENTS_PATH)
    const route = request.routeOptions.url
    const open = route !== undefined && (route.startsWith(HEALTH_PREFIX) || openPaths.has(route))
    if (askToken !== null && !open) askToken(request)
  })
}

/** The files of the page are for everyone: they hold nothing, and the page itself asks for the token. */
async function addPage(app: App, root: string, openPaths: Set<string>): Promise<void> {
  await app.register(async page => {
    page.addHook('onRoute', route => {
      openPaths.add(route.url)
    })
    await pageRoutes(page, root)
  })
}

const SELF = "'self'"
const NONE = "'none'"

const SECURITY_HEADERS = {
  contentSecurityPolicy: {
    useDefaults: false,
    directives: {
      defaultSrc: [NONE],
      scriptSrc: [SELF],
      styleSrc: [SELF],
      imgSrc: [SELF, 'data:'],
      connectSrc: [SELF],
      manifestSrc: [SELF],
      formAction: [SELF],
      baseUri: [NONE],
      frameAncestors: [NONE],
    },
  },
  frameguard: { action: 'deny' },
  hsts: false,
  referrerPolicy: { policy: 'no-referrer' },
} as const

async function listen(app: App, settings: ApiSettings): Promise<{ url: string }> {
  const host = withoutBrackets(settings.host)
  try {
    await app.listen({ host, port: settings.port })
  } catch (error) {
    const taken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE'
    throw taken ? portTaken(host, settings.port, error) : cannotListen(host, settings.port, error)
  }
  const address = app.server.address()
  const port = typeof address === 'object' && address !== null ? address.port : settings.port
  return { url: urlOf(host, port) }
}

async function close(app: App): Promise<void> {
  const impatience = setTimeout(() => app.server.closeAllConnections(), CLOSE_GRACE_MS)
  try {
    await app.close()
  } finally {
    clearTimeout(impatience)
  }
}

function packageVersion(): string {
  const text = readFileSync(join(import.meta.dirname, '..', '..', 'package.json'), 'utf8')
  const parsed: unknown = JSON.parse(text)
  const has = typeof parsed === 'object' && parsed !== null && 'version' in parsed
  return has && typeof parsed.version === 'string' ? parsed.version : '0.0.0'
}
