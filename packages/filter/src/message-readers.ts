// Servers and monitors as the API tells them, and certificates as the control plane keeps them, read for a filter. Only the messages' types are used, so that this stays
// without the code that makes them.

import type { Timestamp } from "@bufbuild/protobuf/wkt";
import type { adminV1 } from "@truechimer/api";
import { assert } from "@truechimer/base";
import type { ReadColumn, Readers } from "./compile-condition.ts";
import type { ConditionValue } from "./condition.ts";
import type { Column } from "./field.ts";

type Table<Row> = Readonly<Record<string, ReadColumn<Row>>>;

const FAMILIES: Readonly<Record<number, string>> = { 4: "v4", 6: "v6" };
const VERDICTS: Readonly<Record<number, string>> = {
  1: "truechimer",
  2: "falseticker",
  3: "unreachable",
  4: "unsure",
};
const FAULTS: Readonly<Record<number, string>> = {
  1: "server",
  2: "path",
  3: "monitor",
  4: "cannot_tell",
};
const SERVER_STATES: Readonly<Record<number, string>> = { 1: "watched", 2: "paused", 3: "removed" };
const MONITOR_STATUSES: Readonly<Record<number, string>> = {
  1: "pending",
  2: "testing",
  3: "active",
  4: "paused",
  5: "deleted",
};

const SERVER: Table<adminV1.Server> = {
  "server.name": ({ name }) => name,
  "server.address": ({ address }) => address,
  "server.port": ({ port }) => port,
  "server.family": ({ family }) => FAMILIES[family],
  "server.state": ({ state }) => SERVER_STATES[state],
  "server.verdict": ({ verdict }) => VERDICTS[verdict],
  "server.verdict_reason": ({ verdictReason }) => verdictReason,
  "server.verdict_text": ({ verdictText }) => verdictText,
  "server.verdict_since": ({ verdictSince }) => instantOf(verdictSince),
  "server.fault": ({ fault }) => FAULTS[fault],
  "server.fault_cause": ({ faultCause }) => presentText(faultCause),
  "server.fault_since": ({ faultSince }) => instantOf(faultSince),
  "server.seen_faults": ({ seenFaults }) => presentText(seenFaults),
  "server.offset_ns": ({ offset }) => offset?.valueNs,
  "server.bound_ns": ({ offset }) => offset?.boundNs,
  "server.score": ({ score }) => score,
  "server.stratum": ({ stratum }) => stratum,
  "server.reference_id": ({ referenceId }) => presentText(referenceId),
  "server.loss": ({ loss }) => loss,
  "server.last_seen_at": ({ lastSeenAt }) => instantOf(lastSeenAt),
  "server.last_check_at": ({ lastCheckAt }) => instantOf(lastCheckAt),
  "server.witnesses_fresh": ({ witnessesFresh }) => witnessesFresh,
  "server.witnesses_against": ({ witnessesAgainst }) => witnessesAgainst,
  "server.leap_inserts": ({ leapInserts }) => leapInserts,
  "server.leap_deletes": ({ leapDeletes }) => leapDeletes,
  "server.stale": ({ stale }) => stale,
  "server.lab": ({ lab }) => lab,
  "server.added_at": ({ addedAt }) => instantOf(addedAt),
  "server.id": ({ id }) => id,
};

const MONITOR: Table<adminV1.Monitor> = {
  "monitor.name": ({ name }) => name,
  "monitor.address": ({ address }) => presentText(address),
  "monitor.family": ({ family }) => FAMILIES[family],
  "monitor.status": ({ status }) => MONITOR_STATUSES[status],
  "monitor.online": ({ online }) => online,
  "monitor.country": ({ country }) => presentText(country),
  "monitor.network": ({ network }) => presentText(network),
  "monitor.location": ({ location }) => presentText(location),
  "monitor.client_version": ({ clientVersion }) => presentText(clientVersion),
  "monitor.last_seen_at": ({ lastSeenAt }) => instantOf(lastSeenAt),
  "monitor.last_submit_at": ({ lastSubmitAt }) => instantOf(lastSubmitAt),
  "monitor.servers_active": ({ serversActive }) => serversActive,
  "monitor.servers_testing": ({ serversTesting }) => serversTesting,
  "monitor.checks_last_hour": ({ checksLastHour }) => checksLastHour,
  "monitor.offset_from_fleet_ns": ({ offsetFromFleetNs }) => offsetFromFleetNs,
  "monitor.certificate_until": ({ certificateUntil }) => instantOf(certificateUntil),
  "monitor.on_demand": ({ onDemand }) => onDemand,
  "monitor.lab": ({ lab }) => lab,
  "monitor.created_at": ({ createdAt }) => instantOf(createdAt),
  "monitor.id": ({ id }) => id,
};

/** A certificate that the dashboard presents. */
export interface CertificateFacts {
  readonly id: bigint;
  /** DNS names and addresses, with commas between. */
  readonly name: string;
  /** As `listen.tls` has it: own, files, acme. */
  readonly source: string;
  /** Empty: it has none. */
  readonly issuer: string;
  /** Last second of its life, nanoseconds since 1970. */
  readonly notAfterNs: bigint;
  /** What the last attempt to replace it failed with. Empty: it did not fail. */
  readonly error: string;
}

const CERTIFICATE: Table<CertificateFacts> = {
  "certificate.name": ({ name }) => name,
  "certificate.source": ({ source }) => source,
  "certificate.issuer": ({ issuer }) => presentText(issuer),
  "certificate.not_after": ({ notAfterNs }) => notAfterNs,
  "certificate.renewal_failing": ({ error }) => error !== "",
  "certificate.error": ({ error }) => presentText(error),
  "certificate.id": ({ id }) => id,
};

/** For filters of servers. */
export const serverReaders: Readers<adminV1.Server> = readersOf(SERVER);

/** For filters of monitors. */
export const monitorReaders: Readers<adminV1.Monitor> = readersOf(MONITOR);

/** For filters of the dashboard's certificates. */
export const certificateReaders: Readers<CertificateFacts> = readersOf(CERTIFICATE);

function readersOf<Row>(table: Table<Row>): Readers<Row> {
  return (column: Column) => {
    const read = table[column];
    assert(read !== undefined, `no reader for the column ${column}`);
    return read;
  };
}

/** Nanoseconds since 1970. */
function instantOf(timestamp: Timestamp | undefined): ConditionValue | undefined {
  return timestamp === undefined
    ? undefined
    : timestamp.seconds * 1_000_000_000n + BigInt(timestamp.nanos);
}

/** The wire has no null for a text: empty is unknown. */
function presentText(text: string): string | undefined {
  return text === "" ? undefined : text;
}
