// A rule: one that most want to begin with, one that is there, and what one makes of it.

import { useQueryClient } from "@tanstack/react-query";
import { alertsV1 } from "@truechimer/api";
import { type FormEvent, type ReactNode, useState } from "react";
import { ALERT_KEY } from "../api/alert-queries.ts";
import { alertClient } from "../api/client.ts";
import { FieldProblem } from "../parts/states.tsx";
import { tellDone } from "../parts/toasts.tsx";
import { useAction } from "../parts/use-action.ts";
import { severityWord } from "./alert-words.ts";
import { ChannelBoxes, SelectField, TextField } from "./form-fields.tsx";
import { READY_RULES } from "./ready-rules.ts";
import { draftOf, draftOfReady, type RuleDraft, ruleOfDraft } from "./rule-draft.ts";
import { subjectWords } from "./subject-words.ts";
import { TryRule } from "./try-rule.tsx";

type Channels = readonly alertsV1.AlertChannel[];
type Change = (change: Partial<RuleDraft>) => void;

const { INFO, WARNING, CRITICAL } = alertsV1.AlertSeverity;
const SEVERITIES = [INFO, WARNING, CRITICAL].map((value) => ({
  value,
  words: severityWord(value),
}));
const GROUPINGS = [
  { value: alertsV1.AlertGrouping.CAUSE, words: "all that has one cause" },
  { value: alertsV1.AlertGrouping.RULE, words: "all that the rule finds" },
  { value: alertsV1.AlertGrouping.NONE, words: "nothing: each by itself" },
];
const READY = READY_RULES.map(({ name }, value) => ({ value, words: name }));
/** "07:00" */
const CLOCK = "([01][0-9]|2[0-3]):[0-5][0-9]";
/** Minutes, also parts of one. */
const MINUTES = "[0-9]{1,5}([.][0-9]{1,3})?";

export function RuleForm(props: {
  /** Absent: one is to be made. */
  readonly rule?: alertsV1.AlertRule;
  readonly channels: Channels;
  readonly onDone: () => void;
}): ReactNode {
  const { rule, channels } = props;
  const queries = useQueryClient();
  const { busy, problem, run } = useAction();
  const [draft, setDraft] = useState(() => firstDraft(rule, channels));
  const [ready, setReady] = useState(0);
  if (draft === undefined) return null;
  const isNew = rule === undefined;
  const change: Change = (part) => setDraft({ ...draft, ...part });
  const begin = (index: number): void => {
    const chosen = READY_RULES[index];
    setReady(index);
    if (chosen !== undefined) setDraft(draftOfReady(chosen, draft.channelIds));
  };
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    run(async () => {
      await alertClient.saveAlertRule({ rule: ruleOfDraft(draft) });
      if (!isNew) tellDone(`The rule ${draft.name} is changed`);
      props.onDone();
      await queries.invalidateQueries({ queryKey: [ALERT_KEY] });
    });
  };
  const words = isNew ? "Add the rule" : "Change the rule";
  return (
    <form className="form" onSubmit={submit} aria-label={isNew ? "Add a rule" : words}>
      {isNew ? (
        <SelectField label="Begin with" value={ready} choices={READY} onChange={begin} />
      ) : null}
      <WhatIsWrong draft={draft} change={change} />
      <ChannelBoxes
        legend="Told"
        channels={channels}
        chosen={draft.channelIds}
        onChange={(channelIds) => change({ channelIds })}
      />
      <WhenAndWhom draft={draft} change={change} channels={channels} />
      {isNew ? null : (
        <label className="check-line">
          <input
            type="checkbox"
            checked={draft.enabled}
            onChange={(event) => change({ enabled: event.target.checked })}
          />
          It is watched for
        </label>
      )}
      {draft.subject === alertsV1.AlertSubject.CERTIFICATES ? null : (
        // Of the dashboard's certificates the past is not kept.
        <TryRule rule={ruleOfDraft(draft)} />
      )}
      {problem === undefined ? null : (
        <FieldProblem
          what={isNew ? "No rule was added" : "Nothing was changed"}
          problem={problem}
        />
      )}
      <div className="form-foot">
        <button type="submit" className="button is-main" disabled={busy}>
          {busy ? "Saving…" : words}
        </button>
      </div>
    </form>
  );
}

function firstDraft(
  rule: alertsV1.AlertRule | undefined,
  channels: Channels,
): RuleDraft | undefined {
  if (rule !== undefined) return draftOf(rule);
  const [ready] = READY_RULES;
  return ready === undefined
    ? undefined
    : draftOfReady(
        ready,
        channels.map(({ id }) => id),
      );
}

function WhatIsWrong(props: { readonly draft: RuleDraft; readonly change: Change }): ReactNode {
  const { draft, change } = props;
  const over = subjectWords(draft.subject).replace(/^./, (first) => first.toUpperCase());
  return (
    <>
      <TextField
        label="Name"
        value={draft.name}
        required
        maxLength={100}
        onChange={(name) => change({ name })}
      />
      <TextField
        label={`${over} are wrong that pass`}
        value={draft.filter}
        required
        onChange={(filter) => change({ filter })}
      />
      <SelectField
        label="Severity"
        value={draft.severity}
        choices={SEVERITIES}
        onChange={(severity) => change({ severity })}
      />
      <TextField
        label="Minutes that it must hold first"
        value={draft.holds}
        required
        pattern={MINUTES}
        onChange={(holds) => change({ holds })}
      />
    </>
  );
}

function WhenAndWhom(props: {
  readonly draft: RuleDraft;
  readonly change: Change;
  readonly channels: Channels;
}): ReactNode {
  const { draft, change, channels } = props;
  return (
    <details className="rule-more">
      <summary>Recovery, grouping, quiet hours, escalation</summary>
      <TextField
        label="Minutes that it must be over before that is told"
        value={draft.recovers}
        required
        pattern={MINUTES}
        onChange={(recovers) => change({ recovers })}
      />
      <SelectField
        label="Told together"
        value={draft.grouping}
        choices={GROUPINGS}
        onChange={(grouping) => change({ grouping })}
      />
      <label className="check-line">
        <input
          type="checkbox"
          checked={draft.isQuiet}
          onChange={(event) => change({ isQuiet: event.target.checked })}
        />
        There are quiet hours
      </label>
      {draft.isQuiet ? (
        <>
          <TextField
            label="Quiet from, by a clock of 24 hours"
            pattern={CLOCK}
            value={draft.quietFrom}
            required
            onChange={(quietFrom) => change({ quietFrom })}
          />
          <TextField
            label="Quiet until"
            pattern={CLOCK}
            value={draft.quietTo}
            required
            onChange={(quietTo) => change({ quietTo })}
          />
          <TextField
            label="Time zone, such as Europe/Zurich"
            value={draft.quietZone}
            required
            onChange={(quietZone) => change({ quietZone })}
          />
        </>
      ) : null}
      <TextField
        label="Minutes until others are told when nobody takes it on (empty: never)"
        value={draft.escalateAfter}
        pattern={MINUTES}
        onChange={(escalateAfter) => change({ escalateAfter })}
      />
      {draft.escalateAfter === "" ? null : (
        <ChannelBoxes
          legend="Told then"
          channels={channels}
          chosen={draft.escalationChannelIds}
          onChange={(escalationChannelIds) => change({ escalationChannelIds })}
        />
      )}
    </details>
  );
}
