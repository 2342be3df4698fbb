// A monitor of this host in the database. Its token is made anew at each start, and only its hash is kept: nothing on
// the disk can act for it.

import { createHash } from "node:crypto";
import { type Clock, createUlid, type IpAddress, type Random } from "@truechimer/base";
import { type Database, inTransaction } from "@truechimer/database";

export interface MonitorToEnrol {
  /** Found again by this name at the next start, and by its family. */
  readonly name: string;
  readonly location: string;
  readonly address: IpAddress;
  /** A virtual vantage point of the lab. */
  readonly lab: boolean;
}

export interface EnrolmentWorld {
  readonly clock: Clock;
  readonly random: Random;
}

const TOKEN_BYTES = 32;

/** Gives the monitor's new token. */
export async function enrolMonitor(
  database: Database,
  { name, location, address, lab }: MonitorToEnrol,
  { clock, random }: EnrolmentWorld,
): Promise<string> {
  const token = `tcm_${Buffer.from(random.bytes(TOKEN_BYTES)).toString("base64url")}`;
  const values = {
    hostname: name,
    location,
    ip: address.text,
    token_hash: createHash("sha256").update(token).digest(),
    status: "active" as const,
    deleted_on: null,
  };
  await inTransaction(database, async (transaction) => {
    const known = await transaction
      .updateTable("monitors")
      .set(values)
      .where("type", "=", "monitor")
      .where("lab", "=", lab)
      .where("is_current", "=", true)
      .where("tls_name", "is", null)
      .where("hostname", "=", name)
      .where("ip_version", "=", address.family)
      .returning("id")
      .executeTakeFirst();
    if (known !== undefined) return;
    const idToken = createUlid(clock, random);
    const { id } = await transaction
      .insertInto("monitors")
      .values({ ...values, id_token: idToken, ip_version: address.family, lab })
      .returning("id")
      .executeTakeFirstOrThrow();
    await transaction
      .insertInto("events")
      .values({ kind: "monitor_added", monitor_id: id, text: `${name} began to watch` })
      .execute();
  });
  return token;
}
