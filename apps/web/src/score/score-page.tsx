// Why a score is what it is: the sentence, who had a vote and which one was chosen, and the steps behind it, each of
// which opens down to its packets.

import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import type { adminV1 } from "@truechimer/api";
import { type ReactNode, useState } from "react";
import { msOf, offsetOf } from "../api/message.ts";
import { problemOf } from "../api/problem.ts";
import { explainScoreQuery } from "../api/queries.ts";
import { formatFixed, MINUS } from "../format/number.ts";
import { formatSpan } from "../format/offset.ts";
import { formatScore } from "../format/score.ts";
import { PageSkeleton, ProblemNote } from "../parts/states.tsx";
import { Instant, Nothing, OffsetColumns, TimeAgo } from "../parts/values.tsx";
import { assignmentWord, TERMS } from "../parts/words.ts";
import { NotFoundPage } from "../shell/not-found-page.tsx";
import { useTitle } from "../shell/use-title.ts";
import { parseId, paths } from "../url/paths.ts";
import { useSearchState } from "../url/use-search.ts";
import { LedgerPicture } from "./ledger-picture.tsx";

export function ScorePage(): ReactNode {
  const parameters: Readonly<Record<string, string>> = useParams({ strict: false });
  const [search] = useSearchState();
  const serverId = parseId(parameters["serverId"]);
  const monitorId = parseId(search["monitor"]) ?? 0n;
  const answer = useQuery({
    ...explainScoreQuery({ serverId: serverId ?? 0n, monitorId }),
    enabled: serverId !== undefined,
  });
  if (serverId === undefined) return <NotFoundPage what="That is no server's address" />;
  if (answer.data?.server !== undefined) {
    return <ScoreReport answer={answer.data} server={answer.data.server} monitorId={monitorId} />;
  }
  if (!answer.isError) return <PageSkeleton what="the score" />;
  if (problemOf(answer.error).code === "not_found") {
    return <NotFoundPage what="There is no such server, or that monitor does not watch it" />;
  }
  return (
    <ProblemNote
      error={answer.error}
      title="The score could not be explained"
      onRetry={() => void answer.refetch()}
    />
  );
}

interface ScoreReportProps {
  readonly answer: adminV1.ExplainScoreResponse;
  readonly server: adminV1.Server;
  readonly monitorId: bigint;
}

function ScoreReport({ answer, server, monitorId }: ScoreReportProps): ReactNode {
  useTitle(`Score of ${server.name}`);
  const scoredAtMs = msOf(answer.scoreAt);
  return (
    <article className="score-page">
      <header className="page-head">
        <p className="crumbs">
          <a href={paths.servers()}>Servers</a> <a href={paths.server(server.id)}>{server.name}</a>
          {monitorId === 0n ? null : (
            <>
              {" "}
              <a href={paths.score(server.id)}>Overall score</a>
            </>
          )}
        </p>
        <h1>
          {answer.score === undefined
            ? "No score yet"
            : `Why ${formatScore(answer.score)}${monitorId === 0n ? "" : ` from ${answer.ledgerMonitorName}`}`}
        </h1>
        <p className="page-sentence">{answer.sentence}.</p>
        <p className="soft">
          Rules {answer.ruleSet}
          {scoredAtMs === undefined ? null : (
            <>
              , scored <TimeAgo atMs={scoredAtMs} />
            </>
          )}
        </p>
      </header>
      {answer.votes.length === 0 ? null : <Votes answer={answer} serverId={server.id} />}
      {answer.ledger.length === 0 ? null : <Ledger answer={answer} />}
    </article>
  );
}

