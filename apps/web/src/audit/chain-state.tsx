// Whether the trail is whole: looked at when somebody asks, because it reads all of it.

import { useQuery } from "@tanstack/react-query";
import type { peopleV1 } from "@truechimer/api";
import type { ReactNode } from "react";
import { auditStateQuery } from "../api/queries.ts";
import { formatCount } from "../format/number.ts";
import { ProblemNote } from "../parts/states.tsx";
import { TimeAgo } from "../parts/values.tsx";

export function ChainState(): ReactNode {
  const state = useQuery({ ...auditStateQuery(), enabled: false });
  return (
    <section aria-labelledby="chain-title" className="chain-state">
      <h2 id="chain-title">Is it whole?</h2>
      {state.data !== undefined ? (
        <Verdict report={state.data} atMs={state.dataUpdatedAt} />
      ) : state.isError ? (
        <ProblemNote error={state.error} title="The trail could not be verified" />
      ) : (
        <p className="soft">
          Each entry holds the hash of the one before, and the newest hash is signed and kept
          outside the database. Verifying reads all of them.
        </p>
      )}
      <div className="button-row">
        <button
          type="button"
          className="button"
          disabled={state.isFetching}
          onClick={() => void state.refetch()}
        >
          {state.isFetching ? "Verifying…" : "Verify"}
        </button>
      </div>
    </section>
  );
}

function Verdict(props: {
  readonly report: peopleV1.VerifyAuditResponse;
  readonly atMs: number;
}): ReactNode {
  const { whole, entries, problems, remarks, vouchedFor } = props.report;
  return (
    <div role="status">
      <p>
        <strong className={whole ? "good" : "bad"}>{whole ? "Whole" : "Not whole"}</strong>:{" "}
        {formatCount(entries)} entries, looked at <TimeAgo atMs={props.atMs} />
        {vouchedFor === 0n
          ? "."
          : `; the head outside the database vouches for entry ${formatCount(vouchedFor)}.`}
      </p>
      {problems.length + remarks.length === 0 ? null : (
        <ul>
          {problems.map((text) => (
            <li key={text} className="bad">
              {text}
            </li>
          ))}
          {remarks.map((text) => (
            <li key={text} className="soft">
              {text}
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
