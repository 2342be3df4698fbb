// How often and how many at once: the limits with their reasons, those that refused somebody lately first.

import { useQuery } from "@tanstack/react-query";
import { adminV1 } from "@truechimer/api";
import type { ReactNode } from "react";
import { nsOf } from "../api/message.ts";
import { rateLimitsQuery } from "../api/queries.ts";
import { formatCount } from "../format/number.ts";
import { formatLong } from "../format/relative-time.ts";
import { ProblemNote } from "../parts/states.tsx";

export function RateLimits(): ReactNode {
  const limits = useQuery(rateLimitsQuery());
  return (
    <section aria-labelledby="limits-title">
      <h2 id="limits-title">Limits</h2>
      {limits.data !== undefined ? (
        <LimitsTable limits={refusedFirst(limits.data.rateLimits)} />
      ) : limits.isError ? (
        <ProblemNote
          error={limits.error}
          title="The limits could not be read"
          onRetry={() => void limits.refetch()}
        />
      ) : null}
    </section>
  );
}

function LimitsTable(props: { readonly limits: readonly adminV1.RateLimit[] }): ReactNode {
  return (
    <div className="table-scroll">
      <table className="table limits-table">
        <thead>
          <tr>
            <th scope="col">Limit</th>
            <th scope="col">At most</th>
            <th scope="col" className="is-minor">
              Counted by
            </th>
            <th scope="col" className="is-number is-minor">
              Passed in an hour
            </th>
            <th scope="col" className="is-number">
              Refused
            </th>
          </tr>
        </thead>
        <tbody>
          {props.limits.map((limit) => (
            <LimitRow key={limit.name} limit={limit} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function LimitRow(props: { readonly limit: adminV1.RateLimit }): ReactNode {
  const { limit } = props;
  return (
    <tr>
      <th scope="row">
        {limit.name.replaceAll("_", " ")}
        <span className="loop-purpose">
          for each {limit.each}: {limit.reason}
        </span>
      </th>
      <td>{mostText(limit)}</td>
      <td className="is-minor">
        {limit.scope === adminV1.RateLimitScope.CLUSTER ? "cluster" : "process"}
      </td>
      <td className="is-number is-minor">{formatCount(limit.passedLastHour)}</td>
      <td className="is-number">
        {limit.refusedLastHour === 0n ? (
          "0"
        ) : (
          <span className="bad">{formatCount(limit.refusedLastHour)}</span>
        )}
      </td>
    </tr>
  );
}

/** "120 in 1 min", "32 at once", "100 failures in 10 min". */
function mostText({ max, window, counts }: adminV1.RateLimit): string {
  const windowNs = nsOf(window);
  if (windowNs === undefined) return `${formatCount(max)} at once`;
  const what = counts === adminV1.RateLimitUnit.FAILURES ? " failures" : "";
  return `${formatCount(max)}${what} in ${formatLong(Number(windowNs) / 1e6)}`;
}

function refusedFirst(limits: readonly adminV1.RateLimit[]): readonly adminV1.RateLimit[] {
  return limits.toSorted((a, b) =>
    a.refusedLastHour === b.refusedLastHour ? 0 : a.refusedLastHour > b.refusedLastHour ? -1 : 1,
  );
}
