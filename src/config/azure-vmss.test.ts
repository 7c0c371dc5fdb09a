import { describe, expect, it } from 'vitest'
import { parseConfig } from './load.ts'
import { targetOptions } from './schema-targets.ts'

/** What the target is made from. */
function optionsOf(keys: string) {
  const text = `plimsoll: 1
fleets:
  web:
    target: { type: azure-vmss, subscription: 00000000-0000-4000-8000-000000000001, resourceGroup: a, scaleSet: b${keys} }
    capacity: { min: 1, max: 3 }
    repair: { how: restart }
`
  const result = parseConfig(text, { file: 'plimsoll.yaml', env: {}, readFile: () => '' })
  if (!result.ok) throw new Error(JSON.stringify(result.problems))
  expect(result.loaded.warnings).toEqual([])
  return targetOptions['azure-vmss'].parse(result.loaded.spec.fleets.web?.target.options)
}

describe('the target of a scale set', () => {
  it('deletes, protects nobody and leaves zones to Azure where nothing is said', () => {
    expect(optionsOf('')).toMatchObject({
      scaleIn: 'delete',
      keepDeallocated: 1_000,
      zones: [],
      protect: false,
    })
  })

  it('has zones by their names, though they are written as numbers, each once', () => {
    const keys = ', zones: [1, 2, "3", 1], scaleIn: deallocate, keepDeallocated: 2, protect: true'
    expect(optionsOf(keys)).toMatchObject({
      scaleIn: 'deallocate',
      keepDeallocated: 2,
      zones: ['1', '2', '3'],
      protect: true,
    })
  })
})
