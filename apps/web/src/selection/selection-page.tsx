// Why each monitor watches a server or does not: what the next review would change, under its own policy or one that is
// tried, what gives way, and every monitor with what holds it and what would change that.

import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import type { adminV1 } from "@truechimer/api";
import { type ReactNode, useState } from "react";
import { problemOf } from "../api/problem.ts";
import { reviewQuery } from "../api/queries.ts";
import { FieldProblem, PageSkeleton, ProblemNote } from "../parts/states.tsx";
import { assignmentWord } from "../parts/words.ts";
import { NotFoundPage } from "../shell/not-found-page.tsx";
import { useTitle } from "../shell/use-title.ts";
import { parseId, paths } from "../url/paths.ts";
import { useSearchState } from "../url/use-search.ts";
import { Explanations } from "./explanations.tsx";
import { reviewSentence } from "./review-words.ts";

export function SelectionPage(): ReactNode {
  const parameters: Readonly<Record<string, string>> = useParams({ strict: false });
  const serverId = parseId(parameters["serverId"]);
  return serverId === undefined ? (
    <NotFoundPage what="That is no server's address" />
  ) : (
    <Selection key={serverId.toString()} serverId={serverId} />
  );
}

function Selection({ serverId }: { readonly serverId: bigint }): ReactNode {
  const [search, change] = useSearchState();
  const policyJson = search["policy"] ?? "";
  const own = useQuery(reviewQuery(serverId, ""));
  const tried = useQuery({ ...reviewQuery(serverId, policyJson), enabled: policyJson !== "" });
  if (own.data === undefined) {
    if (!own.isError) return <PageSkeleton what="the review" />;
    if (problemOf(own.error).code === "not_found") {
      return <NotFoundPage what="There is no such server, or no monitor of its address family" />;
    }
    return (
      <ProblemNote
        error={own.error}
        title="The review could not be worked out"
        onRetry={() => void own.refetch()}
      />
    );
  }
  return (
    <Report
      serverId={serverId}
      review={policyJson === "" ? own.data : (tried.data ?? own.data)}
      policyJson={policyJson}
      problem={policyJson !== "" && tried.isError ? tried.error : undefined}
      onTry={(policy) => change({ policy })}
    />
  );
}

interface ReportProps {
  readonly serverId: bigint;
  readonly review: adminV1.SimulateReviewResponse;
  readonly policyJson: string;
  readonly problem: Error | undefined;
  readonly onTry: (policyJson: string | undefined) => void;
}

function Report(props: ReportProps): ReactNode {
  const { serverId, review, policyJson } = props;
  useTitle(`Who watches ${review.serverName}`);
  return (
    <article className="selection-page">
      <header className="page-head">
        <p className="crumbs">
          <a href={paths.servers()}>Servers</a>{" "}
          <a href={paths.server(serverId)}>{review.serverName}</a>
        </p>
        <h1>Who watches {review.serverName}, and why</h1>
        <p className="page-sentence">{reviewSentence(review)}</p>
        <p className="soft">
          Policy <code>{review.policy}</code>
          {policyJson === "" ? "" : " with the limits that you try below: nothing is changed by it"}
          . <a href={paths.coverage()}>Coverage of all servers</a>
        </p>
      </header>
      {review.changes.length === 0 ? null : <Changes changes={review.changes} />}
      {review.slack.length === 0 ? null : (
        <section aria-labelledby="slack-title">
          <h2 id="slack-title">What gives way</h2>
          <ul className="slack-list">
            {review.slack.map((text) => (
              <li key={text}>{text}</li>
            ))}
          </ul>
        </section>
      )}
      <Explanations explanations={review.explanations} />
      <TryLimits key={policyJson} {...props} />
    </article>
  );
}

function Changes(props: { readonly changes: readonly adminV1.AssignmentChange[] }): ReactNode {
  return (
    <section aria-labelledby="changes-title">
      <h2 id="changes-title">What the next review changes</h2>
      <div className="table-scroll">
        <table className="table is-compact is-prose review-changes">
          <thead>
            <tr>
              <th scope="col">Monitor</th>
              <th scope="col">From</th>
              <th scope="col">To</th>
              <th scope="col">Because</th>
            </tr>
          </thead>
          <tbody>
            {props.changes.map((change) => (
              <tr key={change.monitorId.toString()}>
                <th scope="row">{change.monitorName}</th>
                <td>{assignmentWord(change.from)}</td>
                <td>
                  <strong>{assignmentWord(change.to)}</strong>
                </td>
                <td title={change.reason}>{change.reasonText}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

/** Other limits, as JSON; the address keeps them. */
function TryLimits(props: ReportProps): ReactNode {
  const { policyJson, problem, onTry } = props;
  const [text, setText] = useState(policyJson);
  return (
    <section aria-labelledby="try-title">
      <h2 id="try-title">Try other limits</h2>
      <form
        className="try-limits"
        onSubmit={(event) => {
          event.preventDefault();
          onTry(text.trim() === "" ? undefined : text.trim());
        }}
      >
        <label htmlFor="try-policy">
          What differs from the policy, as JSON, such as{" "}
          <code>{'{"activeTarget": 5, "accountLimit": 3}'}</code>
        </label>
        <textarea
          id="try-policy"
          rows={3}
          spellCheck={false}
          maxLength={16_384}
          value={text}
          onChange={(event) => setText(event.target.value)}
        />
        {problem === undefined ? null : (
          <FieldProblem what="Not tried" problem={problemOf(problem)} />
        )}
        <div className="button-row">
          <button type="submit" className="button is-main">
            Show what they would change
          </button>
          {policyJson === "" ? null : (
            <button type="button" className="button" onClick={() => onTry(undefined)}>
              Back to the policy in force
            </button>
          )}
        </div>
      </form>
    </section>
  );
}
