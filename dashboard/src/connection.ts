/**
 * The way to the API: questions with a deadline, and the stream of events, which comes back by itself when it
 * breaks. The events are read with `fetch`, because a browser's EventSource cannot send a token.
 *
 * Example: `follow({ onEvent, onState })` says `{ kind: 'live' }`; when the daemon stops it says
 * `{ kind: 'lost', retryAt }` and tries again after 1, 2, 4, 8 and then every 10 seconds.
 */
const TOKEN_KEY = 'plimsoll.token'
const DEADLINE_MS = 10_000
/** The API sends at least a comment every 15 s. */
const SILENCE_MS = 40_000
const LONGEST_WAIT_MS = 10_000
/** An event larger than this is not ours. */
const LONGEST_EVENT = 4 * 1024 * 1024

export class TokenWanted extends Error {}

export function keepToken(token: string): void {
  sessionStorage.setItem(TOKEN_KEY, token)
}

export function hasToken(): boolean {
  return sessionStorage.getItem(TOKEN_KEY) !== null
}

function headers(): HeadersInit {
  const token = sessionStorage.getItem(TOKEN_KEY)
  return token === null ? {} : { authorization: `Bearer ${token}` }
}

/** Throws `TokenWanted` on 401, an error with the API's own words on anything else that is not a success. */
export async function ask<Answer>(path: string): Promise<Answer> {
  const response = await fetch(path, { headers: headers(), signal: AbortSignal.timeout(DEADLINE_MS) })
  if (response.status === 401) throw new TokenWanted()
  if (!response.ok) throw new Error(await failureOf(response))
  return response.json()
}

/** The same for something that is to be done. */
export async function post(path: string, body: object): Promise<void> {
  const response = await fetch(path, {
    method: 'POST',
    headers: { ...headers(), 'content-type': 'application/json' },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(DEADLINE_MS),
  })
  if (response.status === 401) throw new TokenWanted()
  if (!response.ok) throw new Error(await failureOf(response))
}

async function failureOf(response: Response): Promise<string> {
  const text = await response.text()
  try {
    const { error } = JSON.parse(text)
    return `${error.message} ${error.hint}`
  } catch {
    return `The API answered ${response.status}.`
  }
}

export type ConnectionState =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'live' }
  | { readonly kind: 'lost'; readonly retryAt: number }
  | { readonly kind: 'token-wanted' }

export interface Follower {
  onEvent(name: string, data: unknown): void
  onState(state: ConnectionState): void
}

/** Follows the events until the result is called. */
export function follow(follower: Follower): () => void {
  const stop = new AbortController()
  void followOn(follower, stop.signal)
  return () => stop.abort()
}

async function followOn(follower: Follower, stop: AbortSignal): Promise<void> {
  for (let waitMs = 1000; !stop.aborted; waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS)) {
    try {
      await followOnce(follower, stop, () => {
        waitMs = 500
      })
    } catch (error) {
      if (stop.aborted) return
      if (error instanceof TokenWanted) return follower.onState({ kind: 'token-wanted' })
    }
    if (stop.aborted) return
    follower.onState({ kind: 'lost', retryAt: Date.now() + waitMs })
    await pause(waitMs, stop)
  }
}

async function followOnce(follower: Follower, stop: AbortSignal, onLive: () => void): Promise<void> {
  const silence = new AbortController()
  let timer = setTimeout(() => silence.abort(), SILENCE_MS)
  try {
    const signal = AbortSignal.any([stop, silence.signal])
    const response = await fetch('v1/events', { headers: headers(), signal })
    if (response.status === 401) throw new TokenWanted()
    if (!response.ok || response.body === null) throw new Error(await failureOf(response))
    onLive()
    follower.onState({ kind: 'live' })
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
    let unread = ''
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      clearTimeout(timer)
      timer = setTimeout(() => silence.abort(), SILENCE_MS)
      const events = (unread + value).split('\n\n')
      unread = events.pop() ?? ''
      if (unread.length > LONGEST_EVENT) throw new Error('an event without an end')
      for (const event of events) tell(event, follower)
    }
  } finally {
    clearTimeout(timer)
  }
}

function tell(event: string, follower: Follower): void {
  let name = 'message'
  let data = ''
  for (const line of event.split('\n')) {
    if (line.startsWith('event: ')) name = line.slice(7)
    else if (line.startsWith('data: ')) data += line.slice(6)
  }
  if (data !== '') follower.onEvent(name, JSON.parse(data))
}

function pause(ms: number, stop: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    const timer = setTimeout(resolve, ms)
    stop.addEventListener('abort', () => {
      clearTimeout(timer)
      resolve()
    })
  })
}
