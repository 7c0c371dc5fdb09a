import { stateStoreAcceptance } from '../../ports/state-store.acceptance.ts'
import { createMemoryStore } from './memory.ts'

stateStoreAcceptance('the memory store', async () => ({
  store: createMemoryStore(),
  cleanUp: async () => {},
}))