function Votes(props: {
  readonly answer: adminV1.ExplainScoreResponse;
  readonly serverId: bigint;
}): ReactNode {
  const { votingStatuses, lookback, votes } = props.answer;
  const minutes = lookback === undefined ? undefined : Number(lookback.seconds) / 60;
  return (
    <section aria-labelledby="votes-title">
      <h2 id="votes-title">Votes</h2>
      <p className="soft">
        The latest results of {votingStatuses.map(assignmentWord).join(" and ")} monitors
        {minutes === undefined ? "" : ` within ${minutes} minutes`}, lowest score first. The middle
        one is the overall score; of an even number the lower of the two.
      </p>
      <div className="table-scroll">
        <table className="table is-compact votes">
          <thead>
            <tr>
              <th scope="col">Monitor</th>
              <th scope="col" className="is-number" title={TERMS.score}>
                Score
              </th>
              <th scope="col">Vote</th>
              <th scope="col" className="is-minor">
                Status
              </th>
              <th scope="col" className="is-number is-minor" title={TERMS.rtt}>
                Round trip
              </th>
              <th scope="col">Check</th>
            </tr>
          </thead>
          <tbody>
            {votes.map((vote) => (
              <VoteRow
                key={vote.check?.monitorId.toString() ?? ""}
                vote={vote}
                serverId={props.serverId}
              />
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

const REFUSALS: Readonly<Record<string, string>> = {
  status: "none: its status has no part",
  too_old: "none: too old",
  monitor_not_live: "none: the monitor is paused or gone",
};

function VoteRow(props: {
  readonly vote: adminV1.ScoreVote;
  readonly serverId: bigint;
}): ReactNode {
  const { vote, serverId } = props;
  const { check } = vote;
  if (check === undefined) return null;
  const atMs = msOf(check.at);
  return (
    <tr className={vote.chosen ? "is-chosen" : vote.counted ? "" : "is-stale"}>
      <th scope="row">
        <a
          href={paths.score(serverId, check.monitorId)}
          title="The steps of this monitor's own score"
        >
          {check.monitorName}
        </a>
      </th>
      <td className="is-number">{formatScore(check.score)}</td>
      <td>
        {vote.chosen ? (
          <strong>chosen</strong>
        ) : vote.counted ? (
          "counts"
        ) : (
          (REFUSALS[vote.reason] ?? `none: ${vote.reason}`)
        )}
      </td>
      <td className="is-minor">{assignmentWord(vote.status)}</td>
      <td className="is-number is-minor">
        {check.rttNs === undefined ? <Nothing why="no answer" /> : formatSpan(check.rttNs)}
      </td>
      <td>
        <a href={paths.check(check.id)}>
          {atMs === undefined ? check.id.toString() : <Instant atMs={atMs} />}
        </a>
      </td>
    </tr>
  );
}

/** The picture has them all; as rows, the newest say enough until somebody asks. */
const ROWS_SHOWN = 20;

function Ledger(props: { readonly answer: adminV1.ExplainScoreResponse }): ReactNode {
  const { ledger, ledgerMonitorName } = props.answer;
  const [all, setAll] = useState(false);
  return (
    <section aria-labelledby="ledger-title">
      <h2 id="ledger-title">Steps of {ledgerMonitorName}</h2>
      <p className="soft">
        Each check adds its step to 0.95 of the score before: what is past fades, and a run of equal
        steps leads to twenty times the step.
      </p>
      <LedgerPicture steps={ledger} />
      <div className="table-scroll">
        <table className="table is-compact ledger">
          <thead>
            <tr>
              <th scope="col">Check</th>
              <th scope="col" className="is-number" title={TERMS.offset}>
                Offset
              </th>
              <th scope="col" className="is-number" title={TERMS.score}>
                Score
              </th>
              <th scope="col">Rule</th>
            </tr>
          </thead>
          <tbody>
            {ledger.slice(0, all ? ledger.length : ROWS_SHOWN).map((step) => (
              <LedgerRow key={step.check?.id.toString() ?? ""} step={step} />
            ))}
          </tbody>
        </table>
      </div>
      {all || ledger.length <= ROWS_SHOWN ? null : (
        <p className="button-row">
          <button type="button" className="button" onClick={() => setAll(true)}>
            Show all {ledger.length}
          </button>
        </p>
      )}
    </section>
  );
}

function LedgerRow(props: { readonly step: adminV1.LedgerStep }): ReactNode {
  const { check, arithmetic } = props.step;
  if (check === undefined || arithmetic === undefined) return null;
  const atMs = msOf(check.at);
  return (
    <tr>
      <th scope="row">
        <a href={paths.check(check.id)}>
          {atMs === undefined ? check.id.toString() : <Instant atMs={atMs} />}
        </a>
      </th>
      <td className="is-number">
        {check.offset === undefined ? (
          <Nothing why="no offset" />
        ) : (
          <OffsetColumns offset={offsetOf(check.offset)} />
        )}
      </td>
      <td className="is-number">
        <span className="ledger-sum">{sumText(arithmetic)} = </span>
        {formatFixed(arithmetic.scoreAfter, 2)}
      </td>
      <td className={arithmetic.step < 0 ? "bad" : ""}>{arithmetic.ruleText}</td>
    </tr>
  );
}

/** "12.00 × 0.95 + 1.00" */
function sumText({ scoreBefore, decay, step }: adminV1.ScoreArithmetic): string {
  const sign = step < 0 ? MINUS : "+";
  return `${formatFixed(scoreBefore ?? 0, 2)} × ${decay} ${sign} ${formatFixed(Math.abs(step), 2)}`;
}
