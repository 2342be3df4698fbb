// How well the servers are watched, and who carries it: how many fresh active monitors they have, those that have too few
// and why, and the load of each monitor and account.

import { useQuery } from "@tanstack/react-query";
import type { adminV1 } from "@truechimer/api";
import type { ReactNode } from "react";
import { msOf } from "../api/message.ts";
import { coverageQuery, monitorsQuery } from "../api/queries.ts";
import { formatCount, formatShare } from "../format/number.ts";
import { PageSkeleton, ProblemNote } from "../parts/states.tsx";
import { TimeAgo } from "../parts/values.tsx";
import { useTitle } from "../shell/use-title.ts";
import { paths } from "../url/paths.ts";
import { coverageSentence } from "./coverage-words.ts";
import { FreshActivePicture } from "./fresh-active-picture.tsx";
import { MonitorLoads } from "./monitor-loads.tsx";

export function CoveragePage(): ReactNode {
  useTitle("Coverage");
  const coverage = useQuery(coverageQuery());
  const monitors = useQuery(monitorsQuery());
  if (coverage.data !== undefined) {
    return <Coverage coverage={coverage.data} monitors={monitors.data?.monitors ?? []} />;
  }
  if (coverage.isError) {
    return (
      <ProblemNote
        error={coverage.error}
        title="The coverage could not be read"
        onRetry={() => void coverage.refetch()}
      />
    );
  }
  return <PageSkeleton what="the coverage" />;
}

function Coverage(props: {
  readonly coverage: adminV1.GetCoverageResponse;
  readonly monitors: readonly adminV1.Monitor[];
}): ReactNode {
  const { coverage, monitors } = props;
  return (
    <article className="coverage-page">
      <header className="page-head">
        <p className="crumbs">
          <a href={paths.agents()}>Agents</a>
        </p>
        <h1>Coverage</h1>
        <p className="page-sentence">{coverageSentence(coverage)}</p>
      </header>
      {coverage.servers === 0 ? null : (
        <section aria-labelledby="fresh-title">
          <h2 id="fresh-title">Servers by fresh active monitors</h2>
          <FreshActivePicture
            counts={coverage.serversByFreshActive}
            enough={coverage.freshActiveMin}
          />
        </section>
      )}
      {coverage.gaps.length === 0 ? null : <Gaps coverage={coverage} />}
      <MonitorLoads monitors={monitors} />
      <AccountLoads accounts={coverage.accounts} />
    </article>
  );
}

function Gaps({ coverage }: { readonly coverage: adminV1.GetCoverageResponse }): ReactNode {
  const texts = new Map(coverage.reasons.map(({ reason, text }) => [reason, text]));
  return (
    <section aria-labelledby="gaps-title">
      <h2 id="gaps-title">Too few</h2>
      <div className="table-scroll">
        <table className="table is-compact is-prose gaps">
          <thead>
            <tr>
              <th scope="col">Server</th>
              <th scope="col" className="is-number">
                Fresh of active
              </th>
              <th scope="col">Because</th>
              <th scope="col" className="is-number is-minor">
                Next review
              </th>
            </tr>
          </thead>
          <tbody>
            {coverage.gaps.map((gap) => (
              <tr key={gap.serverId.toString()}>
                <th scope="row">
                  <a href={paths.selection(gap.serverId)}>{gap.serverName}</a>
                </th>
                <td className="is-number">
                  {gap.freshActive} of {gap.active}
                </td>
                <td title={gap.reason}>{texts.get(gap.reason) ?? gap.reason}</td>
                <td className="is-number is-minor">
                  <TimeAgo atMs={msOf(gap.nextReviewAt)} never="not planned" />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function AccountLoads(props: { readonly accounts: readonly adminV1.AccountLoad[] }): ReactNode {
  if (props.accounts.length === 0) return null;
  return (
    <section aria-labelledby="accounts-title">
      <h2 id="accounts-title">Load by account</h2>
      <div className="table-scroll">
        <table className="table is-compact account-loads">
          <thead>
            <tr>
              <th scope="col">Account</th>
              <th scope="col" className="is-number">
                Monitors
              </th>
              <th
                scope="col"
                className="is-number"
                title="Servers that its monitors are active for"
              >
                Active
              </th>
              <th scope="col" className="is-number" title="Of all active assignments">
                Share
              </th>
            </tr>
          </thead>
          <tbody>
            {props.accounts.map(({ account, monitors, active, share }) => (
              <tr key={account}>
                <th scope="row">{account}</th>
                <td className="is-number">{formatCount(monitors)}</td>
                <td className="is-number">{formatCount(active)}</td>
                <td className="is-number">{formatShare(share)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
