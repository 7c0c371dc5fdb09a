/**
 * Why no template and no plan of deletions is made: something in the file, or among the options, that Azure would not take or that
 * contradicts the rest.
 *
 * Example: `new InfrastructureRefusal('PLM-801', 'web says `exclusive: true`, ...')` ends the command with exit code 2.
 */

export type RefusalCode = 'PLM-800' | 'PLM-801' | 'PLM-802'

export class InfrastructureRefusal extends Error {
  readonly code: RefusalCode

  constructor(code: RefusalCode, message: string) {
    super(message)
    this.name = 'InfrastructureRefusal'
    this.code = code
  }
}
