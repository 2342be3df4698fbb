// What an archive is asked: results of a range of time, as ListResults and charts want them.

import type { Timestamptz } from "@truechimer/database";
import type { CheckRow } from "../admin-api/check-messages.ts";
import type { HistoryCounts, HistorySelection } from "../admin-api/history-rows.ts";

/** A result with the names that its server and monitor had. Its packets are not there. */
export type ReadBackRow = CheckRow & {
  readonly server_name: string;
  readonly monitor_name: string;
};

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
  /** Beginning of its first day. Undefined: it has nothing. Asked once a minute at most. */
  oldest(): Promise<Timestamptz | undefined>;
  /** `isOver`: there are no more beyond the last. */
  results(
    question: ArchiveQuestion,
  ): Promise<{ readonly rows: readonly ReadBackRow[]; readonly isOver: boolean }>;
  countHistory(asked: ArchivedHistory): Promise<HistoryCounts>;
  /**
   * Oldest first.
   *
   * @param slots absent: every row. Else of each series and slot its least and greatest offset, worst score, first failure.
   */
  history(asked: ArchivedHistory, slots: number | undefined): Promise<readonly ReadBackRow[]>;
}
