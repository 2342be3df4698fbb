// Every field, named once: the words of the tables and of the API. docs/reference/filter.md is held equal by a test.

import { FAULT_CAUSES, FAULTS } from "@truechimer/fault";
import { SAMPLE_REASONS } from "@truechimer/ntp";
import { LEGACY_STATUS_REASONS, VERDICT_REASONS } from "@truechimer/scoring";
import type { Entity, Field, FieldType, Subject } from "./field.ts";

const VERDICTS = ["truechimer", "falseticker", "unreachable", "unsure"] as const;
const FAMILIES = ["v4", "v6"] as const;
const EVENT_KINDS = [
  "server_added",
  "server_paused",
  "server_resumed",
  "server_removed",
  "server_restored",
  "verdict_changed",
  "fault_changed",
  "monitor_added",
  "monitor_online",
  "monitor_offline",
  "monitor_status_changed",
  "registration_received",
  "registration_approved",
  "registration_rejected",
  "agent_enrolled",
  "agent_changed",
  "agent_removed",
  "authority_created",
] as const;

type Rest = Pick<Field, "example"> &
  Partial<Pick<Field, "absent" | "absentIsKnown" | "words" | "searched">> & {
    readonly column?: string;
  };

function define(entity: Entity, short: string, type: FieldType, doc: string, rest: Rest): Field {
  const { column = short, ...more } = rest;
  const name = short === "name" ? entity : `${entity}.${short}`;
  return { name, entity, type, doc, ...more, column: `${entity}.${column}` };
}

const SERVER: readonly Field[] = [
  define("server", "name", "text", "the server's name as it was added", {
    example: ":ntp1.*",
    searched: true,
  }),
  define("server", "address", "text", "its IP address", { example: ":192.0.2.*", searched: true }),
  define("server", "port", "number", "its UDP port", { example: ":123" }),
  define("server", "family", "word", "its IP family", { example: ":v6", words: FAMILIES }),
  define("server", "state", "word", "whether it is watched", {
    example: ":watched",
    words: ["watched", "paused", "removed"],
  }),
  define("server", "verdict", "word", "what the fleet holds of it", {
    example: ":falseticker,unsure",
    words: VERDICTS,
    searched: true,
  }),
  define("server", "verdict_reason", "word", "the coded reason of the verdict", {
    example: ":few_witnesses",
    words: VERDICT_REASONS,
    searched: true,
  }),
  define("server", "verdict_text", "text", "the verdict's reason in words, with its numbers", {
    example: ":*witness*",
    searched: true,
  }),
  define("server", "verdict_since", "instant", "since when it has this verdict", {
    example: ">now-1d",
  }),
  define("server", "fault", "word", "whose fault it is that it looks bad", {
    example: ":server",
    words: FAULTS,
    absent: "nothing is wrong with it for most who watch it",
    absentIsKnown: true,
  }),
  define("server", "fault_cause", "word", "what is wrong, as a code", {
    example: ":clock_step,clock_drift",
    words: FAULT_CAUSES,
    absent: "nothing is, or it is not known",
    absentIsKnown: true,
  }),
  define("server", "fault_since", "instant", "since when it is this fault of this cause", {
    example: ">now-1d",
    absent: "there is none",
  }),
  define("server", "seen_faults", "text", "all that any of its monitors sees wrong, as codes", {
    example: ":*path/*",
    absent: "none sees anything",
    absentIsKnown: true,
  }),
  define("server", "offset", "offset", "the fleet's median offset; positive: its clock is ahead", {
    example: ">5ms",
    column: "offset_ns",
    absent: "no monitor has fresh data",
  }),
  define("server", "abs_offset", "magnitude", "the same without its sign", {
    example: ">5ms",
    column: "offset_ns",
    absent: "no monitor has fresh data",
  }),
  define("server", "bound", "duration", "bound on the error of the offset", {
    example: "<1ms",
    column: "bound_ns",
    absent: "it is not known",
  }),
  define("server", "score", "number", "overall score, −100 to 20", {
    example: "<10",
    absent: "it was not scored yet",
  }),
  define("server", "stratum", "number", "stratum as last answered", {
    example: ">=3",
    absent: "it never answered",
  }),
  define("server", "reference_id", "text", "what it takes its time from", {
    example: ":GPS",
    absent: "it is not known",
    searched: true,
  }),
  define("server", "loss", "share", "samples without an answer over the last day", {
    example: ">5%",
    absent: "there were no samples",
  }),
  define("server", "last_seen_at", "instant", "when it last gave a valid answer", {
    example: "<now-1h",
    absent: "it never did",
  }),
  define("server", "last_check_at", "instant", "when it was last checked", {
    example: ">now-5m",
    absent: "it was not checked yet",
  }),
  define("server", "age", "age", "how long ago it was last checked", {
    example: "<1h",
    column: "last_check_at",
    absent: "it was not checked yet",
  }),
  define("server", "witnesses_fresh", "number", "monitors with fresh data", { example: "<3" }),
  define("server", "witnesses_against", "number", "how many of them hold its clock to be wrong", {
    example: ">0",
  }),
  define("server", "leap_inserts", "number", "monitors that saw it announce one second more", {
    example: ">0",
  }),
  define("server", "leap_deletes", "number", "monitors that saw it announce one second less", {
    example: ">0",
  }),
  define("server", "stale", "flag", "its newest check is older than three intervals", {
    example: ":yes",
  }),
  define("server", "lab", "flag", "it is a simulated server of the built-in lab", {
    example: ":no",
  }),
  define("server", "added_at", "instant", "when it was added", { example: ">2026-11-01" }),
  define("server", "id", "id", "its number", { example: ":12" }),
];

