/**
 * Asks an instance by a connection: healthy when one can be made. It is closed at once.
 *
 * Example: nobody listens on 10.0.0.4:5060: `{ state: 'unhealthy', detail: 'connect 10.0.0.4:5060: ... ECONNREFUSED ...' }`.
 */
import { connect } from 'node:net'
import type { HealthProbe, ProbedInstance, ProbeVerdict } from '../../ports/health-probe.ts'
import { endOf, placeOf } from './address.ts'
import { failedToAsk, NO_ADDRESS } from './verdict.ts'

export interface TcpProbeOptions {
  /** `null`: that of the instance's address. */
  readonly port: number | null
}

export function createTcpProbe({ port }: TcpProbeOptions): HealthProbe {
  return {
    async probe({ address }: ProbedInstance, signal: AbortSignal): Promise<ProbeVerdict> {
      const place = address === null ? null : placeOf(address, port)
      const end = place === null ? null : endOf(place)
      if (end === null) return NO_ADDRESS
      const where = `${end.host}:${end.port}`
      try {
        await reach(end, signal)
        return { state: 'healthy', detail: `connected to ${where}` }
      } catch (error) {
        return failedToAsk(`connect ${where}`, error, signal)
      }
    },
    check: async () => ({ ok: true, detail: 'connects to each instance' }),
    close: async () => undefined,
  }
}

function reach(end: { readonly host: string; readonly port: number }, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(signal.reason)
      return
    }
    const socket = connect(end)
    const giveUp = (): void => void socket.destroy(new Error('called off'))
    signal.addEventListener('abort', giveUp, { once: true })
    socket.once('connect', () => {
      socket.destroy()
      resolve()
    })
    socket.once('error', reject)
    socket.once('close', () => signal.removeEventListener('abort', giveUp))
  })
}
