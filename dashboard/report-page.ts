/**
 * Makes the script and the style of the lab's report from `src/report`: one of each, small, with nothing left to load, as text
 * that the report carries in itself.
 *
 * Example: `generateReportPage()` answers the source of `src/lab/report/script.generated.ts`; `npm test -- report-page -u` writes it.
 */
import { join } from 'node:path'
import { build, type Rolldown } from 'vite'

/** The module that holds both as strings. */
export async function generateReportPage(): Promise<string> {
  const built = await build({
    configFile: false,
    root: import.meta.dirname,
    logLevel: 'error',
    build: {
      write: false,
      target: 'es2022',
      cssCodeSplit: false,
      modulePreload: false,
      rolldownOptions: {
        input: join(import.meta.dirname, 'src', 'report', 'main.ts'),
        output: { format: 'iife', entryFileNames: 'report.js' },
      },
    },
  })
  const output = [built].flat().flatMap(result => ('output' in result ? result.output : []))
  return `/**
 * The script and the style of the report's page, generated from dashboard/src/report by dashboard/report-page.ts. Not for editing:
 * \`npx vitest run test/report-page.test.ts -u\` makes it anew.
 */

export const SCRIPT = ${literal(textOf(output, '.js'))}

export const STYLE = ${literal(textOf(output, '.css'))}
`
}

function textOf(output: readonly (Rolldown.OutputChunk | Rolldown.OutputAsset)[], ending: string): string {
  const found = output.find(({ fileName }) => fileName.endsWith(ending))
  if (found === undefined) throw new Error(`the report's page was built without a ${ending}`)
  const text = found.type === 'chunk' ? found.code : String(found.source)
  // The builder's own mark at the end of a style.
  return text.replace(/\/\*\$vite\$.*?\*\//g, '').trim()
}

/** As a template, which no formatter touches. */
function literal(text: string): string {
  return `\`${text.replaceAll('\\', '\\\\').replaceAll('`', '\\`').replaceAll('${', '\\${')}\``
}
