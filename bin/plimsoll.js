#!/usr/bin/env node
// Starts the command line. Plain JavaScript that any Node from 12.20 on understands, because its first job is to find
// out which Node it runs on: too old, and it runs itself again with the pinned one that `npm ci` installed.
// Example: under Node 20 in a checkout, `node bin/plimsoll.js validate f.yaml` runs node_modules/node/bin/node
// bin/plimsoll.js validate f.yaml, and ends with its exit code.
import { spawn } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const LEAST = [22, 14]
const self = fileURLToPath(import.meta.url)
const home = path.dirname(path.dirname(fs.realpathSync(self)))

function isNewEnough(version) {
  const parts = version.split('.').map(Number)
  return parts[0] > LEAST[0] || (parts[0] === LEAST[0] && parts[1] >= LEAST[1])
}

/** The pinned binary in a node_modules folder of the package or of a folder above it; null when there is none. */
function findPinned() {
  const name = process.platform === 'win32' ? 'node.exe' : 'node'
  for (let folder = home; ; folder = path.dirname(folder)) {
    const binary = path.join(folder, 'node_modules', 'node', 'bin', name)
    if (fs.existsSync(binary) && fs.realpathSync(binary) !== fs.realpathSync(process.execPath)) return binary
    if (path.dirname(folder) === folder) return null
  }
}

function say(line) {
  process.stderr.write(`${line}\n`)
}

/** Runs the same command with another Node and becomes what it becomes: its output, its signals, its exit code. */
function runWith(binary) {
  const child = spawn(binary, [self].concat(process.argv.slice(2)), {
    // The channel carries nothing: it closes when this process ends, however it ends, and the command then ends too.
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    env: Object.assign({}, process.env, { PLIMSOLL_LAUNCHER: String(process.pid) }),
  })
  // Ctrl-C in a terminal reaches the child directly as well; it counts signals that come together as one.
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP']
  const forwards = signals.map(signal => {
    const forward = () => {
      child.kill(signal)
    }
    process.on(signal, forward)
    return [signal, forward]
  })
  child.on('error', error => {
    say(`plimsoll: could not start ${binary}: ${error.message}`)
    process.exitCode = 1
  })
  child.on('exit', (code, signal) => {
    for (const pair of forwards) process.removeListener(pair[0], pair[1])
    if (signal === null) process.exitCode = code
    else process.exitCode = 128 + (os.constants.signals[signal] || 0)
  })
}

function start() {
  if (!isNewEnough(process.versions.node)) {
    const pinned = findPinned()
    if (pinned !== null) {
      runWith(pinned)
      return
    }
    say(
      'plimsoll needs Node ' +
        LEAST.join('.') +
        ' or newer; this is ' +
        process.versions.node +
        '. Install a newer one (https://nodejs.org), or run `npm ci` in ' +
        home +
        ' to get the pinned one.',
    )
    process.exitCode = 2
    return
  }
  const entry = path.join(home, 'dist', 'cli', 'main.js')
  if (!fs.existsSync(entry)) {
    say(`plimsoll is not built yet (${entry} is missing). Run \`npm run build\` in ${home}.`)
    process.exitCode = 2
    return
  }
  import('../dist/cli/main.js').then(main => main.runProcess())
}

start()
