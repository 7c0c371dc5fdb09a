import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { openScene, type Scene } from '../../test/builders/cli.ts'

let scene: Scene
beforeEach(() => {
  scene = openScene()
})
afterEach(() => scene.end())

const TARGET = 'type: azure-vmss, subscription: 00000000-0000-4000-8000-000000000001, resourceGroup: web-rg'
const KEY = `ssh-ed25519 ${'A'.repeat(68)} ops@example.org`
const PRINCIPAL = '00000000-0000-4000-8000-00000000000a'

function fileOf(rest = '', target = 'scaleSet: web, address: "http://{computerName}:8080"'): string {
  return `plimsoll: 1
fleets:
  web:
    target: { ${TARGET}, ${target} }
    capacity: { min: 2, max: 10 }
${rest}`
}

const answer = z.object({
  template: z.looseObject({ resources: z.array(z.looseObject({ type: z.string() })) }),
  parameters: z.looseObject({ parameters: z.record(z.string(), z.object({ value: z.string() })) }),
  missing: z.array(z.string()),
  notes: z.array(z.string()),
})

async function templateOf(text: string, ...options: string[]) {
  scene.file('p.yaml', text)
  const { code, out, err } = await scene.run(['azure', 'template', 'p.yaml', '--json', ...options])
  expect([code, err]).toEqual([0, ''])
  return answer.parse(JSON.parse(out))
}

function textOf(template: object): string {
  return JSON.stringify(template)
}

