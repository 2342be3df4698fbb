// The card over a witness on the server's axis.

import type { adminV1 } from "@truechimer/api";
import type { ReactNode } from "react";
import { msOf, offsetOf } from "../api/message.ts";
import { formatSpan } from "../format/offset.ts";
import { OffsetText, TimeAgo } from "../parts/values.tsx";
import { assignmentWord, reasonWords } from "../parts/words.ts";

export function WitnessCard(props: { readonly assignment: adminV1.Assignment }): ReactNode {
  const { assignment } = props;
  return (
    <>
      <p className="card-head">
        <strong>{assignment.monitorName}</strong>
        <span className="soft">{assignmentWord(assignment.status)}</span>
      </p>
      <p className="card-figure">
        <OffsetText offset={offsetOf(assignment.offset)} />
      </p>
      <p>
        {assignment.reason !== ""
          ? `Failed: ${reasonWords(assignment.reason)}`
          : assignment.against
            ? "Holds the clock to be wrong"
            : "Finds it within the limit"}
      </p>
      <p className="soft">
        {assignment.rttNs === undefined ? null : <>round trip {formatSpan(assignment.rttNs)} · </>}
        <TimeAgo atMs={msOf(assignment.lastCheckAt)} never="not checked yet" />
        {assignment.fresh ? "" : " · stale"}
      </p>
    </>
  );
}
