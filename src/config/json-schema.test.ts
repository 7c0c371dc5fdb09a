import { Ajv, type ValidateFunction } from 'ajv'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { FULL } from './full.fixture.ts'
import { generateSchema } from './json-schema.ts'

function validator(): ValidateFunction {
  const schema: object = JSON.parse(generateSchema())
  return new Ajv({ allErrors: true, strict: false }).compile(schema)
}

describe('the JSON Schema', () => {
  it('is the one that is checked in', async () => {
    await expect(generateSchema()).toMatchFileSnapshot('../../schema/plimsoll.schema.json')
  })

  it('accepts a file with every key', () => {
    const validate = validator()
    expect(validate(parse(FULL)), JSON.stringify(validate.errors)).toBe(true)
  })

  it.each([
    ['an unknown key of the file', { metrcs: {} }],
    ['a duration without a unit', { state: { samples: 5 } }],
    ['a quoted duration without a unit', { state: { samples: '5' } }],
    ['a name with a slash', { schedules: { 'a/b': { daily: true, duration: '1h' } } }],
    ['an unknown source', { metrics: { cpu: { source: 'proces' } } }],
  ])('rejects %s', (_mistake, wrong) => {
    const validate = validator()
    const right = { plimsoll: 1, fleets: { web: { capacity: { min: 1, max: 2 } } } }
    expect(validate(right)).toBe(true)
    expect(validate({ ...right, ...wrong })).toBe(false)
  })

  it('lets a reference stand for a duration', () => {
    const file = { plimsoll: 1, fleets: { web: { capacity: { min: 1, max: 2 }, every: '${env:EVERY}' } } }
    expect(validator()(file)).toBe(true)
  })

  it('says what every key means', () => {
    const unexplained: string[] = []
    const visit = (part: unknown, path: string): void => {
      if (typeof part !== 'object' || part === null) return
      for (const [key, value] of Object.entries(part)) {
        if (key !== 'properties') {
          visit(value, `${path}.${key}`)
          continue
        }
        // A key of the file may itself be called `properties`: what is below here are keys of the file.
        for (const [name, property] of Object.entries(value)) {
          const { description, examples } = property as { description?: string; examples?: unknown[] }
          if (description === undefined || examples === undefined) unexplained.push(`${path}.${name}`)
          visit(property, `${path}.${name}`)
        }
      }
    }
    visit(JSON.parse(generateSchema()), '')
    expect(unexplained).toEqual([])
  })
})
