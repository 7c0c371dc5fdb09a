import { X509Certificate } from 'node:crypto'
import { expect, it } from 'vitest'
import { selfSigned } from './certificate.ts'

it('vouches for 127.0.0.1 with its own key', () => {
  const certificate = new X509Certificate(selfSigned().cert)
  expect(certificate.checkIP('127.0.0.1')).toBe('127.0.0.1')
  expect(certificate.verify(certificate.publicKey)).toBe(true)
})
