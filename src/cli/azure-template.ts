/**
 * `plimsoll azure template FILE`: what a fleet needs on Azure, as an ARM template, and the values it is to have as a file of parameters.
 *
 * Example: `plimsoll azure template plimsoll.yaml -o template.json` ends with
 * `Wrote template.json: 6 resources for web, 1 zone-redundant scale set of 2 to 10 instances.`
 */
import { access } from 'node:fs/promises'
import { type Design, designOf, type Wishes } from '../infrastructure/design.ts'
import { givenIn, optionsOf, parameterFileOf, type Values } from '../infrastructure/parameters.ts'
import { InfrastructureRefusal } from '../infrastructure/refusal.ts'
import { jsonText, templateOf } from '../infrastructure/template.ts'
import { CliError, EXIT_OK } from './cli-error.ts'
import { coloursFor } from './colours.ts'
import { loadFile } from './config-file.ts'
import { createFile, readInputFile } from './files.ts'
import { type Io, printJson, resolvePath, type Sink } from './io.ts'

export interface TemplateOptions {
  readonly fleet?: string
  readonly output?: string
  readonly parameters?: string
  readonly mode?: 'uniform' | 'flexible'
  readonly zones?: readonly string[]
  readonly port?: number
  readonly frontendPort?: number
  readonly ssh: boolean
  readonly richHealth?: boolean
  readonly health: boolean
  readonly automaticRepairs?: boolean
  readonly repairGrace?: number
  /** false: none; true: nothing was said. */
  readonly terminateNotice?: number | boolean
  /** true: it is given when it is deployed. */
  readonly subnet?: string | true
  readonly image?: string
  readonly size?: string
  readonly adminUser?: string
  readonly sshKey?: string
  readonly sshFrom?: string
  readonly userData?: string
  readonly principal?: string
  readonly principalType?: string
  readonly json?: boolean
}

const MODES = { uniform: 'Uniform', flexible: 'Flexible' } as const

export async function templateCommand(file: string, options: TemplateOptions, io: Io): Promise<number> {
  const { spec } = await loadFile(io, file)
  const values = await valuesOf(options, io)
  const { design, parameters, missing } = asCliError(() => {
    const designed = designOf(spec, wishesOf(options))
    const { file: made, missing: without } = parameterFileOf(designed, values)
    return { design: designed, parameters: made, missing: without }
  })
  requireFileFor(values, options)
  const template = templateOf(design)
  const isFile = options.output !== undefined && options.output !== '-'
  await refuseExisting(io, [isFile ? options.output : undefined, options.parameters])
  if (isFile) await createFile(io, options.output, jsonText(template))
  if (options.parameters !== undefined) await createFile(io, options.parameters, jsonText(parameters))
  if (options.json === true) {
    const files = {
      ...(isFile ? { file: options.output } : {}),
      ...(options.parameters === undefined ? {} : { parametersFile: options.parameters }),
    }
    printJson(io, { written: true, ...files, template, parameters, missing, notes: design.notes })
    return EXIT_OK
  }
  if (!isFile) io.stdout.write(jsonText(template))
  tell(design, missing, options, isFile ? io.stdout : io.stderr, io)
  return EXIT_OK
}

/** Both or neither are written. */
async function refuseExisting(io: Io, files: readonly (string | undefined)[]): Promise<void> {
  for (const file of files) {
    if (file === undefined) continue
    const isThere = await access(resolvePath(io, file)).then(
      () => true,
      () => false,
    )
    if (isThere) {
      throw new CliError('PLM-505', `${file} exists already, and is left as it is. Give another name.`)
    }
  }
}

/** Refusals of what is to be built are mistakes of the input. */
export function asCliError<T>(make: () => T): T {
  try {
    return make()
  } catch (error) {
    if (!(error instanceof InfrastructureRefusal)) throw error
    throw new CliError(error.code, error.message, { cause: error })
  }
}

function wishesOf(options: TemplateOptions): Wishes {
  const { terminateNotice } = options
  return {
    fleet: options.fleet,
    mode: options.mode === undefined ? undefined : MODES[options.mode],
    zones: options.zones,
    port: options.port,
    frontendPort: options.frontendPort,
    ssh: options.ssh,
    ownNetwork: options.subnet === undefined,
    health: options.health ? (options.richHealth === true ? 'rich' : undefined) : 'none',
    automaticRepairs: options.automaticRepairs,
    repairGraceMs: options.repairGrace,
    terminateNoticeMs:
      typeof terminateNotice === 'number' ? terminateNotice : terminateNotice === false ? null : undefined,
  }
}

async function valuesOf(options: TemplateOptions, io: Io): Promise<Values> {
  const { sshKey, userData, subnet } = options
  return {
    image: options.image,
    vmSize: options.size,
    adminUsername: options.adminUser,
    sshPublicKey: sshKey === undefined ? undefined : (await readInputFile(io, sshKey)).trim(),
    userData: userData === undefined ? undefined : await readInputFile(io, userData),
    sshSource: options.sshFrom,
    subnetId: typeof subnet === 'string' ? subnet : undefined,
    principalId: options.principal,
    principalType: options.principalType,
  }
}

/** Values are no part of the template, which is the same for every environment. */
function requireFileFor(values: Values, { parameters, json }: TemplateOptions): void {
  const given = optionsOf(givenIn(values))
  if (given.length === 0 || parameters !== undefined || json === true) return
  throw new CliError(
    'PLM-801',
    `${given.join(', ')} ${given.length === 1 ? 'is a value' : 'are values'} of a deployment, and not of the template. Say with --parameters FILE where to write them.`,
  )
}

function tell(
  design: Design,
  missing: readonly string[],
  { output, parameters }: TemplateOptions,
  sink: Sink,
  io: Io,
): void {
  const { bold } = coloursFor(io)
  const { facts, mode, zones } = design
  for (const note of design.notes) sink.write(`${bold('note')} ${note}\n`)
  if (missing.length > 0)
    sink.write(`${bold('note')} still to be given when it is deployed: ${missing.join(', ')}\n`)
  if (parameters !== undefined) sink.write(`Wrote ${parameters}.\n`)
  if (output === undefined || output === '-') return
  const where =
    zones.length === 0 ? 'without zones' : `over ${zones.length === 1 ? 'zone' : 'zones'} ${zones.join(', ')}`
  sink.write(
    `Wrote ${output}: a ${mode} scale set for ${facts.home.fleet}, ${facts.initial} to ${facts.highest} instances ${where}.\n`,
  )
  const values = parameters === undefined ? '' : ` --parameters @${parameters}`
  sink.write(
    `Next: az deployment group create --resource-group ${facts.home.resourceGroup} --template-file ${output}${values}\n`,
  )
}
