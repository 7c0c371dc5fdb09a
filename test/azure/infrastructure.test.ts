/**
 * Every template that is written for a fleet: judged by Microsoft's JSON Schemas, and worked out, so that each reference leads to
 * something that is in it.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { parseConfig } from '../../src/config/load.ts'
import { exportAzure } from '../../src/importers/azure/export-azure.ts'
import { type Design, designOf, type Wishes } from '../../src/infrastructure/design.ts'
import { InfrastructureRefusal } from '../../src/infrastructure/refusal.ts'
import { jsonText, templateOf } from '../../src/infrastructure/template.ts'
import { runs } from '../seed.ts'
import { HAS_SCHEMAS, judgeOf, UNLESS_ABSENT } from './microsoft-schemas.ts'
import { textsIn, workedOut } from './worked-out.ts'

const VALUES = {
  image: 'Canonical:ubuntu-24_04-lts:server:latest',
  sshPublicKey: 'ssh-ed25519 AAAA',
  sshSource: '203.0.113.0/24',
  principalId: '00000000-0000-4000-8000-00000000000a',
  subnetId: '/elsewhere/subnets/instances',
  userData: 'echo hello',
}

const SUBSCRIPTION = '00000000-0000-4000-8000-000000000001'

interface Written {
  readonly scaleSet: string
  readonly target: string
  readonly min: number
  readonly more: number
  readonly rest: readonly string[]
}

const written: fc.Arbitrary<Written> = fc.record({
  scaleSet: fc.constantFrom('web', 'Web-2', '2048', 'a', `x${'y'.repeat(63)}`),
  target: fc.constantFrom(
    '',
    ', exclusive: true',
    ', ledger: true',
    ', zones: [1, 2], scaleIn: deallocate, protect: true',
    ', reach: { loadBalancer: NAME-lb }',
    ', reach: { loadBalancer: another }',
    ', address: "http://{computerName}:8080"',
    ', address: "https://{computerName}"',
  ),
  min: fc.constantFrom(0, 1, 2, 900),
  more: fc.constantFrom(0, 1, 9, 5_000),
  rest: fc
    .subarray([
      'health: { http: "/healthz?a=[b]", every: 2s }',
      'sessions: { slotsPerInstance: 4, reserve: 25%, drain: { deadline: 4h } }',
      'health: { tcp: 9000 }',
      'health: { command: [./well.sh], every: 2m, suspectAfter: 30, unhealthyAfter: 50 }',
      'mode: recommend',
      'bootTimeout: 2h',
      'quota: 950',
    ])
    // One of a kind.
    .map(lines =>
      lines.filter((line, at) => lines.findIndex(other => other.split(':')[0] === line.split(':')[0]) === at),
    ),
})

const repairs: fc.Arbitrary<Wishes> = fc.constantFrom(
  {},
  { automaticRepairs: false },
  { automaticRepairs: true, repairGraceMs: 600_000 },
  { automaticRepairs: true, repairGraceMs: 5_400_000 },
)

const others: fc.Arbitrary<Wishes> = fc.record(
  {
    mode: fc.constantFrom('Uniform', 'Flexible'),
    port: fc.constantFrom(1, 3000, 65_535),
    frontendPort: fc.constantFrom(1, 443, 49_999, 52_000),
    zones: fc.constantFrom([], ['1'], ['1', '2', '3']),
    ssh: fc.boolean(),
    ownNetwork: fc.boolean(),
    health: fc.constantFrom('binary', 'rich', 'none'),
    terminateNoticeMs: fc.constantFrom(null, 300_000, 900_000),
  },
  { requiredKeys: [] },
)

const wishes = fc.tuple(others, repairs).map(([other, repair]): Wishes => ({ ...other, ...repair }))

function textOf({ scaleSet, target, min, more, rest }: Written): string {
  return `plimsoll: 1
fleets:
  rooms:
    target: { type: azure-vmss, subscription: ${SUBSCRIPTION}, resourceGroup: g, scaleSet: "${scaleSet}"${target.replace('NAME', scaleSet)} }
    capacity: { min: ${min}, max: ${min + more} }
${rest.map(line => `    ${line}\n`).join('')}`
}

function specOf(text: string) {
  const result = parseConfig(text, { file: 'plimsoll.yaml', env: {}, readFile: () => '' })
  if (!result.ok) throw new Error(JSON.stringify(result.problems))
  return result.loaded
}

/** `null`: it is refused, which is told of elsewhere. */
function designed(file: Written, wished: Wishes): Design | null {
  try {
    return designOf(specOf(textOf(file)).spec, wished)
  } catch (error) {
    if (error instanceof InfrastructureRefusal) return null
    throw error
  }
}

