// What replicas tell each other through PostgreSQL's NOTIFY: a word and the ids that it is about. It says only where to
// look; the tables are what counts, so that a notice may be lost, doubled or late.

import type { Schema } from "@truechimer/database";
import { type Kysely, sql } from "kysely";

/** The channel; migration 0006 sends to it, too. */
export const ON_DEMAND_CHANNEL = "truechimer_on_demand";

export type OnDemandNotice =
  /** A question was put. */
  | { readonly kind: "asked"; readonly requestId: string }
  /** An answer was taken. */
  | { readonly kind: "answered"; readonly requestId: string }
  /** A stream was opened: older ones of these monitors end. */
  | {
      readonly kind: "opened";
      readonly streamId: string;
      readonly sessionId: string;
      readonly monitorIds: readonly bigint[];
    }
  /** Configuration changed. Absent: of all monitors. */
  | { readonly kind: "configuration"; readonly monitorId: bigint | undefined };

const ID = /^\d{1,19}$/;

export function noticeText(notice: OnDemandNotice): string {
  switch (notice.kind) {
    case "asked":
    case "answered":
      return `${notice.kind} ${notice.requestId}`;
    case "opened":
      return ["opened", notice.streamId, notice.sessionId, ...notice.monitorIds].join(" ");
    case "configuration":
      return notice.monitorId === undefined ? "configuration" : `configuration ${notice.monitorId}`;
  }
}

/** Absent: of a newer version, or none of ours. */
export function parseNotice(text: string): OnDemandNotice | undefined {
  const [kind, first = "", second = "", ...rest] = text.split(" ");
  switch (kind) {
    case "asked":
    case "answered":
      return first === "" ? undefined : { kind, requestId: first };
    case "opened":
      return rest.every((id) => ID.test(id))
        ? { kind, streamId: first, sessionId: second, monitorIds: rest.map(BigInt) }
        : undefined;
    case "configuration":
      if (first === "") return { kind, monitorId: undefined };
      return ID.test(first) ? { kind, monitorId: BigInt(first) } : undefined;
    default:
      return undefined;
  }
}

/** Told to every replica, this one included, once the transaction is committed. */
export async function sendNotice(kysely: Kysely<Schema>, notice: OnDemandNotice): Promise<void> {
  await sql`select pg_notify(${ON_DEMAND_CHANNEL}, ${noticeText(notice)})`.execute(kysely);
}
