// What a rule's filter says of servers, monitors and the dashboard's certificates now.

import type { Truth } from "@truechimer/alerts";
import { adminV1 } from "@truechimer/api";
import { AppError, formatOffset, unixMsFromNs } from "@truechimer/base";
import type { Schema, VerdictName } from "@truechimer/database";
import {
  type CertificateFacts,
  type Condition,
  certificateReaders,
  compileCondition,
  monitorReaders,
  readFilter,
  serverReaders,
} from "@truechimer/filter";
import { type Kysely, sql } from "kysely";
import { monitorMessages } from "../admin-api/monitor-messages.ts";
import { serverMessages } from "../admin-api/server-messages.ts";
import type { ServerContext } from "../context.ts";
import { monitorOfAccount, ofAccount } from "../people/account-sql.ts";
import { dashboardCertificates } from "./dashboard-certificates.ts";
import type { WatchingRule } from "./rules.ts";
import { isUnwatched } from "./server-places.ts";

/** One that the filter holds for, or that an alert is open for. */
export interface Finding {
  readonly id: bigint;
  readonly name: string;
  /** What is found, in words. */
  readonly text: string;
  /** Gone: it is not watched any more. */
  readonly truth: Truth | "gone";
}

const WATCHED: Condition = {
  kind: "compare",
  column: "server.state",
  comparison: "eq",
  value: "watched",
};

/** The monitors are read when the first rule asks, and once a look. */
export interface Looker {
  find(rule: WatchingRule, openIds: readonly bigint[]): Promise<readonly Finding[]>;
}

export function createLooker(context: ServerContext, nowNs: bigint): Looker {
  let monitors: Promise<readonly adminV1.Monitor[]> | undefined;
  return {
    find: async (rule, openIds) => {
      if (rule.subject === "servers") return findServers(context, { rule, openIds, nowNs });
      if (rule.subject === "certificates") return findCertificates(context, rule, nowNs);
      monitors ??= monitorMessages(context.database.kysely, context.policy.offsetLimitNs);
      return findMonitors(context, { rule, openIds, nowNs, monitors: await monitors });
    },
  };
}

interface Look {
  readonly rule: WatchingRule;
  readonly openIds: readonly bigint[];
  readonly nowNs: bigint;
}

async function findServers(
  context: ServerContext,
  { rule, openIds, nowNs }: Look,
): Promise<readonly Finding[]> {
  const condition = conditionOf(rule, nowNs);
  const holding = await serverMessages(context, {
    filter: { kind: "and", operands: [condition, WATCHED] },
    lastDay: rule.filter.includes("loss"),
  });
  const held = new Set(holding.map(({ id }) => id));
  const others = await serverMessages(context, { ids: openIds.filter((id) => !held.has(id)) });
  const holdsNot = compileCondition({ kind: "not", operand: condition }, serverReaders);
  const owned = await serversOfAccount(context.database.kysely, rule, [...held]);
  return [
    ...holding
      .filter(({ id }) => owned(id))
      .map((server): Finding => ({ ...wordsOfServer(server), truth: "holds" })),
    ...others.map((server): Finding => {
      return { ...wordsOfServer(server), truth: truthOfOther(server, holdsNot) };
    }),
  ];
}

/** Of one that the filter does not hold for: of a server that too few have seen lately nothing is better than it was. */
export function truthOfOther(
  server: adminV1.Server,
  holdsNot: (server: adminV1.Server) => boolean,
): Finding["truth"] {
  if (server.state !== adminV1.ServerState.WATCHED) return "gone";
  if (isUnwatched(server.verdictReason)) return "unknown";
  return holdsNot(server) ? "holds_not" : "unknown";
}

async function findMonitors(
  { database }: ServerContext,
  { rule, nowNs, monitors }: Look & { readonly monitors: readonly adminV1.Monitor[] },
): Promise<readonly Finding[]> {
  const condition = conditionOf(rule, nowNs);
  const holds = compileCondition(condition, monitorReaders);
  const holdsNot = compileCondition({ kind: "not", operand: condition }, monitorReaders);
  const owned = await monitorsOfAccount(database.kysely, rule);
  return monitors
    .filter((monitor) => isLiveMonitor(monitor) && owned(monitor.id))
    .map((monitor) => ({
      ...wordsOfMonitor(monitor),
      truth: holds(monitor) ? "holds" : holdsNot(monitor) ? "holds_not" : "unknown",
    }));
}