const MONITOR: readonly Field[] = [
  define("monitor", "name", "text", "the monitor's name", { example: ":zurich*", searched: true }),
  define("monitor", "address", "text", "its IP address", {
    example: ":2001:db8:*",
    absent: "it was not heard yet",
    searched: true,
  }),
  define("monitor", "family", "word", "its IP family", {
    example: ":v4",
    words: FAMILIES,
    absent: "it was not heard yet",
  }),
  define("monitor", "status", "word", "what it may do", {
    example: ":active",
    words: ["pending", "testing", "active", "paused", "deleted"],
    searched: true,
  }),
  define("monitor", "online", "flag", "it is heard of now", { example: ":yes" }),
  define("monitor", "country", "text", "two letters of ISO 3166 for where its agent stands", {
    example: ":de",
    absent: "nobody said",
    searched: true,
  }),
  define("monitor", "network", "text", "the network that its agent stands in", {
    example: ":AS64500*",
    absent: "nobody said",
    searched: true,
  }),
  define("monitor", "location", "text", "the place in a person's words", {
    example: ':"Zurich, *"',
    absent: "nobody said",
    searched: true,
  }),
  define("monitor", "client_version", "text", "the version of its agent", {
    example: ":0.1.*",
    absent: "it was not heard yet",
  }),
  define("monitor", "last_seen_at", "instant", "when it was last heard", {
    example: "<now-10m",
    absent: "never",
  }),
  define("monitor", "last_submit_at", "instant", "when it last submitted results", {
    example: ">now-5m",
    absent: "never",
  }),
  define("monitor", "age", "age", "how long ago it was last heard", {
    example: ">10m",
    column: "last_seen_at",
    absent: "never",
  }),
  define("monitor", "servers_active", "number", "servers that it watches", { example: ">100" }),
  define("monitor", "servers_testing", "number", "servers that it watches on trial", {
    example: ">0",
  }),
  define("monitor", "checks_last_hour", "number", "its results over the last hour", {
    example: ":0",
  }),
  define("monitor", "offset_from_fleet", "offset", "median of its offsets minus the fleet's", {
    example: ">1ms",
    column: "offset_from_fleet_ns",
    absent: "it shares no server with others",
  }),
  define("monitor", "certificate_left", "left", "how long its agent's certificate is valid", {
    example: "<2d",
    column: "certificate_until",
    absent: "its agent has none",
  }),
  define("monitor", "on_demand", "flag", "it can be asked to look at a server now", {
    example: ":yes",
  }),
  define("monitor", "lab", "flag", "it is a virtual vantage point of the built-in lab", {
    example: ":no",
  }),
  define("monitor", "created_at", "instant", "when it was made", { example: ">now-7d" }),
  define("monitor", "id", "id", "its number", { example: ":7" }),
];

const CERTIFICATE: readonly Field[] = [
  define("certificate", "name", "text", "the names and addresses that it is for", {
    example: ":clocks.example.*",
    searched: true,
  }),
  define("certificate", "source", "word", "where the dashboard has it from, as listen.tls says", {
    example: ":acme",
    words: ["own", "files", "acme"],
  }),
  define("certificate", "issuer", "text", "common name of the authority that signed it", {
    example: ':"*Encrypt*"',
    absent: "it has none",
    searched: true,
  }),
  define("certificate", "left", "left", "how long it is valid", {
    example: "<10d",
    column: "not_after",
  }),
  define("certificate", "renewal_failing", "flag", "the last attempt to replace it failed", {
    example: ":yes",
  }),
  define("certificate", "error", "text", "what that attempt failed with, a code and words", {
    example: ":certificate_refused*",
    absent: "it did not fail",
    absentIsKnown: true,
    searched: true,
  }),
  define("certificate", "id", "id", "its number", { example: ":1" }),
];

const NO_ANSWER = "there was no answer";

