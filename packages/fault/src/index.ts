export type { Channel, ChannelName } from "./channel.ts";
export type { CheckSeen } from "./check-seen.ts";
export { FAULT_CAUSES, FAULTS, type Fault, type FaultCause } from "./fault.ts";
export { faultText, type NameOf } from "./fault-text.ts";
export {
  type ChangeQuestion,
  type FaultQuestion,
  type Finding,
  judgeChanges,
  judgeFaults,
  type Symptom,
  withStanding,
} from "./judge-faults.ts";
export {
  type PairView,
  standingViews,
  type ViewWindow,
  viewPairs,
} from "./pair-view.ts";
export {
  type MonitorPlace,
  type Pair,
  pairAt,
  type Scope,
  type ScopeKind,
  type ServerPlace,
  scopesOf,
} from "./scope.ts";
export {
  type FaultWitness,
  isMainFault,
  type ServerFault,
  type Shared,
  serverFaults,
} from "./server-fault.ts";
