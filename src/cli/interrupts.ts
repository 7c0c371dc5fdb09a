/**
 * Ctrl-C, once per wish. In a terminal one Ctrl-C may arrive several times: from the terminal itself, from npm passing
 * it on, and from the launcher that runs the pinned Node. Signals that come together are one.
 *
 * Example: `const stop = onInterrupt(times => (times === 1 ? drain() : process.exit(130)))`; two SIGINTs 5 ms apart
 * call it once with 1, another one three seconds later with 2.
 */

/** A person does not press twice within this; programs that pass a signal on are faster. */
export const TOGETHER_MS = 1000

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** `times` counts the wishes to stop. The result unsubscribes, giving the signals their usual meaning back. */
export function onInterrupt(
  listener: (times: number, signal: NodeJS.Signals) => void,
  source: Pick<NodeJS.EventEmitter, 'on' | 'removeListener'> = process,
  now: () => number = () => performance.now(),
): () => void {
  let times = 0
  let last = Number.NEGATIVE_INFINITY
  const hear = (signal: NodeJS.Signals) => {
    const at = now()
    if (at - last < TOGETHER_MS) return
    last = at
    times++
    listener(times, signal)
  }
  for (const signal of SIGNALS) source.on(signal, hear)
  return () => {
    for (const signal of SIGNALS) source.removeListener(signal, hear)
  }
}
