/** HAProxy keeps the contract of a session router, both ways it can count sessions. */
import { describe } from 'vitest'
import { until } from '../../../../test/builders/until.ts'
import { type RouterRig, sessionRouterAcceptance } from '../../../ports/session-router.acceptance.ts'
import { believeTable, openSite, type Session, type Site, skipHaproxy, titled } from './haproxy.fixture.ts'

const BELIEVED = { limits: { resyncMs: 0 } }

function instancesOf(site: Site): RouterRig['instances'] {
  return site.origins.map(({ id, address }) => ({ id, address, incarnation: null, zone: null }))
}

/** A session is a user with a cookie, and over when their entry is. */
async function byStickTable(): Promise<RouterRig> {
  const site = await openSite({ mode: 'http' })
  await believeTable(site)
  const router = site.router({ load: 'stick-table' }, BELIEVED)
  const users = new Set<string>()
  return {
    router,
    instances: instancesOf(site),
    placeSession: async () => {
      const { cookies, instance } = await site.visit()
      users.add(cookies)
      return { instance, goOn: async () => (await site.visit(cookies)).instance }
    },
    endSessions: async () => {
      for (const user of users) await site.ask(`clear table rooms key ${user.replace('sid=', '')}`)
      users.clear()
    },
    dispose: async () => {
      await router.close()
      await site.end()
    },
  }
}

/** A session is a connection. */
async function byConnections(): Promise<RouterRig> {
  const site = await openSite({ mode: 'tcp' })
  const router = site.router({ load: 'connections' })
  const sessions = new Set<Session>()
  const serving = async (): Promise<number> => {
    const rows = (await site.ask('show stat rooms 4 -1')).split('\n').filter(row => row.startsWith('rooms,'))
    return rows.reduce((sum, row) => sum + Number(row.split(',')[4]), 0)
  }
  return {
    router,
    instances: instancesOf(site),
    placeSession: async () => {
      const session = await site.connect()
      sessions.add(session)
      return { instance: session.instance, goOn: () => session.ask() }
    },
    endSessions: async () => {
      for (const session of sessions) session.end()
      sessions.clear()
      await until('HAProxy has noticed', async () => (await serving()) === 0)
    },
    dispose: async () => {
      for (const session of sessions) session.end()
      await router.close()
      await site.end()
    },
  }
}

describe.skipIf(skipHaproxy)(titled('against a real HAProxy'), () => {
  sessionRouterAcceptance('haproxy, sessions by stick table', byStickTable)
  sessionRouterAcceptance('haproxy, sessions by connection', byConnections)
})
