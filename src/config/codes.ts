/**
 * The stable codes of everything that can be wrong with a configuration, PLM-100 to PLM-199. An operator
 * looks them up in docs/errors/config.md; scripts may match on them, so a code never changes its meaning.
 *
 * Example: `every: 5` is `CODES.duration`, PLM-116.
 */
export const CODES = {
  unreadable: 'PLM-100',
  tooLarge: 'PLM-101',
  empty: 'PLM-102',
  syntax: 'PLM-103',
  tab: 'PLM-104',
  duplicateKey: 'PLM-105',
  alias: 'PLM-106',
  tooDeep: 'PLM-107',
  notAMapping: 'PLM-108',
  unquoted: 'PLM-109',
  unknownKey: 'PLM-110',
  missing: 'PLM-111',
  wrongType: 'PLM-112',
  notAllowed: 'PLM-113',
  range: 'PLM-114',
  malformed: 'PLM-115',
  duration: 'PLM-116',
  exclusiveKeys: 'PLM-117',
  unknownPlugin: 'PLM-118',
  yamlFeature: 'PLM-119',
  version: 'PLM-120',
  referenceForm: 'PLM-125',
  referenceEnv: 'PLM-126',
  referenceFile: 'PLM-127',
  unknownSchedule: 'PLM-131',
  kpiInGoal: 'PLM-133',
  minAboveMax: 'PLM-134',
  defaultOutside: 'PLM-135',
  duplicateName: 'PLM-136',
  timeZone: 'PLM-137',
  date: 'PLM-138',
  cron: 'PLM-139',
  openListen: 'PLM-141',
  portConflict: 'PLM-142',
  secretExpression: 'PLM-143',
  noMargin: 'PLM-150',
  shadowed: 'PLM-151',
  unusedMetric: 'PLM-152',
  shortWindow: 'PLM-153',
  nothingToCount: 'PLM-154',
  noReadings: 'PLM-155',
} as const

export type Code = (typeof CODES)[keyof typeof CODES]
