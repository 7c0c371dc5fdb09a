/**
 * Without a credential of its own, the target signs in by the default chain of `@azure/identity`: here as a managed identity, whose
 * door is a plain HTTP server on this machine.
 */
import { createServer } from 'node:http'
import { afterEach, expect, it, vi } from 'vitest'
import { createAzureVmssTarget } from '../../src/plugins/targets/azure-vmss.ts'
import { FakeArm, GROUP, SCALE_SET, SUBSCRIPTION } from './arm.ts'

afterEach(() => vi.unstubAllEnvs())

it('signs in as the identity it is given, for the cloud it is told', async () => {
  const arm = await FakeArm.start()
  arm.addVm()
  const resources: (string | null)[] = []
  const door = createServer((request, response) => {
    resources.push(new URL(request.url ?? '/', 'http://door').searchParams.get('resource'))
    const expires = Math.floor(Date.now() / 1000) + 3_600
    response.writeHead(200, { 'content-type': 'application/json' })
    response.end(
      JSON.stringify({
        access_token: 'a-token',
        expires_on: `${expires}`,
        resource: arm.endpoint,
        token_type: 'Bearer',
      }),
    )
  })
  await new Promise<void>(resolve => door.listen(0, '127.0.0.1', resolve))
  const address = door.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  vi.stubEnv('AZURE_TOKEN_CREDENTIALS', 'ManagedIdentityCredential')
  vi.stubEnv('IDENTITY_ENDPOINT', `http://127.0.0.1:${port}/msi/token`)
  vi.stubEnv('IDENTITY_HEADER', 'known-to-the-door')
  const target = createAzureVmssTarget(
    {
      subscription: SUBSCRIPTION,
      resourceGroup: GROUP,
      scaleSet: SCALE_SET,
      endpoint: arm.endpoint,
      authorityHost: null,
      address: null,
      exclusive: false,
      ledger: false,
      listingLagMs: 0,
      appearMs: 5_000,
      timeoutMs: 10_000,
    },
    { client: { tlsOptions: { ca: arm.cert } } },
  )
  try {
    expect(await target.check(AbortSignal.timeout(20_000))).toEqual({
      ok: true,
      detail: 'Uniform scale set web: capacity 1, 1 instances listed',
    })
    expect(new Set(resources)).toEqual(new Set([arm.endpoint]))
  } finally {
    await target.close()
    await arm.stop()
    door.closeAllConnections()
    door.close()
  }
})
