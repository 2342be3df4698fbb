// One check beside the list: its outcome, and the packet that counted with its bytes by field.

import { useQuery } from "@tanstack/react-query";
import type { adminV1 } from "@truechimer/api";
import type { ReactNode } from "react";
import { msOf, offsetOf } from "../api/message.ts";
import { problemOf } from "../api/problem.ts";
import { checkQuery } from "../api/queries.ts";
import { PacketView } from "../check/packet-view.tsx";
import { AfterWait, ProblemNote } from "../parts/states.tsx";
import { Instant, OffsetText } from "../parts/values.tsx";
import { reasonWords } from "../parts/words.ts";
import { paths } from "../url/paths.ts";

export function OpenedCheck(props: {
  readonly id: bigint;
  readonly onClose: () => void;
}): ReactNode {
  const answer = useQuery(checkQuery(props.id));
  const data = answer.isPlaceholderData ? undefined : answer.data;
  return (
    <section className="live-opened" aria-labelledby="opened-title">
      <header className="page-head is-row">
        <h2 id="opened-title">The check</h2>
        <button type="button" className="button is-small" onClick={props.onClose}>
          Close
        </button>
      </header>
      {data?.check !== undefined ? (
        <Opened data={data} check={data.check} />
      ) : answer.isError ? (
        <ProblemNote
          error={answer.error}
          title={
            problemOf(answer.error).code === "not_found"
              ? "There is no such check"
              : "The check could not be loaded"
          }
          onRetry={() => void answer.refetch()}
        />
      ) : (
        <AfterWait>
          <div className="skeleton-row" />
        </AfterWait>
      )}
    </section>
  );
}

function Opened(props: {
  readonly data: adminV1.GetCheckResponse;
  readonly check: adminV1.Check;
}): ReactNode {
  const { data, check } = props;
  const atMs = msOf(check.at);
  const exchange = data.exchanges[data.selectedIndex ?? 0] ?? data.exchanges[0];
  return (
    <>
      <p>
        <a href={paths.server(check.serverId)}>{data.server?.name ?? `server ${check.serverId}`}</a>
        , seen by {check.monitorName}
        {atMs === undefined ? null : (
          <>
            {" "}
            at <Instant atMs={atMs} full />
          </>
        )}
        :{" "}
        {check.reason === "" ? (
          <OffsetText offset={offsetOf(check.offset)} />
        ) : (
          <span className="bad">{reasonWords(check.reason)}</span>
        )}
      </p>
      <p>
        <a href={paths.check(check.id)}>Exchange, rules and score of this check</a>
      </p>
      {exchange === undefined ? (
        <p className="soft">There are no packets of this check.</p>
      ) : (
        <PacketView fields={exchange.fields} bytes={exchange.response} />
      )}
    </>
  );
}
