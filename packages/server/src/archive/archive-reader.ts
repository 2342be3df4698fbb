// What an archive is asked: results and events of a range of time, as lists and charts want them, and single results.

import type { Timestamptz } from "@truechimer/database";
import type { CheckRow } from "../admin-api/check-messages.ts";
import type { HistoryCounts, HistorySelection } from "../admin-api/history-rows.ts";
import type { ArchivedEvent } from "./archived-event.ts";

/** A result with the names that its server and monitor had. `has_evidence`: the archive has its packets. */
export type ReadBackRow = CheckRow & {
  readonly server_name: string;
  readonly monitor_name: string;
  /** Where they were asked for. */
  readonly details?: ReadBackDetails;
};

/** What is told of a result beside lists and charts. */
export interface ReadBackDetails {
  readonly score_before: number | null;
  readonly rule: string;
  readonly no_response: boolean;
  readonly samples_sent: number;
  readonly samples_answered: number;
  /** JSON. Null: nothing. */
  readonly attributes: string | null;
  /** A serialized CheckEvidence. Null: it is not there, or was not asked for. */
  readonly packets: Uint8Array | null;
}

/** A single result, whole. */
export type ReadBackResult = ReadBackRow & { readonly details: ReadBackDetails };

export interface ArchiveQuestion {
  /** Included. */
  readonly from: Timestamptz;
  /** Excluded. */
  readonly to: Timestamptz;
  readonly order: "newest" | "oldest";
  /** Whose results: monitors' checks, or overall scores. */
  readonly writtenBy: "monitor" | "score";
  /** Absent: all. */
  readonly serverIds: readonly bigint[] | undefined;
  /** Told are those beyond it. */
  readonly place: { readonly ts: Timestamptz; readonly id: bigint };
  /** At most so many. */
  readonly rowsMax: number;
  /** `packets`: the details with the packets. Absent: neither. */
  readonly details?: "steps" | "packets" | undefined;
}

/** Events of a range of time. */
export interface ArchivedEventsQuestion
  extends Pick<ArchiveQuestion, "from" | "to" | "order" | "serverIds" | "place" | "rowsMax"> {
  /** Absent: of any kind. */
  readonly kind?: string;
}

/** What is asked for a chart: one server, some of its monitors, some scorers. */
export interface ArchivedHistory extends Pick<HistorySelection, "serverId" | "from"> {
  /** Excluded. */
  readonly to: Timestamptz;
  /** Absent: all monitors. */
  readonly monitorIds: readonly bigint[] | undefined;
  /** Beside them. */
  readonly scorerIds: readonly bigint[];
}

/** Each rejects with `peer_unreachable` or `archive_refused`. */
export interface ArchiveReader {
  /** Whether it has packets, and not their numbers alone. */
  readonly keepsPackets: boolean;
  /** Beginning of its first day. Undefined: it has nothing. Asked once a minute at most. */
  oldest(): Promise<Timestamptz | undefined>;
  /** `isOver`: there are no more beyond the last. */
  results(
    question: ArchiveQuestion,
  ): Promise<{ readonly rows: readonly ReadBackRow[]; readonly isOver: boolean }>;
  /** In the order of time and number. `isOver`: there are no more beyond the last. */
  events(
    question: ArchivedEventsQuestion,
  ): Promise<{ readonly rows: readonly ArchivedEvent[]; readonly isOver: boolean }>;
  countHistory(asked: ArchivedHistory): Promise<HistoryCounts>;
  /**
   * Oldest first.
   *
   * @param slots absent: every row. Else of each series and slot its least and greatest offset, worst score, first failure.
   */
  history(asked: ArchivedHistory, slots: number | undefined): Promise<readonly ReadBackRow[]>;
  /** By its number. Undefined: it is not there. */
  result(id: bigint): Promise<ReadBackResult | undefined>;
}
