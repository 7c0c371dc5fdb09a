import { execFileSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { loadSdk } from './sdk.ts'

describe("Microsoft's clients", () => {
  it('are loaded one after the other, also after one that fails', async () => {
    const said: string[] = []
    const slowly = (name: string) => async () => {
      said.push(`${name} begins`)
      await new Promise(resolve => setImmediate(resolve))
      said.push(`${name} ends`)
      if (name === 'b') throw new Error('not there')
      return name
    }
    const loading = ['a', 'b', 'c'].map(name => loadSdk(name, [name], slowly(name)))
    const loaded = await Promise.allSettled(loading)
    expect(loaded.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    expect(said).toEqual(['a', 'b', 'c'].flatMap(name => [`${name} begins`, `${name} ends`]))
  })

  it('can all be asked for at once, in a process that has none of them yet', () => {
    const packages = [
      'arm-appservice',
      'service-bus',
      'arm-compute',
      'storage-queue',
      'data-tables',
      'identity',
    ]
    const program = `
      import { loadSdk } from ${JSON.stringify(new URL('./sdk.ts', import.meta.url).href)}
      const load = name => loadSdk(name, [name], () => import('@azure/' + name))
      await Promise.all(${JSON.stringify(packages)}.map(load))
      console.log('loaded')`
    const argv = ['--input-type=module', '--no-warnings', '-e', program]
    expect(execFileSync(process.execPath, argv, { cwd: import.meta.dirname, encoding: 'utf8' })).toBe(
      'loaded\n',
    )
  })
})
