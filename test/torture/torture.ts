/**
 * The torture: `npm run torture -- [--minutes 1] [--kills N] [--seed S] [--cloud NAME] [--json]`. Real daemons, real instances, real clients, and
 * somebody who ends them by force. Needs `npm run build` before, and Linux.
 *
 * Example: `npm run torture -- --kills 200 --json` ends with `{"seed":1,...,"kills":200,"acknowledgedLost":0,"sessionsCut":0,"orphans":0}`.
 * Exit codes: 0 nothing was lost, 1 something was, 2 an option is wrong or it cannot be played here.
 */
import { existsSync } from 'node:fs'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { REPOSITORY } from '../builders/real.ts'
import { isBad, runTorture } from './run.ts'
import { CLOUDS, type CloudName } from './scene.ts'

interface Asked {
  readonly minutes: number
  readonly kills: number | null
  readonly seed: number
  readonly cloud: CloudName
  readonly json: boolean
}

async function main(): Promise<number> {
  const asked = read(process.argv.slice(2))
  if (typeof asked === 'string') {
    process.stderr.write(`${asked}\n`)
    return 2
  }
  const { json, ...options } = asked
  const print = (line: string): void => void process.stderr.write(`${line}\n`)
  const verdict = await runTorture({ ...options, print })
  if (json) process.stdout.write(`${JSON.stringify(verdict)}\n`)
  else
    for (const [name, value] of Object.entries(verdict)) process.stdout.write(`${name.padEnd(18)}${value}\n`)
  return isBad(verdict) ? 1 : 0
}

function read(args: readonly string[]): Asked | string {
  if (!existsSync('/proc/self/environ')) return 'the torture finds processes in /proc, and there is none here'
  if (!existsSync(path.join(REPOSITORY, 'dist'))) return 'there is no dist: npm run build'
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        minutes: { type: 'string', default: '1' },
        kills: { type: 'string' },
        seed: { type: 'string', default: '1' },
        cloud: { type: 'string', default: 'processes' },
        json: { type: 'boolean', default: false },
      },
    })
    const minutes = Number(values.minutes)
    const kills = values.kills === undefined ? null : Number(values.kills)
    const seed = Number(values.seed)
    if (!(minutes > 0 && minutes <= 1_440)) return `--minutes must be from 0 to 1440, not ${values.minutes}`
    if (kills !== null && !(Number.isInteger(kills) && kills > 0)) {
      return `--kills must be a whole number from 1, not ${values.kills}`
    }
    if (!Number.isInteger(seed) || seed < 0) return `--seed must be a whole number from 0, not ${values.seed}`
    const cloud = CLOUDS.find(name => name === values.cloud)
    if (cloud === undefined) return `there is no cloud "${values.cloud}"; there are ${CLOUDS.join(', ')}`
    return { minutes, kills, seed, cloud, json: values.json }
  } catch (error) {
    return `${error instanceof Error ? error.message : String(error)}\noptions: --minutes M --kills N --seed S --cloud NAME --json`
  }
}

process.exitCode = await main()
