/**
 * The bytes of a file as text: UTF-8 or UTF-16, told apart by their first bytes. Windows PowerShell writes UTF-16 where a command's
 * output is sent to a file, and XML of that time often is.
 *
 * Example: `FF FE 3C 00` is UTF-16 and begins with `<`; so does `3C 00`, since neither XML nor JSON begins with anything but ASCII. A byte that is no UTF-8 is refused at its line and column.
 */
import { IMPORT_CODES, ImportError } from './import-error.ts'

export function decodeText(bytes: Uint8Array, file: string): string {
  const encoding = encodingOf(bytes)
  const text = new TextDecoder(encoding).decode(bytes)
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes)
  } catch {
    const before = text.slice(0, Math.max(0, text.indexOf('\ufffd'))).split(/\r\n|\n|\r/)
    const place = { file, line: before.length, column: (before.at(-1)?.length ?? 0) + 1 }
    const message = `this is not ${encoding.toUpperCase()}; save the file as UTF-8`
    throw new ImportError([{ ...place, code: IMPORT_CODES.damaged, message }])
  }
}

function encodingOf([first, second]: Uint8Array): 'utf-8' | 'utf-16le' | 'utf-16be' {
  if (first === 0xff && second === 0xfe) return 'utf-16le'
  if (first === 0xfe && second === 0xff) return 'utf-16be'
  if (second === 0 && first !== 0) return 'utf-16le'
  if (first === 0 && second !== 0 && second !== undefined) return 'utf-16be'
  return 'utf-8'
}
