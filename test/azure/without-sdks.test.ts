/**
 * Where nobody has installed Microsoft's clients: the real product, whose loader finds no package of theirs. What needs one
 * says which to install, and everything else goes on.
 */
import path from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { SCALE_SET, setting } from '../../src/importers/azure/azure.fixture.ts'
import { BUSY, rulesXml } from '../../src/importers/wasabi/xml.fixture.ts'
import { type Finished, type Folder, freePort, inFolder, LAUNCHER, QUICKSTART } from '../builders/real.ts'
import { until } from '../builders/until.ts'

// Every wait below has a deadline of its own; this one is for all of them on a busy machine.
vi.setConfig({ testTimeout: 240_000 })

const NOT_INSTALLED = `
import { registerHooks } from 'node:module'
registerHooks({
  resolve(specifier, context, next) {
    if (!specifier.startsWith('@azure/')) return next(specifier, context)
    throw Object.assign(new Error("Cannot find package '" + specifier + "'"), { code: 'ERR_MODULE_NOT_FOUND' })
  },
})
`
const SUBSCRIPTION = '00000000-0000-4000-8000-000000000001'
const SET = `{ type: azure-vmss, subscription: ${SUBSCRIPTION}, resourceGroup: web-rg, scaleSet: web }`

/** A fleet on each target of Azure, a metric of each source, and a fleet that needs none of it. */
function everything(port: number): string {
  return `plimsoll: 1
api: { listen: "127.0.0.1:${port}" }
metrics:
  cpu: { source: azure-monitor, resource: ${SCALE_SET}, metric: Percentage CPU, region: westeurope, instance: VMName }
  failed: { source: azure-log-analytics, workspace: ${SUBSCRIPTION}, query: requests, kind: total }
  backlog: { source: azure-queue, account: shopdata, queue: orders, read: messages }
  taken: { source: azure-table, account: shopdiag, table: WADPerformanceCountersTable, counter: a }
  waiting: { source: azure-service-bus, namespace: shop.servicebus.windows.net, queue: orders }
fleets:
  rooms:
    target: ${SET}
    capacity: { min: 2, max: 9 }
    every: 30s
    rules:
      - { name: A, when: "avg(cpu, 10m) > 70% or avg(failed, 10m) > 1", scale: { by: 1 } }
  shop:
    target: { type: azure-app-service-plan, subscription: ${SUBSCRIPTION}, resourceGroup: web-rg, plan: shop }
    capacity: { min: 2, max: 9 }
    every: 30s
    rules:
      - { name: B, when: "last(backlog) > 1 or avg(taken, 10m) > 1 or last(waiting) > 1", scale: { by: 1 } }
  plain:
    target: { type: none, count: "3" }
    capacity: { min: 1, max: 3 }
    every: 1s
`
}

function installLine(packages: string): string {
  return `Run \`npm install ${packages} @azure/identity\` where Plimsoll is installed.`
}

async function without(
  story: (folder: Folder, plimsoll: (...argv: string[]) => Promise<Finished>, hook: string) => Promise<void>,
): Promise<void> {
  await inFolder(async folder => {
    const hook = folder.write('not-installed.mjs', NOT_INSTALLED)
    await story(folder, (...argv) => folder.node('--import', hook, LAUNCHER, ...argv), hook)
  })
}

describe('without the clients of Microsoft', () => {
  it('what needs none of them works', async () => {
    await without(async (folder, plimsoll) => {
      folder.write('web.json', JSON.stringify(setting()))
      folder.write('rules.xml', rulesXml({ reactive: BUSY }))
      folder.write('azure.yaml', everything(await freePort()))
      folder.copy(path.join(QUICKSTART, 'plimsoll.yaml'), 'quickstart.yaml')
      for (const argv of [
        ['--help'],
        ['validate', 'quickstart.yaml'],
        ['validate', 'azure.yaml'],
        ['import', 'azure', 'web.json', '-o', 'web.yaml'],
        ['import', 'wasabi', 'rules.xml', '-o', 'rules.yaml'],
        ['export', 'azure', 'web.yaml', '-o', 'out.json'],
        [
          'azure',
          'template',
          'azure.yaml',
          '--fleet',
          'rooms',
          '--no-health',
          '--no-ssh',
          '--port',
          '8080',
          '-o',
          't.json',
        ],
      ]) {
        expect([argv, await plimsoll(...argv)]).toEqual([argv, expect.objectContaining({ code: 0 })])
      }
    })
  })

  it('each part says which to install', async () => {
    await without(async (folder, plimsoll) => {
      folder.write('azure.yaml', everything(await freePort()))
      const { code, out } = await plimsoll('doctor', 'azure.yaml')
      expect(code).toBe(1)
      for (const [part, packages] of [
        ['target of rooms', '@azure/arm-compute'],
        ['target of shop', '@azure/arm-appservice'],
        ['source azure-monitor', '@azure/monitor-query-metrics'],
        ['source azure-log-analytics', '@azure/monitor-query-logs'],
        ['source azure-queue', '@azure/storage-queue'],
        ['source azure-table', '@azure/data-tables'],
        ['source azure-service-bus', '@azure/service-bus'],
      ] as const) {
        const line = out.split('\n').find(each => each.includes(part)) ?? ''
        expect(line).toContain('PLM-760')
        expect(line).toContain(installLine(packages))
      }
      expect(out).toMatch(/^ok +target of plain/m)
      for (const [argv, packages] of [
        [['azure', 'cleanup', 'azure.yaml', '--fleet', 'rooms', '--check'], '@azure/arm-resources'],
        [
          ['backtest', 'azure.yaml', '--fleet', 'rooms', '--history', 'azure-monitor'],
          '@azure/monitor-query-metrics',
        ],
      ] as const) {
        const answer = await plimsoll(...argv)
        expect(answer.code).not.toBe(0)
        expect(answer.err).toContain('PLM-760')
        expect(answer.err).toContain(installLine(packages))
      }
    })
  })

  it('the other fleets of the daemon go on', async () => {
    await without(async (folder, plimsoll, hook) => {
      const port = await freePort()
      folder.write('azure.yaml', everything(port))
      folder.start(process.execPath, '--import', hook, LAUNCHER, 'run', 'azure.yaml')
      const status = () => plimsoll('status', '--url', `http://127.0.0.1:${port}`)
      const ticked = await until(
        'every fleet has decided',
        async () => {
          const { out } = await status()
          return out.includes('plain  stays 3') && (out.match(/PLM-760/g) ?? []).length === 2
            ? out
            : undefined
        },
        60_000,
      )
      expect(ticked).toContain(installLine('@azure/arm-compute'))
      expect(ticked).toContain(installLine('@azure/arm-appservice'))
    })
  })
})
