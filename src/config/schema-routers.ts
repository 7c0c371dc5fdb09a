/**
 * The keys of each router: who places sessions and knows which instance holds how many.
 *
 * Example: `{ type: haproxy, socket: /run/haproxy/admin.sock, backend: rooms }` reads as a router that speaks to HAProxy's
 * runtime socket, counts live connections and lets HAProxy check nothing.
 */
import { z } from 'zod'
import { CODES } from './codes.ts'
import { key } from './key.ts'
import { builtIn, type Extensions, extension, isOwn, namesBeside } from './schema-plugins.ts'
import { duration, headers, integer, listen, pointer, refusal, secret, urlPath } from './values.ts'

export const brokerRouterShape = {}

export const agentRouterShape = {
  lease: key(
    duration({ min: 1000, max: 86_400_000 }).prefault('30s'),
    'An instance that has not reported for so long has an unknown load.',
    '30s',
  ),
}

/** What an instance is told: `POST /drain`. */
const instanceCall = z
  .string()
  .max(2000)
  .regex(/^(GET|POST|PUT|PATCH|DELETE) \/\S*$/, 'write a method and a path, such as POST /drain')

export const httpRouterShape = {
  path: key(
    urlPath.prefault('/sessions'),
    'Path of each instance that answers its load as JSON.',
    '/sessions',
  ),
  pointer: key(
    pointer.prefault('/sessions'),
    'JSON Pointer (RFC 6901) to the number of slots in use in the answer.',
    '/sessions',
  ),
  headers: key(headers.default({}), 'Request headers.', { authorization: 'Bearer ${env:ROOMS_TOKEN}' }),
  timeout: key(
    duration({ min: 10, max: 600_000 }).prefault('2s'),
    'Without an answer within this the load is unknown.',
    '2s',
  ),
  close: key(
    instanceCall.optional(),
    'What tells an instance to take no more sessions, in effect when it answers 2xx. Without it another router must close.',
    'POST /drain',
  ),
  reopen: key(
    instanceCall.optional(),
    'What tells it to take them again; goes with `close`.',
    'DELETE /drain',
  ),
}

const socket = z.string().min(1).max(4096)

const haproxyCheckShape = {
  port: key(integer(1, 65_535).optional(), 'Port to check. Default: the one the instance serves on.', 8081),
  every: key(duration({ min: 100, max: 3_600_000 }).prefault('2s'), 'How often.', '2s'),
  rise: key(integer(1, 100).default(1), 'Good answers in a row until an instance gets work.', 1),
  fall: key(integer(1, 100).default(3), 'Bad answers in a row until it gets none.', 3),
}

export const haproxyCheckSchema = z.strictObject(haproxyCheckShape)

export const haproxyRouterShape = {
  socket: key(
    socket,
    'The runtime socket of HAProxy, at level admin: a path, or host:port.',
    '/run/haproxy/admin.sock',
    '127.0.0.1:9999',
  ),
  masterSocket: key(
    socket.optional(),
    'The socket of the master process (`haproxy -W -S`): after a reload, what old processes still hold is counted too.',
    '/run/haproxy/master.sock',
  ),
  hardStopAfter: key(
    duration({ min: 1000 }).optional(),
    "As `hard-stop-after` in HAProxy's configuration: the longest an old process lives on after a reload.",
    '1h',
  ),
  backend: key(
    z.string().min(1).max(64),
    'The backend that gets the instances as servers; its `balance` must be a dynamic one.',
    'rooms',
  ),
  prefix: key(
    z.string().min(1).max(64).optional(),
    "What the names of its servers begin with. Default: the fleet's name and a colon.",
    'rooms:',
  ),
  cookieKey: key(
    secret.optional(),
    'Key of `cookie ... dynamic` in the backend; without it users are kept by a stick table alone.',
    '${env:HAPROXY_COOKIE_KEY}',
  ),
  load: key(
    z.enum(['connections', 'stick-table']).default('connections'),
    'What a session is: a live connection (TCP, WebSocket), or an entry of a stick table.',
    'connections',
  ),
  table: key(
    z.string().min(1).max(64).optional(),
    'With `load: stick-table`: the table. Default: the one declared in the backend.',
    'rooms',
  ),
  check: key(haproxyCheckSchema.optional(), "HAProxy's own health checks; without it there are none.", {
    every: '2s',
    rise: 1,
    fall: 3,
  }),
  serverOptions: key(
    z.string().min(1).max(1000).optional(),
    'What else each server is given, as on a line `server` of its configuration.',
    'ssl verify none maxconn 20',
  ),
  timeout: key(
    duration({ min: 10, max: 600_000 }).prefault('2s'),
    'When the socket says nothing for so long, the exchange is given up.',
    '2s',
  ),
}

function callOf(text: string): { readonly method: string; readonly path: string } {
  const [method = '', path = ''] = text.split(' ')
  return { method, path }
}

