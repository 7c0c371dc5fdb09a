/**
 * Asks for the token the API was started with. It is kept for this tab only, and sent to this API only.
 *
 * Example: `plimsoll run` with `api.token` set; the page answers 401 to itself and shows this form.
 */
import { useState } from 'preact/hooks'

export function TokenForm({ refused, onToken }: { refused: boolean; onToken: (token: string) => void }) {
  const [token, setToken] = useState('')
  return (
    <main class="ask-token">
      <form
        class="card"
        onSubmit={event => {
          event.preventDefault()
          if (token.trim() !== '') onToken(token.trim())
        }}
      >
        <h2>This Plimsoll asks for a token</h2>
        <label for="token">Token (the value of api.token in its configuration)</label>
        <input
          id="token"
          type="password"
          autocomplete="off"
          value={token}
          aria-invalid={refused}
          onInput={event => setToken(event.currentTarget.value)}
        />
        {refused ? <p role="alert">That is not the token it was started with.</p> : null}
        <button type="submit">Open</button>
      </form>
    </main>
  )
}
