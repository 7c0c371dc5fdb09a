import { expect, it } from 'vitest'
import { generateReference } from './reference.ts'

it('is the page that is checked in', async () => {
  await expect(generateReference()).toMatchFileSnapshot('../../docs/configuration.md')
})

it('gives every key with type, default, meaning and example', () => {
  expect(generateReference()).toContain(
    '| `every` | duration | `15s` | How often the fleet is looked at. | `15s` |',
  )
})
