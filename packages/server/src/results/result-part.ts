// A part of the range of a question, looked through in one place: in memory, or in the database.

import type { Timestamptz } from "@truechimer/database";
import type { CheckRow } from "../admin-api/check-messages.ts";
import type { ReadBackDetails } from "../archive/archive-reader.ts";
import type { AskedServers } from "./asked-servers.ts";
import type { ResultPlace, ResultsQuestion } from "./results-question.ts";

export type ListedRow = CheckRow & {
  readonly server_name: string;
  /** Of one from the archive, where they were asked for. */
  readonly details?: ReadBackDetails;
};

export interface ResultPart {
  readonly question: ResultsQuestion;
  readonly servers: AskedServers;
  /** Included. */
  readonly from: Timestamptz;
  /** Excluded. */
  readonly to: Timestamptz;
  /** Told are those beyond it. */
  readonly place: ResultPlace;
  /** So many rows are wanted. */
  readonly rowsMax: number;
}

export interface FoundRows {
  /** In the order of the question. */
  readonly rows: readonly ListedRow[];
  /** Where looking ended before the part did. Absent: the part is over. */
  readonly place: ResultPlace | undefined;
}
