// What if servers were judged by other rules: the stored history is replayed under another set, and what would differ is
// listed and drawn. An admin may bring the tried set into force.

import { useQuery, useQueryClient } from "@tanstack/react-query";
import type { rulesV1 } from "@truechimer/api";
import { type ReactNode, useId, useState } from "react";
import { AnalyticsTabs } from "../analytics/analytics-tabs.tsx";
import { AnswerOf } from "../analytics/answer-of.tsx";
import { rulesClient } from "../api/client.ts";
import { msOf } from "../api/message.ts";
import { callerQuery, replayQuery, ruleSetsQuery, type TrialQuestion } from "../api/queries.ts";
import { countOf } from "../format/number.ts";
import { RangeChips } from "../history/range-chips.tsx";
import { rangeOf } from "../history/view.ts";
import { Instant } from "../parts/values.tsx";
import { AskFirst } from "../people/ask-first.tsx";
import { useTitle } from "../shell/use-title.ts";
import { paths } from "../url/paths.ts";
import { useSearchState } from "../url/use-search.ts";
import { DifferenceTable } from "./difference-table.tsx";
import { ReplayPicture } from "./replay-picture.tsx";
import { type Trial, useTrial } from "./use-trial.ts";
import { exactSentence, trialSentence } from "./what-if-words.ts";

export function WhatIfPage(): ReactNode {
  useTitle("What if");
  const sets = useQuery(ruleSetsQuery());
  return (
    <article className="what-if-page">
      <AnalyticsTabs current="what-if" />
      <header className="page-head">
        <h1>What if</h1>
        <p className="page-sentence">
          The stored history under other rules: which servers’ scores and verdicts would differ.
        </p>
      </header>
      <AnswerOf query={sets} what="the rule sets" failed="The rule sets could not be read">
        {(answer) => <WhatIf answer={answer} />}
      </AnswerOf>
    </article>
  );
}

function WhatIf(props: { readonly answer: rulesV1.ListRuleSetsResponse }): ReactNode {
  const { ruleSets, activations } = props.answer;
  const [search, change] = useSearchState();
  const range = rangeOf(search);
  const chosen =
    ruleSets.find(({ id }) => id === search["rules"]) ?? ruleSets.find((set) => !set.active);
  const [written, setWritten] = useState<string>();
  const trial = useTrial();
  const caller = useQuery(callerQuery());
  const mayTry = caller.data?.procedures.includes("TryRuleSet") ?? false;
  const documentJson = written ?? chosen?.documentJson ?? "";
  const start = (): void => {
    const toMs = range.kind === "last" ? Date.now() : range.toMs;
    const fromMs = range.kind === "last" ? toMs - range.spanMs : range.fromMs;
    change({ server: undefined }, "replace");
    trial.start({ documentJson, fromMs, toMs });
  };
  return (
    <>
      <div className="tools">
        <RuleSetField
          sets={ruleSets}
          value={written === undefined ? (chosen?.id ?? "") : ""}
          onChange={(id) => {
            setWritten(undefined);
            change({ rules: id }, "replace");
          }}
        />
        <RangeChips range={range} change={change} />
        <button
          type="button"
          className="button is-main"
          disabled={!mayTry || trial.state.kind === "running"}
          onClick={start}
        >
          Try
        </button>
      </div>
      {caller.data !== undefined && !mayTry ? (
        <p className="soft">A trial needs the role operator: ask an admin.</p>
      ) : null}
      <DocumentField text={documentJson} onChange={setWritten} />
      <TrialOutcome
        trial={trial}
        mayActivate={caller.data?.procedures.includes("ActivateRuleSet") ?? false}
      />
      <Activations activations={activations} />
    </>
  );
}

function RuleSetField(props: {
  readonly sets: readonly rulesV1.RuleSet[];
  readonly value: string;
  readonly onChange: (id: string) => void;
}): ReactNode {
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>Rule set</label>
      <select id={id} value={props.value} onChange={(event) => props.onChange(event.target.value)}>
        {props.value === "" ? <option value="">the document below</option> : null}
        {props.sets.map((set) => (
          <option key={set.id} value={set.id}>
            {set.active ? `${set.id} (in force)` : set.id}
          </option>
        ))}
      </select>
    </div>
  );
}

