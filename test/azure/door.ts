/**
 * Where a managed identity gets its tokens: a plain HTTP server on this machine, found by two environment variables.
 *
 * Example: `const door = await openDoor()`; with `door.environment` set, `DefaultAzureCredential` asks it for a token, and `door.resources`
 * says for what.
 */
import { createServer } from 'node:http'

export interface Door {
  readonly environment: Readonly<Record<string, string>>
  /** For what tokens were asked. */
  readonly resources: readonly (string | null)[]
  close(): void
}

/** @param token what callers are given */
export async function openDoor(token = 'a-token'): Promise<Door> {
  const resources: (string | null)[] = []
  const server = createServer((request, response) => {
    const resource = new URL(request.url ?? '/', 'http://door').searchParams.get('resource')
    resources.push(resource)
    const expires = Math.floor(Date.now() / 1000) + 3_600
    response.writeHead(200, { 'content-type': 'application/json' })
    response.end(
      JSON.stringify({ access_token: token, expires_on: `${expires}`, resource, token_type: 'Bearer' }),
    )
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return {
    environment: {
      AZURE_TOKEN_CREDENTIALS: 'ManagedIdentityCredential',
      IDENTITY_ENDPOINT: `http://127.0.0.1:${port}/msi/token`,
      IDENTITY_HEADER: 'known-to-the-door',
    },
    resources,
    close() {
      server.closeAllConnections()
      server.close()
    },
  }
}
