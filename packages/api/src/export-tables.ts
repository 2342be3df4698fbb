// What exports have: which tables, which columns, and by what a row is found again when an export broke off. The forms (CSV,
// lines of JSON, Parquet), the command line and the description for plain HTTP clients all go by this.

/**
 * int64, int32, double, boolean, text; octets: bytes, as hexadecimal digits in texts; instant_us, instant_ns: an instant in
 * UTC to the microsecond (as PostgreSQL keeps it) or the nanosecond (a time stamp of a packet).
 */
export type ExportType =
  | "int64"
  | "int32"
  | "double"
  | "boolean"
  | "text"
  | "octets"
  | "instant_us"
  | "instant_ns";

/** A column, whose name and meaning are those of every form. */
export interface ExportColumn {
  /** With its unit, the same in every form. */
  readonly name: string;
  readonly type: ExportType;
  /** What is unknown is null; in CSV empty. */
  readonly nullable: boolean;
  readonly meaning: string;
}

/** What can be exported as one file. */
export interface ExportTable {
  readonly meaning: string;
  readonly columns: readonly ExportColumn[];
  /** Columns whose values in the last row that somebody has say where the rest begins; rows are in their order. */
  readonly key: readonly string[];
  /** What its filter is of. Absent: it takes none. */
  readonly filter?: "checks" | "events";
  /** Whether it can be narrowed to servers. */
  readonly ofServers: boolean;
}

const ID = column("id", "int64", "number of the check");
const AT = column("at", "instant_us", "when the check was made, by the agent's clock");
const SERVER_ID = column("server_id", "int64", "number of the server");
const SERVER = column("server", "text", "its name");
const MONITOR_ID = column("monitor_id", "int64", "number of the monitor");
const MONITOR = column("monitor", "text", "its name");
const REASON = column("reason", "text", "coded reason of the failure; empty: it succeeded");

/** As the address and the command line have it. */
export type ExportTableName = "checks" | "exchanges" | "steps" | "scores" | "verdicts" | "audit";

/** All that can be exported. */
export const EXPORT_TABLES: Readonly<Record<ExportTableName, ExportTable>> = {
  checks: {
    meaning: "every check: what a monitor found out about a server",
    key: ["at", "id"],
    filter: "checks",
    ofServers: true,
    columns: [
      ID,
      AT,
      SERVER_ID,
      SERVER,
      MONITOR_ID,
      MONITOR,
      nullable("offset_ns", "int64", "the server's clock minus the monitor's"),
      nullable("bound_ns", "int64", "bound on the error of the offset"),
      nullable("rtt_ns", "int64", "round trip without the server's own time"),
      nullable("stratum", "int32", "as answered"),
      nullable("leap", "int32", "leap indicator as answered, 0 to 3"),
      REASON,
      column("step", "double", "what the check was worth"),
      column("score", "double", "the monitor's score of the server after it"),
      column("has_evidence", "boolean", "whether its packets are kept"),
    ],
  },
  exchanges: {
    meaning: "every packet that was kept as evidence of a check, with its four time stamps",
    key: ["at", "check_id", "exchange"],
    filter: "checks",
    ofServers: true,
    columns: [
      column("check_id", "int64", "number of the check"),
      AT,
      SERVER_ID,
      SERVER,
      MONITOR_ID,
      MONITOR,
      column("exchange", "int32", "place among the check's exchanges, from 0 on"),
      column("selected", "boolean", "whether the check's outcome was taken from it"),
      column("mode", "text", "basic or interleaved (RFC 9769)"),
      column("source", "text", "address and port that the request came from; empty: not told"),
      column("destination", "text", "address and port that it went to"),
      nullable("t1", "instant_ns", "the request left, by the agent's clock"),
      nullable("t2", "instant_ns", "it arrived, by the server's clock"),
      nullable("t3", "instant_ns", "the answer left, by the server's clock"),
      nullable("t4", "instant_ns", "it arrived, by the agent's clock"),
      column("t1_source", "text", "kernel or user_space; empty: no stamp"),
      column("t4_source", "text", "kernel or user_space; empty: no stamp"),
      nullable("offset_ns", "int64", "the server's clock minus the monitor's"),
      nullable("bound_ns", "int64", "bound on the error of the offset"),
      nullable("delay_ns", "int64", "round trip without the server's own time"),
      column("reason", "text", "coded reason why it gave no measurement; empty: it did"),
      column("request", "octets", "the datagram that was sent"),
      nullable("response", "octets", "the datagram that came back"),
    ],
  },
  steps: {
    meaning: "every step of every monitor's score, with the rule that gave it",
    key: ["at", "id"],
    filter: "checks",
    ofServers: true,
    columns: [
      ID,
      AT,
      SERVER_ID,
      SERVER,
      MONITOR_ID,
      MONITOR,
      column("rule", "text", "rule of the step table, as set/version/rule"),
      nullable("score_before", "double", "the monitor's score before the step"),
      column("step", "double", "what the outcome was worth"),
      column("score", "double", "the score after it"),
      REASON,
      column("no_response", "boolean", "whether nothing came back that can be judged"),
      column("samples_sent", "int32", "requests sent; 0: the agent did not say"),
      column("samples_answered", "int32", "answers received"),
    ],
  },
  scores: {
    meaning: "every overall score of every server, with the check that it follows from",
    key: ["at", "id"],
    ofServers: true,
    columns: [
      column("id", "int64", "number of the score"),
      column("at", "instant_us", "time of the check that caused it, by the agent's clock"),
      SERVER_ID,
      SERVER,
      column("scorer_id", "int64", "number of the scorer"),
      column("scorer", "text", "its name"),
      column("score", "double", "the overall score"),
      column("step", "double", "the step behind it"),
      nullable("caused_by_id", "int64", "number of the check that it was counted for"),
      nullable("chosen_id", "int64", "number of the check whose score was chosen"),
    ],
  },
  verdicts: {
    meaning: "every change of a verdict on a server",
    key: ["at", "id"],
    filter: "events",
    ofServers: true,
    columns: [
      column("id", "int64", "number of the event"),
      column("at", "instant_us", "when it was reached, by the database's clock"),
      SERVER_ID,
      SERVER,
      nullable("verdict_before", "text", "truechimer, falseticker, unreachable or unsure"),
      nullable("verdict_after", "text", "the same, since then"),
      column("reason", "text", "coded reason"),
      column("text", "text", "one sentence for people"),
      nullable("rule_set", "text", "the rule set that it was reached by, as name/version"),
    ],
  },
  audit: {
    meaning: "what people and their programs did, each entry chained to the one before by its hash",
    key: ["sequence"],
    ofServers: false,
    columns: [
      column("sequence", "int64", "counts from 1, without gaps"),
      column("at", "instant_us", "when it was done, by the database's clock"),
      column("actor_kind", "text", "user, owner, key or command_line"),
      column("actor_id", "text", "ULID of the user, number of the key, or empty"),
      column("actor_name", "text", "name of the actor at that time"),
      column("act", "text", "code of what was done"),
      column("object", "text", "what it was done to"),
      nullable("account_id", "int64", "account of the actor"),
      nullable("before", "text", "canonical JSON of what was there before"),
      nullable("after", "text", "canonical JSON of what is there since"),
      column("previous_hash", "octets", "hash of the entry before"),
      column("hash", "octets", "SHA-256 over the canonical JSON of all other columns"),
    ],
  },
};

function column(name: string, type: ExportType, meaning: string): ExportColumn {
  return { name, type, nullable: false, meaning };
}

function nullable(name: string, type: ExportType, meaning: string): ExportColumn {
  return { name, type, nullable: true, meaning };
}