function designs(judged: (design: Design) => void): void {
  let made = 0
  fc.assert(
    fc.property(written, wishes, (file, wished) => {
      const design = designed(file, wished)
      if (design === null) return
      made += 1
      judged(design)
    }),
    { numRuns: runs(120) },
  )
  expect(made).toBeGreaterThan(60)
}

const scaleSet = z.object({
  type: z.literal('Microsoft.Compute/virtualMachineScaleSets'),
  properties: z.looseObject({
    upgradePolicy: z.object({ mode: z.string() }),
    overprovision: z.boolean().optional(),
    automaticRepairsPolicy: z.object({ enabled: z.boolean() }).optional(),
  }),
})

describe('a template for a fleet', () => {
  it('names nothing that it does not create before, whatever the file and the options', () => {
    designs(design => {
      const { resources, loose } = workedOut(templateOf(design), VALUES)
      expect(loose.filter(text => !text.includes(VALUES.subnetId))).toEqual([])
      expect(resources.filter(({ type }) => type.endsWith('/virtualMachineScaleSets'))).toHaveLength(1)
    })
  })

  it('leaves scaling to Plimsoll, and repairs to one of both', () => {
    designs(design => {
      const { resources } = workedOut(templateOf(design), VALUES)
      expect(resources.filter(({ type }) => /autoscale/i.test(type))).toEqual([])
      const [set] = resources.flatMap(resource => scaleSet.safeParse(resource).data ?? [])
      expect(set?.properties.upgradePolicy.mode).toBe('Manual')
      expect(set?.properties.overprovision ?? false).toBe(false)
      if (design.facts.exclusive) expect(set?.properties.automaticRepairsPolicy).toBeUndefined()
    })
  })

  it('has names that Azure takes, each once, and tags by which they are known', () => {
    designs(design => {
      const { resources } = workedOut(templateOf(design), VALUES)
      for (const { type, name, tags } of resources) {
        if (type.endsWith('/roleAssignments'))
          expect(name).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
        else {
          expect(name).toMatch(/^[A-Za-z0-9][A-Za-z0-9-]{0,78}[A-Za-z0-9]$|^[A-Za-z0-9]$/)
          expect(tags).toEqual({ 'plimsoll-fleet': 'rooms' })
        }
      }
      const ids = resources.map(({ type, name }) => `${type}/${name}`.toLowerCase())
      expect(new Set(ids).size).toBe(ids.length)
    })
  })

  it('is the same text each time, and holds no value of a deployment', () => {
    designs(design => {
      const text = jsonText(templateOf(design))
      expect(jsonText(templateOf(design))).toBe(text)
      expect(textsIn(JSON.parse(text)).filter(found => found.includes(SUBSCRIPTION))).toEqual([])
    })
  })

  it('takes what could be a secret only as a secure parameter without a value', () => {
    designs(design => {
      const { parameters } = z
        .object({
          parameters: z.record(
            z.string(),
            z.object({ type: z.string(), defaultValue: z.unknown().optional() }),
          ),
        })
        .parse(templateOf(design))
      const suspicious = Object.entries(parameters).filter(([name]) =>
        /userData|password|secret|token/i.test(name),
      )
      expect(suspicious).toEqual([
        ['userData', expect.objectContaining({ type: 'securestring', defaultValue: '' })],
      ])
    })
  })
})

describe('working out', () => {
  const broken = (change: (text: string) => string): readonly string[] => {
    const design = designOf(
      specOf(textOf({ scaleSet: 'web', target: '', min: 2, more: 3, rest: [] })).spec,
      {},
    )
    return workedOut(z.looseObject({}).parse(JSON.parse(change(jsonText(templateOf(design))))), VALUES).loose
  }

  it('finds nothing in a template that is whole', () => {
    expect(broken(text => text)).toEqual([])
  })

  it.each([
    ["'web-lb', 'instances'", "'web-lb', 'instance'", 'web-lb/backendAddressPools/instance, which'],
    ["loadBalancers', 'web-lb'", "loadBalancers', 'web-lc'", 'web-lc, which is nowhere'],
    ["parameters('vmSize')", "parameters('vmsizes')", 'the parameter vmsizes is not declared'],
    ["parameters('vmSize')", "parameters('diskType')", 'nobody asks for the parameter vmSize'],
    ["concat(parameters('image')", "conkat(parameters('image')", 'cannot be worked out'],
    [
      `"[resourceId('Microsoft.Network/virtualNetworks', 'web-net')]"`,
      `"[resourceId('Microsoft.Network/networkSecurityGroups', 'web-nsg')]"`,
      'web-net and does not wait for it',
    ],
  ])('finds %s written as %s', (right, wrong, said) => {
    expect(broken(text => text.replaceAll(right, wrong))).toContainEqual(expect.stringContaining(said))
  })
})