/** They are the whole installation's: a rule of one account finds none. */
async function findCertificates(
  { database }: ServerContext,
  rule: WatchingRule,
  nowNs: bigint,
): Promise<readonly Finding[]> {
  if (rule.accountId !== undefined) return [];
  const holds = compileCondition(conditionOf(rule, nowNs), certificateReaders);
  return (await dashboardCertificates(database)).map((certificate) => ({
    ...wordsOfCertificate(certificate),
    truth: holds(certificate) ? "holds" : "holds_not",
  }));
}

const LIVE: ReadonlySet<adminV1.MonitorStatus> = new Set([
  adminV1.MonitorStatus.TESTING,
  adminV1.MonitorStatus.ACTIVE,
]);

/** One that rules look at. */
export function isLiveMonitor({ status }: Pick<adminV1.Monitor, "status">): boolean {
  return LIVE.has(status);
}

/** "now" in it is now. It was read before it was kept. */
function conditionOf({ name, subject, filter }: WatchingRule, nowNs: bigint): Condition {
  const condition = readFilter(filter, { subject, nowNs });
  if (condition.ok) return condition.value;
  throw new AppError("internal", `the filter of the rule "${name}" cannot be read any more`);
}

export type IsOwned = (id: bigint) => boolean;

/** Whether the servers, which are among those named, are those of a rule's account. */
export async function serversOfAccount(
  kysely: Kysely<Schema>,
  { accountId }: Pick<WatchingRule, "accountId">,
  ids: readonly bigint[],
): Promise<IsOwned> {
  if (accountId === undefined || ids.length === 0) return () => true;
  const { rows } = await sql<{ readonly id: bigint }>`
    select id from servers where id = any(${ids}::bigint[]) and ${ofAccount("account_id", accountId)}`.execute(
    kysely,
  );
  const owned = new Set(rows.map(({ id }) => id));
  return (id) => owned.has(id);
}

/** Whether monitors are those of a rule's account. */
export async function monitorsOfAccount(
  kysely: Kysely<Schema>,
  { accountId }: Pick<WatchingRule, "accountId">,
): Promise<IsOwned> {
  if (accountId === undefined) return () => true;
  const { rows } = await sql<{ readonly id: bigint }>`
    select m.id from monitors m left join agents a on a.id = m.agent_id where ${monitorOfAccount(accountId)}`.execute(
    kysely,
  );
  const owned = new Set(rows.map(({ id }) => id));
  return (id) => owned.has(id);
}

const VERDICT_WORDS: ReadonlyMap<adminV1.Verdict, VerdictName> = new Map([
  [adminV1.Verdict.TRUECHIMER, "truechimer"],
  [adminV1.Verdict.FALSETICKER, "falseticker"],
  [adminV1.Verdict.UNREACHABLE, "unreachable"],
  [adminV1.Verdict.UNSURE, "unsure"],
]);

function wordsOfServer(server: adminV1.Server): Omit<Finding, "truth"> {
  const { id, name, verdict, verdictText, offset, score, faultText, seenFaults } = server;
  const facts = [
    `${VERDICT_WORDS.get(verdict) ?? "unsure"}: ${verdictText}`,
    ...(offset === undefined ? [] : [`offset ${formatOffset(offset.valueNs, offset.boundNs)}`]),
    ...(score === undefined ? [] : [`score ${score.toFixed(1)}`]),
    ...(faultText === "" ? [] : [`fault: ${faultText}`]),
    ...(faultText !== "" || seenFaults === "" ? [] : [`some of its monitors see ${seenFaults}`]),
  ];
  return { id, name, text: facts.join("; ") };
}

function wordsOfMonitor({
  id,
  name,
  address,
  online,
  lastSeenAt,
}: adminV1.Monitor): Omit<Finding, "truth"> {
  const seen =
    lastSeenAt === undefined
      ? "never heard"
      : `last heard at ${new Date(Number(lastSeenAt.seconds) * 1_000).toISOString().slice(0, 19)}Z`;
  return { id, name, text: `${address} is ${online ? "online" : "offline"}, ${seen}` };
}

const REPLACED_BY: Readonly<Record<string, string>> = {
  own: "the built-in authority",
  files: "another program, by its files",
  acme: "ACME",
};

function wordsOfCertificate({
  id,
  name,
  source,
  notAfterNs,
  error,
}: CertificateFacts): Omit<Finding, "truth"> {
  const end = new Date(unixMsFromNs(notAfterNs)).toISOString().slice(0, 16).replace("T", " ");
  const failure = error === "" ? "" : `; the last attempt to replace it failed: ${error}`;
  return {
    id,
    name: `the dashboard's certificate for ${name}`,
    text: `its end is at ${end}Z; it is replaced by ${REPLACED_BY[source] ?? source}${failure}`,
  };
}
