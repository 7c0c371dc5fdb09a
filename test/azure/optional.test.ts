/** Microsoft's clients are for those who scale on Azure; nobody else has them, or waits for them. */
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, it } from 'vitest'

const SRC = path.resolve(import.meta.dirname, '../../src')
const STATIC_IMPORT = /^\s*(?:import|export)\s(?!type\b)[^;'"]*from\s*['"]@azure\//m

it('no source needs them before they are used', () => {
  const needing = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
    .filter(file => file.endsWith('.ts') && !file.endsWith('.test.ts'))
    .filter(file => STATIC_IMPORT.test(readFileSync(path.join(SRC, file), 'utf8')))
  expect(needing).toEqual([])
})

it('would find one that does', () => {
  expect(STATIC_IMPORT.test("import {\n  ComputeManagementClient,\n} from '@azure/arm-compute'")).toBe(true)
  expect(STATIC_IMPORT.test("import type { ComputeManagementClient } from '@azure/arm-compute'")).toBe(false)
})
