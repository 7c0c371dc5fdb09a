/** Prints how many jobs wait. A real one would ask a queue; this one reads a file. An error is a gap, never a zero. */
import { readFileSync } from 'node:fs'

console.log(readFileSync('backlog.txt', 'utf8').trim())
