export type { ChannelName } from "./channel.ts";
export type { CheckSeen } from "./check-seen.ts";
export { FAULTS, type Fault } from "./fault.ts";
export { type Finding, judgeFaults } from "./judge-faults.ts";
export { viewPairs } from "./pair-view.ts";
export { type MonitorPlace, type Pair, type ServerPlace, scopesOf } from "./scope.ts";
