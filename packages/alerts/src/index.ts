export {
  type AlertTiming,
  nextPhase,
  type OpenAlert,
  type OpenPhase,
  type Truth,
} from "./alert-phase.ts";
export {
  agentCause,
  type Cause,
  causesOfAlerts,
  causesOfServers,
  type FiringServer,
  MANY_SERVERS,
  type ServerAlert,
  type Surroundings,
} from "./cause.ts";
export { type DigestSchedule, digestDueNs } from "./digest-period.ts";
export { type PastAlert, type PastTruth, pastAlerts } from "./past-alert.ts";
export {
  type CausesAt,
  GATHER_NS,
  type PastAlertOf,
  type PastIncident,
  pastIncidents,
  pastMessages,
} from "./past-incidents.ts";
export { isTimeZone, type QuietHours, quietUntil } from "./quiet-hours.ts";
export {
  causeOfReach,
  type PlacedAlert,
  type Reach,
  type ReachNames,
  toldIncidentsByCause,
} from "./reach-cause.ts";
export { retryDelayMs, SEND_ATTEMPTS_MAX } from "./retry-delay.ts";
