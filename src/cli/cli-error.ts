/**
 * Something the command line could not do, said to the person who asked: a stable code, one message that says what was
 * tried, seen and what to do, and the exit code. Never a stack trace.
 *
 * Example: `new CliError('PLM-507', 'No fleet "wbe". Did you mean "web"?')` is printed as
 * `plimsoll: PLM-507: No fleet "wbe". Did you mean "web"?` and exits with 2.
 */

/** 0 is success. The numbers are part of the interface: `docs/commands.md`. */
export const EXIT_OK = 0
export const EXIT_FAILED = 1
export const EXIT_BAD_INPUT = 2

/** One row each in `docs/errors/`, most in `cli.md`. */
export const CLI_CODES = {
  /** A defect of ours. */
  'PLM-500': EXIT_FAILED,
  /** Unknown command or option, missing argument. */
  'PLM-501': EXIT_BAD_INPUT,
  /** A time or a duration that cannot be read. */
  'PLM-502': EXIT_BAD_INPUT,
  /** An input that cannot be read: missing, a folder, not allowed, too large. */
  'PLM-503': EXIT_BAD_INPUT,
  /** An output that cannot be written. */
  'PLM-504': EXIT_FAILED,
  /** A file that would be overwritten. */
  'PLM-505': EXIT_BAD_INPUT,
  /** Nobody to ask. */
  'PLM-506': EXIT_BAD_INPUT,
  /** A name that does not exist: fleet, schedule. */
  'PLM-507': EXIT_BAD_INPUT,
  /** An observation that cannot be used. */
  'PLM-508': EXIT_BAD_INPUT,
  /** A range that ends before it begins, or is too long. */
  'PLM-509': EXIT_BAD_INPUT,
  /** No state to read from. */
  'PLM-510': EXIT_FAILED,
  /** The daemon could not be reached, or answered what we do not understand. */
  'PLM-511': EXIT_FAILED,
  /** The daemon refused the token. */
  'PLM-512': EXIT_FAILED,
  /** Nothing was recorded at that time. */
  'PLM-513': EXIT_FAILED,
  /** `doctor` found something that would not work. */
  'PLM-514': EXIT_FAILED,
  /** A demonstration load with nothing to send it to. */
  'PLM-515': EXIT_BAD_INPUT,
  /** A daemon has the instances that were to be ended. */
  'PLM-516': EXIT_FAILED,
  /** No fleet on a scale set, or several. */
  'PLM-800': EXIT_BAD_INPUT,
  /** Options that contradict the file, or one another. */
  'PLM-801': EXIT_BAD_INPUT,
  /** A name or a value that Azure would not take. */
  'PLM-802': EXIT_BAD_INPUT,
  /** Sessions are in use on the instances that were to be deleted. */
  'PLM-803': EXIT_FAILED,
  /** A deletion that Azure refused. */
  'PLM-804': EXIT_FAILED,
  /** A deletion that took longer than it may. */
  'PLM-805': EXIT_FAILED,
  /** Deletions that were interrupted. */
  'PLM-806': EXIT_FAILED,
  /** Nothing was recorded in the time of a comparison. */
  'PLM-810': EXIT_FAILED,
  /** There was no other autoscaler to compare with. */
  'PLM-811': EXIT_FAILED,
  /** A replay without rules. */
  'PLM-812': EXIT_BAD_INPUT,
} as const

export type CliCode = keyof typeof CLI_CODES

export class CliError extends Error {
  readonly code: CliCode
  readonly exitCode: number

  constructor(code: CliCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options)
    this.name = 'CliError'
    this.code = code
    this.exitCode = CLI_CODES[code]
  }
}

/** What went wrong, for a person: the message of an error, without its stack. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
