// What a review is given: one server and all of its assignments, also those without any result. Facts alone; what they
// mean is the policy's. Instants are Unix milliseconds.

/** Status of a monitor in the whole fleet. */
export type GlobalStatus = "pending" | "testing" | "active" | "paused" | "deleted";

/** Status of an assignment: of one monitor for one server. */
export type AssignmentStatus = "candidate" | "testing" | "active" | "paused";

/** Why an assignment breaks a rule; the NTP Pool's words. */
export type ViolationType = "network_same_subnet" | "account" | "limit" | "network_diversity";

/** The server under review. */
export interface ServerFacts {
  readonly id: bigint;
  /** Absent: nobody's in particular. */
  readonly accountId?: bigint;
  /** Absent: unknown, so that no rule about networks applies. */
  readonly ip?: string;
}

/** How a monitor has measured this server: averages in which a result counts half as much after the half-life. */
export interface MeasurementFacts {
  /** Results since the assignment was made; what the data gates count. */
  readonly count: number;
  /** Sum of the weights of the results in the averages, at least 0. */
  readonly weight: number;
  /** Mean step, -5 to 1. */
  readonly meanStep: number;
  /** Share of results without an answer, 0 to 1. */
  readonly lossShare: number;
  /** Mean round trip of the answers, milliseconds. Absent: no answer, which is not a round trip of 0. */
  readonly delayMs?: number;
  /** Mean |offset - the fleet's offset of the server|, milliseconds. Absent: not known. */
  readonly residualMs?: number;
  readonly lastCheckAtMs: number;
}

/** One monitor, and its assignment to the server. */
export interface MonitorFacts {
  readonly id: bigint;
  /** Rows of type `score` are scorers: never chosen, never changed. */
  readonly type: "monitor" | "score";
  readonly globalStatus: GlobalStatus;
  readonly accountId?: bigint;
  readonly ip?: string;
  /** ISO 3166, two letters. Empty: unknown. */
  readonly country: string;
  /** Whose network it stands in, in a person's words. Empty: unknown. */
  readonly network: string;
  readonly status: AssignmentStatus;
  /** Since when it has this status. Absent: longer than anybody knows. */
  readonly statusSinceMs?: number;
  /** When it last left active or testing without a hard reason. Absent: not lately. */
  readonly demotedAtMs?: number;
  /** How often in the last seven days a change of it was taken back. */
  readonly reversals: number;
  /** Absent: no result yet. */
  readonly measured?: MeasurementFacts;
  /** Between two checks as its assignment is now, milliseconds. */
  readonly intervalMs: number;
  /** False: the agent has gone silent. */
  readonly online: boolean;
  /** True: bad on all the servers that it watches and others see well. */
  readonly badEverywhere: boolean;
  /** Servers that it is active for. */
  readonly activeServers: number;
  /** Active assignments of its account in the whole fleet, as a share of all, 0 to 1. */
  readonly accountShare: number;
  /** As it was noted last. */
  readonly violation?: ViolationType;
  readonly violationSinceMs?: number;
  /** Of a paused assignment: when it was last looked at. Absent: never. */
  readonly lastConstraintCheckAtMs?: number;
  readonly pauseReason?: string;
}

/** Everything that a plan depends on, besides the policy and the time. The order of the monitors does not matter. */
export interface Snapshot {
  readonly server: ServerFacts;
  readonly monitors: readonly MonitorFacts[];
  /** By account: active monitors of it on one server at most. Absent account: the policy's default. */
  readonly accountLimits?: ReadonlyMap<bigint, number>;
}
