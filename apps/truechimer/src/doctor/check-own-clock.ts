// This host's time stamps and its clock, held against servers that it holds to be right: for its own monitors' sake.

import { checkOnce } from "@truechimer/agent";
import { parseIpAddress } from "@truechimer/base";
import type { Database } from "@truechimer/database";
import { checkStamps } from "../agent/doctor/check-stamps.ts";
import { trustedFindings } from "../agent/doctor/judge-trusted.ts";
import type { CliContext } from "../cli-context.ts";
import { type DoctorFinding, findingsOf } from "./finding.ts";

/** Enough for a majority, few enough to be nobody's burden. */
const SERVERS_MAX = 5;
const SAMPLE_INTERVAL_MS = 2_000;
const SAMPLE_TIMEOUT_MS = 3_000;

/** Absent database: the stamps alone. */
export async function clockFindings(
  context: CliContext,
  database: Pick<Database, "kysely"> | undefined,
): Promise<readonly DoctorFinding[]> {
  const { probeSocket, finding } = await checkStamps(context);
  await using socket = probeSocket;
  if (database === undefined) return [finding];
  const rows = await database.kysely
    .selectFrom("servers")
    .select(["name", "ip", "port"])
    .where("state", "=", "watched")
    .where("lab", "=", false)
    .where("verdict", "=", "truechimer")
    .orderBy("id")
    .limit(SERVERS_MAX)
    .execute();
  const targets = rows.flatMap(({ name, ip, port }) => {
    const address = parseIpAddress(ip.split("/")[0] ?? "");
    return address.ok ? [{ host: name, address: address.value, port }] : [];
  });
  if (targets.length === 0) {
    const { warning } = findingsOf("clock");
    return [
      finding,
      warning(
        "not checked: there is no watched server that is held to be right",
        "compare it yourself: truechimer check with some servers that you trust",
      ),
    ];
  }
  const checked = await checkOnce(targets, {
    socket,
    clock: context.clock,
    samples: 1,
    sampleIntervalMs: SAMPLE_INTERVAL_MS,
    sampleTimeoutMs: SAMPLE_TIMEOUT_MS,
  });
  return [
    finding,
    ...trustedFindings(checked.map(({ target, result }) => ({ host: target.host, result }))),
  ];
}
