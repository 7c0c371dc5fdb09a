/**
 * A configuration file that gives every key of the format at least once, for tests.
 *
 * Example: `parseConfig(FULL, { file: 'plimsoll.yaml', env: FULL_ENV, ... })` is accepted without a warning.
 */

/** What the references of `FULL` give. */
export const FULL_ENV: Readonly<Record<string, string>> = {
  PLIMSOLL_TOKEN: 'token-of-sixteen-and-more',
  COOKIE_SECRET: 'secret-of-sixteen-and-more',
  HOOK_SECRET: 'hook-secret-of-sixteen-and-more',
  SHOP_STORAGE: 'AccountName=shopdiag;AccountKey=a2V5LW9mLXRoZS1hY2NvdW50',
  SHOP_BUS: 'Endpoint=sb://shop.servicebus.windows.net/;SharedAccessKeyName=plimsoll;SharedAccessKey=a2V5',
  SMTP_URL: 'smtp://plimsoll:secret@mail.example.org:587',
}

export const FULL = `
plimsoll: 1
api: { listen: "127.0.0.1:7071", token: "\${env:PLIMSOLL_TOKEN}" }
state: { path: data/state.db, samples: 1d, journal: 10d }
schedules:
  peak: { daily: true, start: "08:00", duration: 2h, timeZone: Europe/London }
  office: { weekly: { days: [monday, friday] }, start: "09:00", end: "17:30", startDate: 2026-01-01, endDate: 2027-12-31, exceptDates: [2026-12-25] }
  payday: { monthly: { dayOfMonth: 25 }, durationSeconds: 3600, timeZone: "+02:00" }
  lastFriday: { relativeMonthly: { position: last, dayOfWeek: friday }, start: "16:00:30", duration: 1h }
  newYear: { yearly: { month: 1, dayOfMonth: 1 }, duration: 1d }
  thanksgiving: { relativeYearly: { month: 11, position: fourth, dayOfWeek: thursday }, duration: 1d }
  batch: { cron: "0 3 * * *", duration: 30m }
  launch: { between: { from: 2026-12-24T18:00, to: 2026-12-25T00:00 }, timeZone: Europe/London }
metrics:
  cpu: { source: process, read: cpu, every: 1s, kind: perInstance, unit: percent, staleAfter: 10s }
  rps: { source: proxy, read: requestsPerSecond }
  errors: { source: proxy, read: errorRatio }
  orders: { source: http-json, url: "http://127.0.0.1:9000/stats", pointer: /orders, headers: { accept: application/json }, timeout: 2s, every: 30s, kind: total, delay: 1m, grain: 1m, across: sum, filter: { region: [eu, us], zone: { not: [z3] } }, dividePerInstance: true }
  files: { source: command, command: [./count.sh, in], timeout: 3s, pointer: /n }
  logged: { source: azure-log-analytics, workspace: 5f1c0000-0000-4000-8000-00000000000a, query: "requests | summarize n = count() by bin(timestamp, 1m), role", time: timestamp, value: n, instance: role, labels: [code], interval: 1m, cloud: usGovernment, endpoint: "https://127.0.0.1:8446", authorityHost: "https://127.0.0.1:8447", audience: "https://127.0.0.1:8448", timeout: 9s }
  failed: { source: azure-log-analytics, resource: /subscriptions/00000000-0000-4000-8000-000000000001/resourceGroups/web-rg/providers/Microsoft.Insights/components/web, query: requests }
  vmCpu: { source: azure-monitor, resource: /subscriptions/00000000-0000-4000-8000-000000000001/resourceGroups/web-rg/providers/Microsoft.Compute/virtualMachineScaleSets/web, metric: Percentage CPU, namespace: Microsoft.Compute/virtualMachineScaleSets, aggregation: maximum, interval: 5m, dimensions: { VMName: { not: [web_0] } }, instance: VMName, splitBy: [Zone], region: westeurope, cloud: china, authorityHost: "https://127.0.0.1:8449", audience: "https://127.0.0.1:8450", timeout: 9s, delay: 4m }
  planCpu: { source: azure-monitor, resource: /subscriptions/00000000-0000-4000-8000-000000000001/resourceGroups/web-rg/providers/Microsoft.Web/serverfarms/plan, metric: CpuPercentage, dimensions: { Instance: [RD01] }, endpoint: "https://127.0.0.1:8451" }
  backlog: { source: azure-queue, account: shopdata, cloud: china, authorityHost: "https://127.0.0.1:8444", queue: orders, read: messages, timeout: 3s }
  oldest: { source: azure-queue, endpoint: "https://127.0.0.1:8445/shopdata", queue: orders, read: age }
  counters: { source: azure-table, connection: "\${env:SHOP_STORAGE}", table: WADPerformanceCountersTable, counter: '\\Processor(_Total)\\% Processor Time', role: Shop.Web, deployment: 1f0c, lookBack: 2h }
  minutes: { source: azure-table, account: shopdiag, table: WADMetricsPT1MP10DV2S, counter: '\\Memory\\Available Bytes', resource: /subscriptions/s1/resourceGroups/web-rg/providers/Microsoft.Compute/virtualMachineScaleSets/web, value: Maximum, where: "Host ne 'web000001'" }
  reads: { source: azure-table, account: shopdata, table: $MetricsMinutePrimaryTransactionsQueue, row: user;GetMessages, value: TotalRequests }
  own: { source: azure-table, account: shopdata, table: Load, partition: shop, time: RowKey, timeAs: ticks, value: Orders, instance: Machine }
  inbox: { source: azure-service-bus, namespace: shop.servicebus.usgovcloudapi.net, cloud: usGovernment, authorityHost: "https://127.0.0.1:8444", topic: events, subscription: mails, read: deadLetter, timeout: 3s }
  parcels: { source: azure-service-bus, connection: "\${env:SHOP_BUS}", queue: parcels }
  replicas: { source: push, kind: independent }
fleets:
  web:
    target:
      type: process
      command: [node, app.mjs]
      env: { LOG_LEVEL: info }
      cwd: app
      health: { path: /well, every: 1s, timeout: 2s, failures: 5 }
      stopGrace: 10s
      portFrom: 41000
      zones: [a, b]
      keep: true
    router: { type: proxy, listen: "127.0.0.1:8080", cookie: { name: sid, ttl: 10m, secret: "\${env:COOKIE_SECRET}" }, concurrency: 8, queue: 500, queueTimeout: 5s }
    capacity: { min: 2, max: 5, default: 3 }
    constraints:
      - { name: Peak, rank: 100, min: 4, max: 6, default: 4, schedule: peak, enabled: true }
      - { name: Night, min: 1, max: 2, schedule: { daily: true, start: "22:00", end: "06:00" } }
    kpis:
      busy: { goal: "avg(cpu, 45m) < 80%" }
    rules:
      - { name: Scale up, rank: 10, when: busy is red, for: 30s, during: office, scale: { by: 1 }, cooldown: 5m, enabled: true }
      - { name: Scale down, rank: 10, when: "avg(cpu, 45m) < 20%", scale: { by: "-20%", atLeast: 2 } }
      - { name: Errors, when: "last(errors) > 5% and last(rps) > 10", scale: { to: 5 } }
    cooldown: { out: 1m, in: 2m }
    cooldownFrom: last
    stabilization: { out: 10s, in: 1m }
    scaleIn: any
    flapping: false
    every: 5s
    quorum: 75%
    warmup: 20s
    bootTimeout: 1m
    launchBatch: 3
    mode: recommend
  workers:
    target: { type: command, list: [./fleet.sh, list], launch: [./fleet.sh, launch], terminate: [./fleet.sh, terminate], restart: [./fleet.sh, restart], zones: [a, b], listingLag: 20s, timeout: 10s, exclusive: false }
    router: { type: proxy, listen: "[::1]:8081", cookie: false }
    capacity: { min: 0, max: 10 }
    rules:
      - { name: Orders, when: "avg(orders, 5m) / instances > 100", scale: { by: +2 } }
    cooldown: 90s
  rooms:
    target: { type: command, list: [./fleet.sh, list], launch: [./fleet.sh, launch], terminate: [./fleet.sh, terminate], restart: [./fleet.sh, restart] }
    router:
      - { type: broker }
      - { type: haproxy, socket: /run/haproxy/admin.sock, masterSocket: /run/haproxy/master.sock, hardStopAfter: 1h, backend: rooms, prefix: "rooms:", cookieKey: "\${env:COOKIE_SECRET}", load: stick-table, table: rooms, check: { port: 8081, every: 1s, rise: 2, fall: 4 }, serverOptions: maxconn 20, timeout: 1s }
    sessions: { slotsPerInstance: 20, reserve: 25%, placement: spread, lease: 2m, drain: { deadline: 4h, then: keep }, waiting: { most: 100, longest: 10s }, mayCut: true }
    health: { http: { path: /healthz, port: 8081 }, every: 10s, timeout: 3s, grace: 1m, suspectAfter: 2, unhealthyAfter: 4, healthyAfter: 3 }
    repair: { how: restart, atOnce: 5%, maxUnhealthy: 30%, freeze: 1h }
    capacity: { min: 2, max: 30 }
    rules:
      - { name: Room, rank: 5, reserve: { slots: 30 } }
  jobs:
    target: { type: command, list: [./fleet.sh, list], launch: [./fleet.sh, launch], terminate: [./fleet.sh, terminate] }
    router: { type: http, path: /load, pointer: /jobs, headers: { accept: application/json }, timeout: 1s, close: POST /drain, reopen: DELETE /drain }
    health: { command: { command: [./well.sh], env: { TEAM: jobs }, cwd: scripts } }
    capacity: { min: 1, max: 3 }
  calls:
    target: { type: command, list: [./fleet.sh, list], launch: [./fleet.sh, launch], terminate: [./fleet.sh, terminate] }
    router: { type: agent, lease: 10s }
    health: { tcp: { port: 5060 } }
    capacity: { min: 1, max: 3 }
  cloud:
    target: { type: azure-vmss, subscription: 00000000-0000-4000-8000-000000000001, resourceGroup: cloud-rg, scaleSet: cloud, cloud: china, endpoint: "https://127.0.0.1:8443", authorityHost: "https://127.0.0.1:8444", address: "http://{computerName}:8080", exclusive: true, ledger: true, scaleIn: deallocate, keepDeallocated: 4, zones: [], protect: true, listingLag: 1m, launchWait: 10s, reach: { loadBalancer: cloud-lb, resourceGroup: network-rg, port: 3389, show: "{host}:{port}" }, timeout: 5s }
    capacity: { min: 1, max: 3 }
  shopfront:
    target: { type: azure-app-service-plan, subscription: 00000000-0000-4000-8000-000000000001, resourceGroup: shop-rg, plan: shop, cloud: usGovernment, endpoint: "https://127.0.0.1:8443", authorityHost: "https://127.0.0.1:8444", ledger: true, resizeWait: 10s, timeout: 5s }
    capacity: { min: 1, max: 3 }
    rules:
      - { name: Posted, when: "last(inbox) > 100 or last(parcels) > 1000", scale: { by: 1 } }
  advice:
    target: { type: none, count: "last(replicas)" }
    capacity: { min: 1, max: 3 }
    rules:
      - { name: Files, when: "last(files) > 3", scale: { by: "50%" } }
  stored:
    target: { type: none, count: "last(backlog)" }
    capacity: { min: 1, max: 3 }
    rules:
      - { name: Stored, when: "last(backlog) > 1000 and last(oldest) > 10m or avg(counters, 45m) > 80 or avg(minutes, 10m) < 1000 or last(reads) > 9 or last(own) > 9", scale: { by: 1 } }
  measured:
    target: { type: none, count: "last(failed)" }
    capacity: { min: 1, max: 3 }
    rules:
      - { name: Measured, when: "last(logged) > 9 or avg(vmCpu, 15m) > 80% and avg(planCpu, 5m) > 80%", scale: { by: 1 } }
  store:
    preset: hpa
    target: { type: process, command: [node, store.mjs] }
    capacity: { min: 1, max: 40 }
    settings: { advancedStatistics: true, quality: { default: high, description: "Of the pictures" } }
    settingsWebhook: { url: "http://127.0.0.1:3000/settings", secret: "\${env:HOOK_SECRET}" }
    rules:
      - { name: Backlog, when: "avg(orders, 5m) > 1000", scale: { fleet: workers, by: 1 }, notify: ops, run: [provision, call, inside] }
      - { name: Shed, rank: 5, when: at_max, for: 1m, set: { advancedStatistics: false, quality: low }, notify: [ops, chat] }
      - { name: Steps, steps: { of: "avg(cpu, 5m)", threshold: 60%, rounding: towards-zero, bands: [ { from: 0, to: 10%, by: 1 }, { from: 10, by: "30%", atLeast: 2 }, { from: -40, to: -20, count: 1 } ] } }
      - { name: Follow, track: { metric: "avg(cpu, 5m)", target: 60%, tolerance: { out: 5%, in: 20% }, wholePercents: false } }
      - { name: Queue, match: "last(orders) / 100", cooldown: 1m }
      - { name: Serve, serve: { metric: "last(orders)", perInstance: 100, slo: 99.5%, boot: 2m } }
      - { name: Ahead, forecast: { metric: "last(orders)", perInstance: 100, horizon: 15m, quantile: 90% } }
    rateLimits: { out: [ { instances: 4, per: 1m }, { percent: 100%, per: 1m } ], in: [ { percent: 10%, per: 1m } ], select: { out: max, in: min } }
    billingHour: { outFirst: 15m, inLast: 10m }
    outageGuard: { of: "avg(orders, 3m)", drop: 80%, within: 5m, hold: 15m }
    quota: 20
    growDuringWarmup: false
    mode: notify
    approval: { expires: 10m }
groups:
  shop:
    fleets: { store: 3, workers: 1 }
    constraints: [ { name: Sale, rank: 50, min: 1, max: 3, schedule: launch } ]
    rules: [ { name: Together, when: "avg(orders, 10m) > 5000", scale: { by: 1 } } ]
notifiers:
  ops: { type: email, to: [ops@example.org], from: plimsoll@example.org, smtp: "\${env:SMTP_URL}", on: [scaled, failed, approval-wanted], every: 30m }
  hook: { type: webhook, url: "https://example.org/scaled", format: azure, secret: "\${env:HOOK_SECRET}", headers: { x-team: shop }, properties: { team: shop }, resource: { subscription: s1, resourceGroup: shop, name: web, type: Microsoft.Compute/virtualMachineScaleSets, id: /subscriptions/s1, region: westeurope, portalLink: "https://portal.azure.com/" } }
  chat: { type: slack, url: "https://example.org/slack" }
  pager: { type: command, command: [./page.sh], env: { TEAM: shop }, cwd: scripts, timeout: 10s }
actions:
  provision: { type: command, command: [./provision.sh], env: { QUEUE: orders }, cwd: scripts, timeout: 2m }
  call: { type: webhook, url: "https://example.org/run", secret: "\${env:HOOK_SECRET}", timeout: 10s }
  inside: { type: function, timeout: 10s }
`
