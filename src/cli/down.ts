/**
 * `plimsoll down FILE`: ends the instances that outlived the daemon (`keep: true`), and says which. Their sessions end with
 * them, so it is a command of its own and nothing that happens along the way.
 *
 * Example: `ended rooms-g2pc0x7-1 of rooms`, one line for each; nothing when there are none.
 */
import { keptFolder } from '../compose/kept.ts'
import { systemClock } from '../plugins/clocks/system.ts'
import { endKept } from '../plugins/targets/process/end-kept.ts'
import { CliError, EXIT_OK } from './cli-error.ts'
import { loadFile } from './config-file.ts'
import { type Io, printJson, printLine } from './io.ts'

export interface DownOptions {
  readonly json?: boolean
}

export async function downCommand(file: string, { json }: DownOptions, io: Io): Promise<number> {
  const { state } = await loadFile(io, file)
  const ends = await endKept(keptFolder(state.path), systemClock)
  const inUse = ends.filter(({ ended }) => !ended)
  if (inUse.length > 0) {
    throw new CliError(
      'PLM-516',
      `A daemon has the ${inUse.length} instances that are kept, and would launch others in their place: nothing was ended. Stop it first.`,
    )
  }
  if (json === true) printJson(io, { ended: ends.map(({ fleet, instance }) => ({ fleet, instance })) })
  else for (const { fleet, instance } of ends) printLine(io, `ended ${instance} of ${fleet}`)
  return EXIT_OK
}
