/**
 * `plimsoll plot FLEET -o FILE.svg`: the fleet over time as a picture.
 *
 * Example: `plimsoll plot web -o web.svg --since 8h`, then open web.svg in a browser and point at a mark to read why.
 */
import { drawTimeline } from '../pictures/timeline.ts'
import { CliError, EXIT_OK } from './cli-error.ts'
import { nothingRecorded } from './explain.ts'
import { writeOutputFile } from './files.ts'
import { isoOf, parseInstant } from './instant.ts'
import { type Io, printJson, printLine } from './io.ts'
import { type ReaderOptions, withReader } from './reader/open.ts'

export interface PlotOptions extends ReaderOptions {
  readonly output: string
  readonly since: string
  readonly until: string
  readonly json?: boolean
}

/** Changes whose reason is read for the marks; older ones are left without. */
const MOST_DECISIONS = 1000

export async function plotCommand(fleet: string, options: PlotOptions, io: Io): Promise<number> {
  const { output, since, until, json } = options
  const context = { now: io.now(), timeZone: io.timeZone }
  const window = {
    from: parseInstant(since, '--since', context),
    to: parseInstant(until, '--until', context),
  }
  if (window.to <= window.from) {
    throw new CliError('PLM-509', `--until ${until} is not after --since ${since}.`)
  }
  return withReader(io, options, async reader => {
    const points = await reader.timeline(fleet, window)
    if (points.length === 0) {
      const [any] = await reader.ticks({ fleet, limit: 1 })
      if (any === undefined) throw await nothingRecorded(reader, fleet, null, io)
    }
    const changes = await reader.ticks({
      fleet,
      limit: MOST_DECISIONS,
      since: window.from,
      at: window.to,
      changesOnly: true,
    })
    const decisions = changes.map(tick => tick.decision)
    const picture = drawTimeline({ fleet, points, window, decisions, timeZone: io.timeZone })
    await writeOutputFile(io, output, picture)
    if (output === '-') return EXIT_OK
    if (json === true) {
      const marked = decisions.filter(decision => decision.direction !== 'none').length
      printJson(io, {
        file: output,
        fleet,
        from: isoOf(window.from),
        to: isoOf(window.to),
        points: points.length,
        changes: marked,
      })
      return EXIT_OK
    }
    printLine(io, `Drew ${points.length} ticks of "${fleet}" into ${output}`)
    return EXIT_OK
  })
}
