import { TableClient } from '@azure/data-tables'
import { QueueServiceClient } from '@azure/storage-queue'
import { describe, expect, it } from 'vitest'
import { type StorageAccount, type StorageService, wayIn, withoutSecret } from './storage-account.ts'

const NOTHING: StorageAccount = {
  account: null,
  suffix: 'core.windows.net',
  endpoint: null,
  connection: null,
  authorityHost: null,
  timeoutMs: 5_000,
}
const KEY = 'a2V5LW9mLXRoZS1hY2NvdW50'

describe('the way into a storage account', () => {
  it.each<[StorageService, Partial<StorageAccount>, string]>([
    ['queue', { account: 'shop' }, 'https://shop.queue.core.windows.net'],
    [
      'table',
      { account: 'shop', suffix: 'core.chinacloudapi.cn' },
      'https://shop.table.core.chinacloudapi.cn',
    ],
    ['queue', { endpoint: 'https://shop.example.org/data/' }, 'https://shop.example.org/data'],
  ])('to a %s by %j is %s', (service, options, url) => {
    expect(wayIn(service, { ...NOTHING, ...options })).toEqual({ kind: 'signed-in', url })
  })

  it('by an address keeps the signature apart from it', () => {
    const connection = 'https://shop.queue.core.windows.net/?sv=2024&sig=a%2Bb%3D'
    expect(wayIn('queue', { ...NOTHING, connection })).toEqual({
      kind: 'signed-address',
      url: 'https://shop.queue.core.windows.net',
      signature: 'sv=2024&sig=a%2Bb%3D',
    })
  })

  it.each([
    [
      'as the portal shows it',
      `DefaultEndpointsProtocol=https;AccountName=shop;AccountKey=${KEY};EndpointSuffix=core.windows.net`,
    ],
    ['as it was shown ten years ago', `DefaultEndpointsProtocol=https;AccountName=shop;AccountKey=${KEY}`],
    ['of name and key alone', ` AccountName=shop;AccountKey=${KEY}; `],
  ])('by a connection string %s is one that the clients can read', (_, connection) => {
    const way = wayIn('table', { ...NOTHING, connection })
    if (way.kind !== 'connection-string') throw new Error(way.kind)
    expect(QueueServiceClient.fromConnectionString(way.text).url).toBe('https://shop.queue.core.windows.net')
    expect(TableClient.fromConnectionString(way.text, 'T').url).toBe('https://shop.table.core.windows.net')
  })

  it.each([
    'UseDevelopmentStorage=true',
    `QueueEndpoint=https://shop.example.org/;AccountName=shop;AccountKey=${KEY}`,
    'TableEndpoint=https://shop.table.core.windows.net/;SharedAccessSignature=sv=1&sig=x',
  ])('by %s is taken as it is', text => {
    expect(wayIn('queue', { ...NOTHING, connection: text })).toEqual({ kind: 'connection-string', text })
  })
})

describe('what is told', () => {
  it('holds no part of a secret, as it is written or as it is sent', () => {
    const connection = `AccountName=shop;AccountKey=${KEY};SharedAccessSignature=sv=1&sig=a%2Bbcd`
    const told = withoutSecret(`no ${KEY}, sig=a%2Bbcd, a+bcd or ${connection}`, { ...NOTHING, connection })
    expect(told).toBe('no ..., sig=..., ... or ...')
    expect(withoutSecret('as it is', NOTHING)).toBe('as it is')
  })
})
