// All that is wrong as seen at one server, with the evidence, as it was stored.

import { create } from "@bufbuild/protobuf";
import { adminV1 } from "@truechimer/api";
import type { Schema } from "@truechimer/database";
import type { ChannelName } from "@truechimer/fault";
import { type Kysely, sql } from "kysely";
import type { StoredFault } from "../fault/store-faults.ts";
import { FAULTS, optionalField } from "./admin-message.ts";

/** Those of a server now. */
export async function faultMessages(
  kysely: Kysely<Schema>,
  serverId: bigint,
): Promise<adminV1.ServerFault[]> {
  const { rows } = await sql<{ readonly faults: string }>`
    select faults::text as faults from servers where id = ${serverId}`.execute(kysely);
  const [messages = []] = await evidenceMessages(kysely, [rows[0]?.faults ?? null]);
  return messages;
}

/** Of each text that `servers.faults` or `events.evidence` holds. Null: there is nothing. */
export async function evidenceMessages(
  kysely: Kysely<Schema>,
  texts: readonly (string | null)[],
): Promise<adminV1.ServerFault[][]> {
  const stored = texts.map((text) => JSON.parse(text ?? "[]") as readonly StoredFault[]);
  const ids = new Set(
    stored.flat().flatMap(({ witnesses }) => witnesses.map(({ monitor }) => BigInt(monitor))),
  );
  if (ids.size === 0) return stored.map((faults) => faults.map((each) => faultMessage(each)));
  const monitors = await kysely
    .selectFrom("monitors")
    .select(["id", "hostname"])
    .where("id", "in", [...ids])
    .execute();
  const names = new Map(monitors.map(({ id, hostname }) => [String(id), hostname]));
  return stored.map((faults) => faults.map((each) => faultMessage(each, names)));
}

function faultMessage(
  fault: StoredFault,
  names: ReadonlyMap<string, string> = new Map(),
): adminV1.ServerFault {
  const effect = (channel: ChannelName): number | undefined =>
    fault.symptoms.find((symptom) => symptom.channel === channel)?.effect;
  const wholeNs = (channel: ChannelName): bigint | undefined => {
    const ns = effect(channel);
    return ns === undefined ? undefined : BigInt(Math.round(ns));
  };
  const { reach, text, cause, shown, reached, othersWell, others } = fault;
  return create(adminV1.ServerFaultSchema, {
    fault: FAULTS[fault.fault] satisfies adminV1.Fault,
    cause,
    text,
    reach: reach.kind,
    reachFrom: reach.from,
    reachTo: reach.to,
    ...optionalField("offsetNs", wholeNs("offset")),
    ...optionalField("delayNs", wholeNs("delay")),
    ...optionalField("loss", effect("loss")),
    witnesses: fault.witnesses.map(({ monitor, network, sees, shares, check }) =>
      create(adminV1.FaultWitnessSchema, {
        monitorId: BigInt(monitor),
        monitorName: names.get(monitor) ?? "",
        network,
        sees,
        shares: [...shares],
        ...optionalField("checkId", check === undefined ? undefined : BigInt(check)),
      }),
    ),
    shown,
    reached,
    othersWell,
    others,
  });
}
