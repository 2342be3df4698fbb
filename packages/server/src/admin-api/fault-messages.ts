// All that is wrong as seen at one server, with the evidence, as it was stored.

import { create } from "@bufbuild/protobuf";
import { adminV1 } from "@truechimer/api";
import type { Schema } from "@truechimer/database";
import type { ChannelName } from "@truechimer/fault";
import { type Kysely, sql } from "kysely";
import type { StoredFault } from "../fault/store-faults.ts";
import { FAULTS, optionalField } from "./admin-message.ts";

export async function faultMessages(
  kysely: Kysely<Schema>,
  serverId: bigint,
): Promise<adminV1.ServerFault[]> {
  const { rows } = await sql<{ readonly faults: string }>`
    select faults::text as faults from servers where id = ${serverId}`.execute(kysely);
  const stored = JSON.parse(rows[0]?.faults ?? "[]") as readonly StoredFault[];
  if (stored.length === 0) return [];
  const ids = new Set(stored.flatMap(({ witnesses }) => witnesses.map(({ monitor }) => monitor)));
  const monitors = await kysely
    .selectFrom("monitors")
    .select(["id", "hostname"])
    .where("id", "in", [...ids].map(BigInt))
    .execute();
  const names = new Map(monitors.map(({ id, hostname }) => [String(id), hostname]));
  return stored.map((fault) => faultMessage(fault, names));
}

function faultMessage(fault: StoredFault, names: ReadonlyMap<string, string>): adminV1.ServerFault {
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
    witnesses: fault.witnesses.map(({ monitor, network, sees, shares }) =>
      create(adminV1.FaultWitnessSchema, {
        monitorId: BigInt(monitor),
        monitorName: names.get(monitor) ?? "",
        network,
        sees,
        shares: [...shares],
      }),
    ),
    shown,
    reached,
    othersWell,
    others,
  });
}
