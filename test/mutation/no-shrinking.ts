/**
 * A property that fails has done its work: looking for a smaller case that fails too takes long, and a mutant is dead already.
 *
 * Example: a mutant that turns `>` round fails at the first case instead of after a hundred smaller ones.
 */
import fc from 'fast-check'

fc.configureGlobal({ ...fc.readConfigureGlobal(), endOnFailure: true })
