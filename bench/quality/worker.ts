/**
 * Sweeps on a core of its own: takes one task after the other and answers each with its rows. A file is read once and kept
 * until another is asked for.
 *
 * Example: `{ path: 'nasa.csv', policy: 'hpa' }` is answered with 74 rows.
 */
import { parentPort } from 'node:worker_threads'
import { contendersNamed } from './contenders.ts'
import { type LoadFile, readLoadFile } from './load-file.ts'
import { type QualityRow, sweep } from './sweep.ts'

export interface SweepTask {
  readonly path: string
  readonly policy: string
  /** Nothing behind the middle of the file is played. */
  readonly firstHalf: boolean
}

export interface SweepAnswer {
  readonly rows: readonly QualityRow[]
}

let last: { readonly path: string; readonly file: LoadFile } | null = null

parentPort?.on('message', ({ path, policy, firstHalf }: SweepTask) => {
  if (last?.path !== path) last = { path, file: loadOf(path, firstHalf) }
  const rows: QualityRow[] = []
  for (const contender of contendersNamed([policy])) rows.push(...sweep(last.file, contender))
  const answer: SweepAnswer = { rows }
  parentPort?.postMessage(answer)
})

function loadOf(path: string, firstHalf: boolean): LoadFile {
  const file = readLoadFile(path)
  return firstHalf ? { ...file, load: file.load.slice(0, file.load.length >>> 1) } : file
}
