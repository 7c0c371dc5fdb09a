/**
 * The keys of the source `azure-queue`: which queue, and what is read of it.
 *
 * Example: `{ source: azure-queue, account: shopdata, queue: orders, read: age }` is in seconds; with `read: messages` it is a count, and
 * a total, which does not grow with the instances.
 */
import { z } from 'zod'
import { CODES } from './codes.ts'
import { key } from './key.ts'
import { azureStorageShape, storageOptions } from './schema-azure-storage.ts'
import { refusal } from './values.ts'

export const AZURE_QUEUE_MEANING = 'Length of an Azure storage queue, or the age of its oldest message.'
export const QUEUE_READINGS = ['messages', 'age'] as const

export const azureQueueShape = {
  queue: key(
    z
      .string()
      .max(200)
      .regex(/^(?=.{3,63}$)[a-z0-9]+(-[a-z0-9]+)*$|\$\{/, {
        error: refusal(
          CODES.malformed,
          '{value} is not the name of a queue',
          'it has 3 to 63 small letters, digits and single dashes',
        ),
      }),
    'Name of the queue.',
    'orders',
  ),
  read: key(
    z.enum(QUEUE_READINGS),
    'messages: about how many there are, held ones too; age: how many seconds the oldest one that can be seen has waited.',
    'messages',
  ),
  ...azureStorageShape('5s'),
}

export const azureQueueSource = z
  .strictObject(azureQueueShape)
  .transform(({ queue, read, ...written }) => ({ ...storageOptions(written), queue, read }))
