// Writes the load of this example to standard output: requests a second of a shop, every five minutes for four days. It comes from
// the seed below, so that it is the same every time. Example: node make-load.mjs > load.csv
const SEED = 20261116
const DAY = 24 * 12
const DAYS = 4

let state = SEED

/** Uniform in [0, 1): Park and Miller. */
function random() {
  state = (state * 48271) % 2147483647
  return state / 2147483647
}

/** Low at night, steep after eight, a dip over lunch, high in the evening. */
const HOURS = [
  60, 45, 40, 40, 45, 60, 90, 160, 320, 420, 450, 460, 400, 390, 430, 450, 470, 520, 600, 680, 640, 460, 240,
  110,
]

function usual(bin) {
  const hour = (bin % DAY) / 12
  const before = HOURS[Math.floor(hour)]
  const after = HOURS[(Math.floor(hour) + 1) % 24]
  return before + (after - before) * (hour % 1)
}

/** On the third day a campaign is sent at 14:00: 500 more at once, half of them gone after forty minutes. */
function campaign(bin) {
  const since = bin - (2 * DAY + 14 * 12)
  return since < 0 ? 0 : 500 * 0.5 ** (since / 8)
}

console.log('time,requests')
for (let bin = 0; bin < DAYS * DAY; bin += 1) {
  const at = new Date(Date.UTC(2026, 10, 16, 0, 5 * bin)).toISOString().slice(0, 16)
  const load = (usual(bin) + campaign(bin)) * (0.95 + 0.1 * random())
  console.log(`${at}Z,${load.toFixed(1)}`)
}