describe('azure template', () => {
  it('writes the template to standard output, and what to know to standard error', async () => {
    scene.file('p.yaml', fileOf())
    const { code, out, err } = await scene.run(['azure', 'template', 'p.yaml'])
    expect(code).toBe(0)
    expect(JSON.parse(out)).toMatchObject({ contentVersion: '1.0.0.0' })
    expect(err).toContain('note web has no `health`')
    expect(err).toContain(
      'note still to be given when it is deployed: image, sshPublicKey, sshSource, principalId\n',
    )
  })

  it('writes template and parameters to files, and tells how to deploy them', async () => {
    scene.file('p.yaml', fileOf())
    scene.file('key.pub', `${KEY}\n`)
    scene.file('start.sh', 'echo hello\n')
    const options = ['--image', 'a:b:c:latest', '--ssh-key', 'key.pub', '--ssh-from', '203.0.113.0/24']
    const more = ['--user-data', 'start.sh', '--principal', PRINCIPAL, '--size', 'Standard_D2s_v5']
    const files = ['-o', 't.json', '--parameters', 'v.json']
    const { code, out } = await scene.run(['azure', 'template', 'p.yaml', ...files, ...options, ...more])
    expect(code).toBe(0)
    expect(out).toContain(
      'Wrote t.json: a Uniform scale set for web, 2 to 10 instances over zones 1, 2, 3.\n',
    )
    expect(out).toContain(
      'Next: az deployment group create --resource-group web-rg --template-file t.json --parameters @v.json\n',
    )
    expect(out).not.toContain('still to be given')
    expect(JSON.parse(readFileSync(path.join(scene.cwd, 'v.json'), 'utf8')).parameters).toEqual({
      image: { value: 'a:b:c:latest' },
      vmSize: { value: 'Standard_D2s_v5' },
      sshPublicKey: { value: KEY },
      userData: { value: 'echo hello\n' },
      sshSource: { value: '203.0.113.0/24' },
      principalId: { value: PRINCIPAL },
    })
    const again = await scene.run([
      'azure',
      'template',
      'p.yaml',
      '-o',
      'other.json',
      '--parameters',
      'v.json',
    ])
    expect([again.code, again.err]).toEqual([2, expect.stringContaining('PLM-505: v.json exists already')])
    const neither = await scene.run(['azure', 'template', 'p.yaml', '-o', 'other.json'])
    expect(neither.code).toBe(0)
  })

  it('asks as the file says it is asked, on the port the file says', async () => {
    const health =
      '    health: { http: { path: /well, port: 9090 }, every: 20s, suspectAfter: 4, unhealthyAfter: 7 }\n'
    const { template } = await templateOf(fileOf(health))
    const text = textOf(template)
    expect(text).toContain('"requestPath":"/well","intervalInSeconds":20,"probeThreshold":4')
    expect(text).toContain(
      '"protocol":"http","port":9090,"requestPath":"/well","intervalInSeconds":20,"numberOfProbes":7',
    )
    expect(text).toContain('"frontendPort":80,"backendPort":8080')
  })

  it('is spoken to over TLS where the address of instances says so', async () => {
    const { template } = await templateOf(
      fileOf('    health: { http: /well }\n', 'scaleSet: web, address: "https://{computerName}"'),
    )
    const text = textOf(template)
    expect(text).toContain('"protocol":"Https","port":443')
    expect(text).toContain('"frontendPort":443,"backendPort":443')
  })

  it('begins with the default of the capacity that always holds, and has room for the most of all constraints', async () => {
    const constraints = `    constraints:
      - { name: peak, rank: 5, min: 20, max: 40, schedule: { daily: true, start: "08:00", duration: 2h } }
      - { name: off, rank: 9, min: 90, max: 99, enabled: false }
`
    const { template } = await templateOf(fileOf(constraints).replace('max: 10', 'max: 10, default: 3'))
    const text = textOf(template)
    expect(text).toContain('"instanceCount":{"type":"int","defaultValue":3')
    // 40 and half as many again, and 10.
    expect(text).toContain('"frontendPortRangeStart":50000,"frontendPortRangeEnd":50069')
    expect(text).toContain('"allocatedOutboundPorts":912')
  })

  it('gives the role to read metrics only where the file reads them', async () => {
    const { template } = await templateOf(fileOf())
    expect(template.resources.filter(({ type }) => type.endsWith('roleAssignments'))).toHaveLength(1)
    expect(textOf(template)).toContain('9980e02c-c2be-4d73-94e8-173b1dc7cf3c')
    expect(textOf(template)).not.toContain('43d0d8ad-25c7-4714-9337-8ba259a9fe05')
  })

  it('gives it for what is in the group, and tells of the rest', async () => {
    const group = '/subscriptions/00000000-0000-4000-8000-000000000001/resourcegroups/WEB-RG'
    const metrics = `metrics:
  cpu: { source: azure-monitor, resource: "${group}/providers/Microsoft.Compute/virtualMachineScaleSets/web", metric: Percentage CPU, region: westeurope }
  queue: { source: azure-monitor, resource: "${group}-2/providers/Microsoft.Web/serverfarms/shop", metric: HttpQueueLength, region: westeurope }
`
    const reading = (key: string, limit: string) =>
      fileOf(`    rules: [{ name: Out, when: "avg(${key}, 10m) > ${limit}", scale: { by: 1 } }]\n${metrics}`)
    const own = await templateOf(reading('cpu', '70%'))
    expect(textOf(own.template)).toContain('43d0d8ad-25c7-4714-9337-8ba259a9fe05')
    const other = await templateOf(reading('queue', '70'))
    expect(textOf(other.template)).not.toContain('43d0d8ad-25c7-4714-9337-8ba259a9fe05')
    expect(other.notes).toContainEqual(expect.stringContaining('queue is about resources of another'))
  })

  it('gives the role to ask for ports on the load balancer alone, where the file shows them', async () => {
    const { template, notes } = await templateOf(fileOf('', 'scaleSet: web, reach: { loadBalancer: web-lb }'))
    const roles = template.resources.filter(({ type }) => type.endsWith('roleAssignments'))
    expect(roles.map(({ scope }) => scope)).toEqual([undefined, 'Microsoft.Network/loadBalancers/web-lb'])
    expect(notes.filter(note => note.includes('reach'))).toEqual([])
    const another = await templateOf(fileOf('', 'scaleSet: web, reach: { loadBalancer: shop-lb }'))
    expect(another.notes).toContainEqual(expect.stringContaining('this one is called web-lb'))
  })

  it.each<readonly [readonly string[], readonly string[], readonly string[]]>([
    [
      [],
      ['virtualNetworks', '"name":"ssh"', 'ApplicationHealthLinux'],
      ['deleteOption', 'networkApiVersion'],
    ],
    [['--mode', 'flexible'], ['"Flexible"', '"deleteOption":"Delete"', '2022-11-01'], ['overprovision']],
    [['--no-ssh'], [], ['"name":"ssh"', 'sshSource', 'inboundNatRules":[{']],
    [['--subnet'], ['subnetId'], ['virtualNetworks', 'addressPrefix"']],
    [['--zones', 'none'], ['"defaultValue":[]'], []],
    [['--zones', '2,1'], ['"defaultValue":["1","2"]'], []],
    [['--rich-health'], ['"2.0"', 'gracePeriod'], ['"1.0"']],
    [['--no-health'], [], ['ApplicationHealthLinux', 'automaticRepairsPolicy']],
    [['--no-automatic-repairs'], [], ['automaticRepairsPolicy']],
    [['--repair-grace', '45m'], ['"gracePeriod":"PT45M"'], []],
    [['--terminate-notice', '15m'], ['"notBeforeTimeout":"PT15M"'], []],
    [['--no-terminate-notice'], [], ['scheduledEventsProfile']],
    [['--frontend-port', '8443', '--port', '3000'], ['"frontendPort":8443,"backendPort":3000'], []],
  ])('with %j has %j and not %j', async (options, has, hasNot) => {
    const { template } = await templateOf(fileOf('    health: { http: /well }\n'), ...options)
    const text = textOf(template)
    expect(has.filter(part => !text.includes(part))).toEqual([])
    expect(hasNot.filter(part => text.includes(part))).toEqual([])
  })

  it('has the zones in which the file launches', async () => {
    const { template } = await templateOf(fileOf('', 'scaleSet: web, zones: [3, 1]'))
    expect(textOf(template)).toContain('"defaultValue":["1","3"]')
  })

  it('leaves repairs to Plimsoll where nobody else is to touch the instances', async () => {
    const { template, notes } = await templateOf(fileOf('', 'scaleSet: web, exclusive: true'))
    expect(textOf(template)).not.toContain('automaticRepairsPolicy')
    expect(notes).toContainEqual(expect.stringContaining('automatic repairs are left off'))
  })

  it('tells what sessions have to expect of Azure', async () => {
    const { template, notes } = await templateOf(
      fileOf('    router: { type: broker }\n    sessions: { slotsPerInstance: 8 }\n'),
    )
    expect(textOf(template)).toContain('"notBeforeTimeout":"PT15M"')
    expect(notes).toContainEqual(
      expect.stringContaining('delete an unhealthy instance with the sessions on it'),
    )
    expect(notes).toContainEqual(expect.stringContaining('also over what Plimsoll has closed'))
  })

  it.each<readonly [string, string, string]>([
    ['capacity: { min: 1, max: 1 }', '', 'not spread over zones'],
    ['capacity: { min: 2, max: 5000 }', '', 'holds 1000 instances'],
    ['', '    health: { command: [./well.sh] }\n', 'which Azure cannot run'],
    ['', '    mode: recommend\n', 'launch nothing'],
  ])('notes of %s%s that it is %s', async (capacity, rest, said) => {
    const text = fileOf(rest)
    const { notes } = await templateOf(capacity === '' ? text : text.replace(/capacity: .*/, capacity))
    expect(notes).toContainEqual(expect.stringContaining(said))
  })
})

