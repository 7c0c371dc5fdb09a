/**
 * Ends a command whose problems are on the screen already.
 *
 * Example: `validate` prints six located problems, then throws `new AlreadySaid(2)`; the program exits with 2.
 */
export class AlreadySaid extends Error {
  readonly exitCode: number

  constructor(exitCode: number) {
    super('The problems were printed.')
    this.name = 'AlreadySaid'
    this.exitCode = exitCode
  }
}