function DocumentField(props: {
  readonly text: string;
  readonly onChange: (text: string) => void;
}): ReactNode {
  const id = useId();
  return (
    <details>
      <summary>Its document: change it, under another name or version</summary>
      <label htmlFor={id}>
        JSON (<a href={paths.help("rule-sets")}>what each key means</a>)
      </label>
      <textarea
        id={id}
        className="rules-document"
        spellCheck={false}
        value={props.text}
        onChange={(event) => props.onChange(event.target.value)}
      />
    </details>
  );
}

function TrialOutcome(props: { readonly trial: Trial; readonly mayActivate: boolean }): ReactNode {
  const { state, stop } = props.trial;
  if (state.kind === "none") return null;
  if (state.kind === "failed") {
    return (
      <div className="problem" role="alert">
        <h2>The rules could not be tried</h2>
        <p className="problem-lines">{state.problem.message}</p>
        <p className="soft">{state.problem.remedy}</p>
      </div>
    );
  }
  if (state.kind === "running") {
    const { serversDone = 0, serversTotal = 0, results = 0n } = state.progress ?? {};
    return (
      <div role="status">
        <progress
          className="trial-progress"
          aria-label="Servers replayed"
          max={Math.max(1, serversTotal)}
          value={serversDone}
        />
        <p>
          {serversDone} of {countOf(serversTotal, "server")}, {countOf(Number(results), "check")}{" "}
          <button type="button" className="button is-small" onClick={stop}>
            Stop
          </button>
        </p>
      </div>
    );
  }
  return <Found {...state} mayActivate={props.mayActivate} />;
}

function Found(props: {
  readonly question: TrialQuestion;
  readonly result: rulesV1.TrialResult;
  readonly mayActivate: boolean;
}): ReactNode {
  const { question, result, mayActivate } = props;
  const [search, change] = useSearchState();
  const client = useQueryClient();
  const opened = result.differences.find(
    ({ serverId }) => serverId.toString() === search["server"],
  );
  const canActivate = mayActivate && result.trialId !== "" && result.triedId !== result.activeId;
  return (
    <section aria-labelledby="trial-title">
      <h2 id="trial-title">
        {result.triedId} against {result.activeId}
      </h2>
      <p role="status">{trialSentence(result)}</p>
      <p className="soft">{exactSentence(result.effect)}</p>
      {result.differences.length === 0 ? null : (
        <DifferenceTable
          differences={result.differences}
          opened={opened?.serverId}
          onOpen={(id) => change({ server: id.toString() }, "replace")}
        />
      )}
      {opened === undefined ? null : (
        <OpenedServer serverId={opened.serverId} question={question} />
      )}
      {canActivate ? (
        <div className="button-row">
          <AskFirst
            word="Bring into force"
            what={result.triedId}
            title={`Judge servers by ${result.triedId} from now on?`}
            act={async () => {
              await rulesClient.activateRuleSet({ trialId: result.trialId });
              await client.invalidateQueries({ queryKey: ["rule sets"] });
            }}
          >
            <p>{trialSentence(result)}</p>
            <p>
              It holds in all replicas from the next result on. Scores go on from where they are,
              and what is stored stays. The audit trail has this effect.
            </p>
          </AskFirst>
        </div>
      ) : null}
    </section>
  );
}

function OpenedServer(props: {
  readonly serverId: bigint;
  readonly question: TrialQuestion;
}): ReactNode {
  const replay = useQuery(replayQuery(props.serverId, props.question));
  return (
    <AnswerOf query={replay} what="the replay" failed="The server could not be replayed">
      {(answer) => (
        <section aria-labelledby="replay-title">
          <h3 id="replay-title">{answer.serverName} over time</h3>
          {answer.difference?.why === "" ? null : <p>{answer.difference?.why}.</p>}
          <ReplayPicture replay={answer} />
        </section>
      )}
    </AnswerOf>
  );
}

function Activations(props: {
  readonly activations: readonly rulesV1.RuleSetActivation[];
}): ReactNode {
  return (
    <section aria-labelledby="activations-title">
      <h2 id="activations-title">In force so far</h2>
      {props.activations.length === 0 ? (
        <p className="soft">The rule set that is built in, from the beginning.</p>
      ) : (
        <ul>
          {props.activations.map(({ id, at, by, effect }) => (
            <li key={`${id} ${msOf(at)}`}>
              <strong>{id}</strong> since <Instant atMs={msOf(at) ?? 0} full />, by {by}: its trial
              named another verdict for {countOf(effect?.serversVerdictDiffers ?? 0, "server")}
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