/** What each router is given, in code units. */
const moreRouterOptions = {
  broker: z.strictObject(brokerRouterShape),
  agent: z.strictObject(agentRouterShape).transform(({ lease }) => ({ leaseMs: lease })),
  http: z.strictObject(httpRouterShape).transform(({ timeout, close, reopen, ...written }) => ({
    ...written,
    timeoutMs: timeout,
    calls:
      close === undefined || reopen === undefined ? null : { close: callOf(close), reopen: callOf(reopen) },
  })),
  haproxy: z.strictObject(haproxyRouterShape).transform(({ timeout, hardStopAfter, check, ...written }) => ({
    socket: written.socket,
    masterSocket: written.masterSocket ?? null,
    hardStopAfterMs: hardStopAfter ?? null,
    backend: written.backend,
    prefix: written.prefix ?? null,
    cookieKey: written.cookieKey ?? null,
    load: written.load,
    table: written.table ?? null,
    check:
      check === undefined
        ? null
        : { port: check.port ?? null, everyMs: check.every, rise: check.rise, fall: check.fall },
    serverOptions: written.serverOptions ?? null,
    timeoutMs: timeout,
  })),
} as const

const MORE_ROUTERS_MEANING = {
  broker: 'The session broker: clients ask the session API for a place, and it knows every session.',
  agent: 'Each instance (or an agent beside it) reports its load, with a lease.',
  http: 'Each instance is asked for its load.',
  haproxy: 'HAProxy, over its runtime socket.',
} as const

const cookieShape = {
  name: key(
    z
      .string()
      .max(64)
      .regex(/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/, {
        error: refusal(CODES.malformed, '{value} is not the name of a cookie', 'use letters, digits and -'),
      })
      .prefault('plimsoll'),
    'Name of the cookie.',
    'plimsoll',
  ),
  ttl: key(
    duration({ min: 1000 }).prefault('30m'),
    'A user who stays away this long may be placed anew.',
    '30m',
  ),
  secret: key(
    secret.optional(),
    'Signs the cookie; without it one is made at each start, and users are placed anew.',
    '${env:COOKIE_SECRET}',
  ),
}
const proxyRouterShape = {
  listen: key(listen, 'Where the proxy takes requests.', '127.0.0.1:8080'),
  cookie: key(
    z
      .union([z.literal(false), z.strictObject(cookieShape)], {
        error: () =>
          refusal(
            CODES.wrongType,
            'expected the settings of a cookie or false, found {value}',
            'write { name: plimsoll, ttl: 30m } or false',
          ),
      })
      .prefault({}),
    'Keeps a user on one instance by a signed cookie; false spreads every request.',
    { name: 'plimsoll', ttl: '30m' },
    false,
  ),
  concurrency: key(
    integer(1, 100_000).default(100),
    'Requests in flight per instance before further ones queue.',
    100,
  ),
  queue: key(
    integer(0, 1_000_000).default(1000),
    'Requests that may wait; further ones are answered 503.',
    1000,
  ),
  queueTimeout: key(
    duration({ min: 10, max: 3_600_000 }).prefault('10s'),
    'A request that waited this long is answered 503.',
    '10s',
  ),
}
const proxyRouter = z.strictObject(proxyRouterShape).transform(({ cookie, queueTimeout, ...written }) => ({
  listen: written.listen,
  cookie: cookie === false ? null : { name: cookie.name, ttlMs: cookie.ttl, secret: cookie.secret ?? null },
  concurrency: written.concurrency,
  queue: written.queue,
  queueTimeoutMs: queueTimeout,
}))

export const routerOptions = { proxy: proxyRouter, ...moreRouterOptions } as const
export type ProxyRouterOptions = z.output<typeof proxyRouter>

const builtInRouters = {
  proxy: builtIn('proxy', proxyRouterShape, 'A reverse proxy that spreads requests over the open instances.'),
  broker: builtIn('broker', brokerRouterShape, MORE_ROUTERS_MEANING.broker),
  agent: builtIn('agent', agentRouterShape, MORE_ROUTERS_MEANING.agent),
  haproxy: builtIn('haproxy', haproxyRouterShape, MORE_ROUTERS_MEANING.haproxy),
  http: builtIn('http', httpRouterShape, MORE_ROUTERS_MEANING.http),
} as const

export const ROUTERS = Object.keys(builtInRouters)

export function routerSchema(extensions: Extensions) {
  const { proxy, broker, agent, haproxy, http } = builtInRouters
  return z.discriminatedUnion('type', [
    proxy,
    broker,
    agent,
    haproxy,
    http,
    ...namesBeside(extensions.routers, ROUTERS).map(extension),
  ])
}

export function routerOfType(type: string, extensions: Extensions): z.ZodObject | null {
  if (isOwn(builtInRouters, type)) return builtInRouters[type]
  return extensions.routers?.includes(type) === true ? extension(type) : null
}
