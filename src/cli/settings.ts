/**
 * `plimsoll settings [FLEET]`: what applications are told, and which rule holds it there; with `--history` how it came to be.
 *
 * Example:
 *
 *     FLEET  SETTING  VALUE  DEFAULT  SINCE             RULE
 *     web    reports  false  true     12:04:15, 3s ago  "Shed load"
 */
import { formatSpan } from '../engine/explain.ts'
import type { SettingChange } from '../model/settings.ts'
import { CliError, EXIT_OK } from './cli-error.ts'
import { type Colours, coloursFor } from './colours.ts'
import { type TellOptions, tellTime } from './decision-text.ts'
import { isoOf } from './instant.ts'
import { type Io, printJson, printLine } from './io.ts'
import { suggest } from './nearest.ts'
import { type ReaderOptions, withReader } from './reader/open.ts'
import type { Reader, SettingsTold, SettingTold } from './reader/reader.ts'
import { table } from './table.ts'

export interface SettingsOptions extends ReaderOptions {
  readonly json?: boolean
  readonly history?: boolean
  /** Of the history. */
  readonly limit: number
}

export async function settingsCommand(
  fleet: string | undefined,
  options: SettingsOptions,
  io: Io,
): Promise<number> {
  return withReader(io, options, async reader => {
    const fleets = await settingsOf(reader, fleet)
    if (options.history === true) await tellHistory(reader, fleets, options, io)
    else if (options.json === true) printJson(io, { from: reader.from, fleets: fleetsJson(fleets) })
    else for (const line of tellSettings(fleets, reader, io)) printLine(io, line)
    return EXIT_OK
  })
}

async function settingsOf(reader: Reader, fleet: string | undefined): Promise<readonly SettingsTold[]> {
  const all = await reader.settings()
  if (fleet === undefined) return all
  const found = all.filter(told => told.fleet === fleet)
  if (found.length > 0) return found
  const names = all.map(told => told.fleet)
  throw new CliError('PLM-507', `There is no fleet "${fleet}" in ${reader.from}. ${suggest(fleet, names)}`)
}

function fleetsJson(fleets: readonly SettingsTold[]): object {
  return Object.fromEntries(
    fleets.map(({ fleet, version, applied, settings }) => [
      fleet,
      {
        version,
        applied,
        settings: settings.map(told => ({ ...told, since: told.since === null ? null : isoOf(told.since) })),
      },
    ]),
  )
}

const HEADS = ['FLEET', 'SETTING', 'VALUE', 'DEFAULT', 'SINCE', 'RULE']

function tellSettings(fleets: readonly SettingsTold[], reader: Reader, io: Io): string[] {
  const colours = coloursFor(io)
  const told = { colours, timeZone: io.timeZone, now: io.now() }
  const rows = fleets.flatMap(({ fleet, settings }) => settings.map(setting => rowOf(fleet, setting, told)))
  if (rows.length === 0) {
    return [`No settings, says ${reader.from}. A fleet gets them with \`settings: { reports: true }\`.`]
  }
  return [...table([HEADS.map(word => colours.dim(word)), ...rows]), ...fleets.flatMap(tellWithheld)]
}

function rowOf(fleet: string, told: SettingTold, options: TellOptions): string[] {
  const { colours, now } = options
  const { setting, value, rule, since } = told
  return [
    colours.bold(fleet),
    setting,
    told.default === value ? String(value) : colours.yellow(String(value)),
    told.default === null ? '-' : String(told.default),
    since === null ? '-' : `${tellTime(since, options)}, ${formatSpan(Math.max(0, now - since))} ago`,
    rule === null ? '-' : `"${rule}"`,
  ]
}

/** In a mode that does not apply settings: what they would be. */
function tellWithheld({ fleet, applied, settings }: SettingsTold): string[] {
  if (applied) return []
  const asked = settings
    .filter(({ decided, value }) => decided !== null && decided !== value)
    .map(({ setting, decided }) => `${setting} = ${decided}`)
  const would = asked.length === 0 ? '' : `; its rules ask for ${asked.join(', ')}`
  return [`${fleet}: settings are not applied in its mode${would}`]
}

async function tellHistory(
  reader: Reader,
  fleets: readonly SettingsTold[],
  { json, limit }: SettingsOptions,
  io: Io,
): Promise<void> {
  const histories = await Promise.all(
    fleets.map(async ({ fleet }) => ({ fleet, changes: await reader.settingChanges(fleet, limit) })),
  )
  if (json === true) {
    const entries = histories.map(({ fleet, changes }) => [
      fleet,
      changes.map(change => ({ ...change, at: isoOf(change.at) })),
    ])
    printJson(io, { from: reader.from, changes: Object.fromEntries(entries) })
    return
  }
  const colours = coloursFor(io)
  const told = { colours, timeZone: io.timeZone, now: io.now() }
  const lines = histories
    .flatMap(({ fleet, changes }) => changes.map(change => ({ fleet, change })))
    .sort((a, b) => b.change.at - a.change.at || b.change.version - a.change.version)
    .slice(0, limit)
  if (lines.length === 0) printLine(io, `No setting has changed, says ${reader.from}.`)
  for (const { fleet, change } of lines) {
    printLine(
      io,
      `${colours.bold(fleet)}  ${tellTime(change.at, told)}  ${tellSettingChange(change, colours)}`,
    )
  }
}

function tellSettingChange({ setting, from, to, rule }: SettingChange, colours: Colours): string {
  const why = rule === null ? 'back to its default' : `because "${rule}" fired`
  return `${setting}: ${from} -> ${colours.bold(String(to))}, ${why}`
}
