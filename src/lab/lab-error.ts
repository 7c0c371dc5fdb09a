/**
 * What the lab cannot do as it was asked, in words the operator can act on.
 *
 * Example: `new LabError('PLM-721', 'nasa has no column requests; it has value.')`.
 */
export class LabError extends Error {
  /** Stable, e.g. `PLM-721`. */
  readonly code: string

  constructor(code: string, message: string) {
    super(message)
    this.name = 'LabError'
    this.code = code
  }
}
