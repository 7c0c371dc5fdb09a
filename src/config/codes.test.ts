import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { CODES } from './codes.ts'

it('explains every code in docs/errors/config.md, and none that does not exist', () => {
  const page = readFileSync(new URL('../../docs/errors/config.md', import.meta.url), 'utf8')
  const explained = [...page.matchAll(/^\| (PLM-\d{3}) \|/gm)].map(match => match[1])
  expect(explained).toEqual([...Object.values(CODES)].sort())
})
