/**
 * Names, options and help of the commands about a fleet's infrastructure on Azure.
 *
 * Example: `plimsoll azure template plimsoll.yaml -o template.json`, then `az deployment group create`; and one day `plimsoll azure cleanup
 * plimsoll.yaml --yes`.
 */
import { type Command, InvalidArgumentError, Option } from 'commander'
import type { Io } from './io.ts'
import { span } from './operate-commands.ts'

type Done = (code: number) => void

const TEMPLATE_HELP = `
Nothing is deployed: \`az deployment group create --resource-group G --template-file template.json --parameters @parameters.json\`
does. What is not given here it asks for. The template goes to standard output, or with -o to a file that does not exist yet.`

const CLEANUP_HELP = `
Without --yes and --check nothing is asked of Azure, and nobody need be signed in. Only what carries the tag of the fleet is deleted. What
was stopped goes on when it is run again.`

export function addAzureCommands(program: Command, io: Io, done: Done): void {
  const azure = program
    .command('azure')
    .helpGroup('On Azure:')
    .summary('create and delete what a fleet needs there')
    .description('Writes what a fleet needs on Azure as an ARM template, and deletes it again.')
  addTemplateCommand(azure, io, done)
  azure
    .command('cleanup')
    .summary('delete what the template of a fleet has created')
    .description(
      'Prints the deletions in an order in which they succeed, and with --yes carries them out. Instances are deleted with their scale set.',
    )
    .argument('<file>', 'the configuration')
    .option('--fleet <name>', 'the fleet, where several are on scale sets')
    .option('--check', 'look what of it is there, and delete nothing')
    .option('--yes', 'delete it')
    .option('--cut-sessions', 'also while there are sessions on its instances')
    .option('--json', 'answer as JSON')
    .addHelpText('after', CLEANUP_HELP)
    .action(async (file, options) =>
      done(await (await import('./azure-cleanup.ts')).cleanupCommand(file, options, io)),
    )
}

function addTemplateCommand(azure: Command, io: Io, done: Done): void {
  azure
    .command('template')
    .summary('write an ARM template of what a fleet needs')
    .description(
      'Writes an ARM template of a scale set over three zones, its load balancer, health, network, and the role of Plimsoll.',
    )
    .argument('<file>', 'the configuration')
    .option('--fleet <name>', 'the fleet, where several are on scale sets')
    .option('-o, --output <file>', 'write it to this file, which must not exist yet')
    .option('--parameters <file>', 'write the values given here to this file, which must not exist yet')
    .addOption(
      new Option('--mode <mode>', 'how Azure keeps its instances (default: uniform)').choices([
        'uniform',
        'flexible',
      ]),
    )
    .option('--zones <list>', 'zones, or none (default: 1,2,3)', zones)
    .option('--port <port>', 'where the application listens, unless the file says so', port)
    .option('--frontend-port <port>', 'where the load balancer listens (default: 80, or 443)', port)
    .option('--no-ssh', 'no way in by SSH')
    .option('--rich-health', 'the health path answers {"ApplicationHealthState": ...}')
    .option('--no-health', 'no health extension')
    .option('--automatic-repairs', 'Azure replaces what is unhealthy, unless the file says exclusive')
    .option('--no-automatic-repairs', 'it does not')
    .option('--repair-grace <duration>', 'after so long (default: bootTimeout)', span)
    .option('--terminate-notice <duration>', 'an instance is told so long before (default: 5m)', span)
    .option('--no-terminate-notice', 'it is not told')
    .option('--subnet [id]', 'put instances into a subnet that is there')
    .option('--image <name>', 'publisher:offer:sku:version, or the id of an image')
    .option('--size <name>', 'size of an instance')
    .option('--admin-user <name>', 'who signs in by SSH')
    .option('--ssh-key <file>', 'public key of who does')
    .option('--ssh-from <range>', 'from where: an address, a range, or *')
    .option('--user-data <file>', 'what instances find at the metadata service; no secrets')
    .option('--principal <id>', "object id of Plimsoll's identity")
    .option('--principal-type <type>', 'ServicePrincipal, User or Group')
    .option('--json', 'answer as JSON: the template, the parameters, and what to know')
    .addHelpText('after', TEMPLATE_HELP)
    .action(async (file, options) =>
      done(await (await import('./azure-template.ts')).templateCommand(file, options, io)),
    )
}

function port(text: string): number {
  const value = Number(text)
  if (/^\d{1,5}$/.test(text) && value >= 1 && value <= 65_535) return value
  throw new InvalidArgumentError('Give a port, 1 to 65535.')
}

function zones(text: string): readonly string[] {
  if (text === 'none') return []
  const list = [...new Set(text.split(','))]
  if (list.every(zone => /^[1-9]$/.test(zone))) return list.sort()
  throw new InvalidArgumentError('Give zones as 1,2,3, or none.')
}
