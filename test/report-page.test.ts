import { describe, expect, it } from 'vitest'
import { generateReportPage } from '../dashboard/report-page.ts'

describe('the script of the report', () => {
  it('is the one that is checked in', async () => {
    await expect(await generateReportPage()).toMatchFileSnapshot('../src/lab/report/script.generated.ts')
  })
})