describe.skipIf(!HAS_SCHEMAS)(`Microsoft's JSON Schemas (${UNLESS_ABSENT})`, () => {
  const judge = HAS_SCHEMAS ? judgeOf() : () => []

  it('take every template, whatever the file and the options', () => {
    designs(design => expect(judge(JSON.parse(jsonText(templateOf(design))))).toEqual([]))
  }, 120_000)

  it.each<readonly [string, string, string]>([
    ['"capacity": "[parameters(\'instanceCount\')]"', '"capacity": "2"', '/sku'],
    ['"overprovision": false', '"overprovision": "no"', 'overprovision'],
    ['"overprovision": false', '"overProvision": false', 'overProvision'],
    ['"orchestrationMode": "Uniform"', '"orchestrationMode": "uniform"', 'orchestrationMode'],
    ['"frontendPortRangeStart": 50000', '"frontendPortRangeStart": "50000"', 'frontendPortRangeStart'],
    ['"protocol": "Http"', '"protocol": "http"', 'protocol'],
    ['"enableAutomaticUpgrade"', '"enableAutomaticUpgrades"', 'enableAutomaticUpgrades'],
    ['"apiVersion": "2024-11-01"', '"apiVersion": "2024-11-31"', 'no such resource'],
    ['"type": "securestring"', '"type": "secret"', '/parameters/userData/type'],
    ['"principalId": "[parameters', '"principal": "[parameters', 'principalId'],
    ['"contentVersion": "1.0.0.0"', '"contentVersion": "1"', 'contentVersion'],
  ])('refuse %s as %s', (right, wrong, said) => {
    const { spec } = specOf(textOf({ scaleSet: 'web', target: '', min: 2, more: 3, rest: [HTTP] }))
    const text = jsonText(templateOf(designOf(spec, {})))
    expect(text).toContain(right)
    const found = judge(JSON.parse(text.replaceAll(right, wrong)))
    expect(found).toContainEqual(expect.stringContaining(said))
  })

  it('take what is exported of any configuration', () => {
    fc.assert(
      fc.property(exportable, text => {
        const { text: exported } = exportAzure(specOf(text))
        expect(judge(JSON.parse(exported))).toEqual([])
      }),
      { numRuns: runs(100) },
    )
  }, 120_000)
})

const HTTP = 'health: { http: /healthz }'

/** Configurations nobody imported: schedules, rules of all kinds, several fleets. */
const exportable = fc
  .record({
    min: fc.integer({ min: 0, max: 5 }),
    more: fc.integer({ min: 0, max: 40 }),
    schedules: fc.subarray([
      'office: { weekly: { days: [monday, friday] }, start: "09:00", end: "17:30", timeZone: Europe/London }',
      'nights: { daily: true, start: "22:00", duration: 8h, timeZone: America/New_York }',
      'launch: { between: { from: 2026-12-24T18:00, to: 2026-12-25T00:00 }, timeZone: Asia/Kolkata }',
    ]),
    rules: fc.subarray([
      '{ name: Out, when: "avg(cpu, 10m) > 70%", scale: { by: 2 } }',
      '{ name: In, when: "avg(cpu, 10m) < 30%", scale: { by: -1 }, cooldown: 20m }',
      '{ name: Most, when: "max(cpu, 5m) > 95%", scale: { by: "50%" } }',
      '{ name: Exactly, when: "avg(cpu, 1h) >= 99%", scale: { to: 5 } }',
      '{ name: Track, track: { metric: "avg(cpu, 5m)", target: 60% } }',
    ]),
    mode: fc.constantFrom('scale', 'recommend', 'notify'),
  })
  .map(({ min, more, schedules, rules, mode }) => {
    const names = schedules.map(line => line.split(':')[0] ?? '')
    const constraints = names.map(
      (name, index) =>
        `      - { name: ${name} hours, rank: ${index + 1}, min: ${min + 1}, max: ${min + more + 2}, schedule: ${name} }\n`,
    )
    return `plimsoll: 1
${schedules.length === 0 ? '' : `schedules:\n${schedules.map(line => `  ${line}\n`).join('')}`}
metrics:
  cpu: { source: push, kind: perInstance, unit: percent }
fleets:
  web:
    mode: ${mode}
    capacity: { min: ${min}, max: ${min + more} }
${constraints.length === 0 ? '' : `    constraints:\n${constraints.join('')}`}
${rules.length === 0 ? '' : `    rules:\n${rules.map(line => `      - ${line}\n`).join('')}`}
  other:
    target: { type: azure-vmss, subscription: ${SUBSCRIPTION}, resourceGroup: g, scaleSet: other }
    capacity: { min: 1, max: 2 }
`
  })