describe('azure template refuses', () => {
  const OTHERS = `plimsoll: 1
fleets:
  a: { target: { ${TARGET}, scaleSet: a }, capacity: { min: 1, max: 2 } }
  b: { target: { ${TARGET}, scaleSet: b }, capacity: { min: 1, max: 2 } }
  c: { capacity: { min: 1, max: 2 } }
`
  const NONE = `plimsoll: 1
fleets:
  c: { capacity: { min: 1, max: 2 } }
`

  it.each<readonly [readonly string[], string, string, string]>([
    [[], 'PLM-800', 'No fleet of the file has the target azure-vmss', NONE],
    [[], 'PLM-800', 'a, b. Name one with --fleet', OTHERS],
    [['--fleet', 'c'], 'PLM-800', 'The target of c is of the type none', OTHERS],
    [['--fleet', 'd'], 'PLM-800', 'There is no fleet "d"', OTHERS],
    [['--automatic-repairs'], 'PLM-801', '`exclusive: true`', fileOf('', 'scaleSet: web, exclusive: true')],
    [['--repair-grace', '20m'], 'PLM-801', '`exclusive: true`', fileOf('', 'scaleSet: web, exclusive: true')],
    [['--zones', 'none'], 'PLM-801', 'leaves out 1, 2.', fileOf('', 'scaleSet: web, zones: [1, 2]')],
    [['--no-health', '--automatic-repairs'], 'PLM-801', 'health extension', fileOf()],
    [['--frontend-port', '50003'], 'PLM-801', 'among those for SSH, 50000 to 50024', fileOf()],
    [['--size', 'Standard_B1s'], 'PLM-801', '--parameters FILE', fileOf()],
    [['--no-ssh', '--ssh-from', '*', '--json'], 'PLM-801', '--no-ssh', fileOf()],
    [[], 'PLM-802', 'the scale set "web_1"', fileOf('', 'scaleSet: web_1')],
    [[], 'PLM-802', 'holds 1000', fileOf().replace('{ min: 2, max: 10 }', '{ min: 1200, max: 1300 }')],
    [['--repair-grace', '5m'], 'PLM-802', '10 to 90 minutes', fileOf()],
    [['--terminate-notice', '30m'], 'PLM-802', '5 to 15 minutes', fileOf()],
    [['--json', '--image', 'ubuntu'], 'PLM-802', 'publisher:offer:sku:version', fileOf()],
    [['--json', '--ssh-key', 'p.yaml'], 'PLM-802', 'public key', fileOf()],
    [['--json', '--ssh-from', '10.0.0.0/33'], 'PLM-802', '--ssh-from', fileOf()],
    [['--json', '--principal', 'me'], 'PLM-802', 'object id', fileOf()],
    [['--json', '--admin-user', 'root'], 'PLM-802', 'root', fileOf()],
    [['--json', '--size', 'large'], 'PLM-802', 'Standard_B2s', fileOf()],
    [['--json', '--subnet', 'mine'], 'PLM-802', 'virtualNetworks', fileOf()],
    [['--json', '--user-data', 'much.txt'], 'PLM-802', '65536 bytes', fileOf()],
    [['--json', '--user-data', 'packed.gz'], 'PLM-802', 'a file of text', fileOf()],
    [['--json', '--principal-type', 'Robot'], 'PLM-802', 'ServicePrincipal', fileOf()],
    [['--zones', '1,x'], 'PLM-501', 'Give zones as 1,2,3', fileOf()],
    [['--port', '0'], 'PLM-501', 'Give a port', fileOf()],
    [['--ssh-key', 'absent.pub'], 'PLM-503', 'absent.pub', fileOf()],
  ])('%j: %s %s', async (options, code, said, text) => {
    scene.file('p.yaml', text)
    scene.file('much.txt', 'x'.repeat(70_000))
    writeFileSync(path.join(scene.cwd, 'packed.gz'), Buffer.from([0x1f, 0x8b, 8, 0, 0xff]))
    const answered = await scene.run(['azure', 'template', 'p.yaml', ...options])
    expect([answered.code, answered.out]).toEqual([2, ''])
    expect(answered.err).toContain(code)
    expect(answered.err.replace(/\s+/g, ' ')).toContain(said)
  })
})