const CHECK: readonly Field[] = [
  define("check", "at", "instant", "when the check was made, by the agent's clock", {
    example: ">=2026-11-28T14:00Z",
  }),
  define("check", "age", "age", "how long ago that was", { example: "<1h", column: "at" }),
  define("check", "offset", "offset", "server minus agent; positive: the server's clock is ahead", {
    example: ">5ms",
    column: "offset_ns",
    absent: NO_ANSWER,
  }),
  define("check", "abs_offset", "magnitude", "the same without its sign", {
    example: ">25ms",
    column: "offset_ns",
    absent: NO_ANSWER,
  }),
  define("check", "bound", "duration", "bound on the error of the offset", {
    example: "<=500us",
    column: "bound_ns",
    absent: "it was not reported",
  }),
  define("check", "rtt", "duration", "round trip without the server's time", {
    example: ">200ms",
    column: "rtt_ns",
    absent: NO_ANSWER,
  }),
  define("check", "stratum", "number", "stratum as answered", {
    example: ">=3",
    absent: NO_ANSWER,
  }),
  define("check", "leap", "number", "leap indicator as answered, 0 to 3", {
    example: ":3",
    absent: NO_ANSWER,
  }),
  define("check", "reason", "word", "why it failed", {
    example: ":kiss_rate",
    words: [...SAMPLE_REASONS, ...LEGACY_STATUS_REASONS],
    absent: "it succeeded",
    absentIsKnown: true,
    searched: true,
  }),
  define("check", "step", "number", "what it was worth, −10 to 1", { example: "<0" }),
  define("check", "score", "number", "the monitor's score after it", { example: "<10" }),
  define("check", "has_evidence", "flag", "its packets are kept", { example: ":yes" }),
  define("check", "id", "id", "its number", { example: ":4711" }),
];

const EVENT: readonly Field[] = [
  define("event", "at", "instant", "when it was noticed", { example: ">now-1d" }),
  define("event", "age", "age", "how long ago that was", { example: "<1h", column: "at" }),
  define("event", "kind", "word", "what happened", {
    example: ":verdict_changed",
    words: EVENT_KINDS,
    searched: true,
  }),
  define("event", "reason", "text", "the coded reason", {
    example: ":no_answer",
    absent: "it has none",
    absentIsKnown: true,
  }),
  define("event", "verdict_before", "word", "the verdict that was", {
    example: ":truechimer",
    words: VERDICTS,
    absent: "it is not about a verdict",
  }),
  define("event", "verdict_after", "word", "the verdict that came", {
    example: ":falseticker",
    words: VERDICTS,
    absent: "it is not about a verdict",
  }),
  define("event", "text", "text", "the sentence that tells it", {
    example: ':"*leap second*"',
    searched: true,
  }),
  define("event", "id", "id", "its number", { example: ":100" }),
];

/** Of a server or a monitor, what a row that only points at it can be asked for. */
const JOINED = new Set([
  "server",
  "server.address",
  "server.port",
  "server.family",
  "server.state",
  "server.verdict",
  "server.lab",
  "server.id",
  "monitor",
  "monitor.address",
  "monitor.family",
  "monitor.status",
  "monitor.online",
  "monitor.country",
  "monitor.network",
  "monitor.location",
  "monitor.client_version",
  "monitor.lab",
  "monitor.id",
]);

/** A row of another subject may be about no server, or no monitor: then it has none of their fields. */
function joined(fields: readonly Field[], absent?: string): readonly Field[] {
  return fields
    .filter(({ name }) => JOINED.has(name))
    .map((field) => (absent === undefined ? field : { absent, ...field }));
}

/** What each subject can be asked for; fields of its own entity first. */
export const FIELDS: Readonly<Record<Subject, readonly Field[]>> = {
  servers: SERVER,
  monitors: MONITOR,
  certificates: CERTIFICATE,
  checks: [...CHECK, ...joined(SERVER), ...joined(MONITOR)],
  events: [
    ...EVENT,
    ...joined(SERVER, "it is about no server"),
    ...joined(MONITOR, "it is about no monitor"),
  ],
};

/** The entity whose fields need no prefix. */
const OWN_ENTITY: Readonly<Record<Subject, Entity>> = {
  servers: "server",
  monitors: "monitor",
  certificates: "certificate",
  checks: "check",
  events: "event",
};

/** As one writes it in a filter of this subject: "verdict" among servers, "server.verdict" among checks. */
export function writtenName(field: Field, subject: Subject): string {
  const prefix = `${OWN_ENTITY[subject]}.`;
  return field.name.startsWith(prefix) ? field.name.slice(prefix.length) : field.name;
}

/** By its written or its full name, in any case: "verdict", "server.verdict"; "server", "server.name", "name". */
export function findField(subject: Subject, name: string): Field | undefined {
  const own = OWN_ENTITY[subject];
  const asked = name.toLowerCase();
  const wanted = asked === "name" ? own : asked.replace(/^(server|monitor)\.name$/, "$1");
  return FIELDS[subject].find(
    (field) => wanted === field.name || `${own}.${wanted}` === field.name,
  );
}
