export { type ClockStepWatch, createClockStepWatch } from "./clock-step-watch.ts";
export {
  type AlertRun,
  type AlertRunOptions,
  type IncidentTold,
  runAlerts,
} from "./incidents/alert-run.ts";
export { INCIDENT_KINDS, type IncidentKind } from "./incidents/incident.ts";
export {
  addCounts,
  type IncidentSummary,
  type KindCount,
  rightOfDecided,
  summarizeIncidents,
} from "./incidents/incident-summary.ts";
export { type IncidentRunOptions, runIncidents } from "./incidents/run-incidents.ts";
export {
  createHostClock,
  createVirtualClock,
  type HostClock,
  type HostClockOptions,
  type VirtualClock,
  type VirtualClockOptions,
} from "./virtual-clock.ts";
export {
  createVirtualNetwork,
  type Datagram,
  type Endpoint,
  type NetworkCounters,
  type PathQuality,
  type VirtualNetwork,
  type VirtualNetworkOptions,
} from "./virtual-network.ts";
export {
  createVirtualProbe,
  type VirtualProbe,
  type VirtualProbeOptions,
} from "./virtual-probe.ts";
export {
  createVirtualServer,
  NTP_PORT,
  type VirtualServer,
  type VirtualServerOptions,
} from "./virtual-server.ts";
