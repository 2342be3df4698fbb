// A rule tried against the last week: what it would have told, drawn and listed.

import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { alertsV1 } from "@truechimer/api";
import { type ReactNode, useEffect, useState } from "react";
import { alertClient } from "../api/client.ts";
import { msOf } from "../api/message.ts";
import { countOf } from "../format/number.ts";
import { formatLong } from "../format/relative-time.ts";
import { FieldProblem } from "../parts/states.tsx";
import { useAction } from "../parts/use-action.ts";
import { Instant } from "../parts/values.tsx";
import type { RuleInit } from "./rule-draft.ts";
import { trialBars } from "./trial-bars.ts";

const DAY_MS = 86_400_000;
const DAYS = 7;
/** Nobody reads more before a rule is made; the command line has all. */
const LISTED_MAX = 12;
const WIDTH = 700;
const HEIGHT = 40;

export function TryRule(props: { readonly rule: RuleInit }): ReactNode {
  const { busy, problem, run } = useAction();
  const [trial, setTrial] = useState<alertsV1.TryAlertRuleResponse>();
  const asked = JSON.stringify(props.rule, (_key, value: unknown) =>
    typeof value === "bigint" ? String(value) : value,
  );
  // What was tried is not what is in the form any more.
  useEffect(() => setTrial(undefined), [asked]);
  const tryIt = (): void =>
    run(async () => {
      const from = timestampFromMs(Date.now() - DAYS * DAY_MS);
      setTrial(await alertClient.tryAlertRule({ rule: props.rule, from }));
    });
  return (
    <div className="rule-trial">
      <button type="button" className="button" disabled={busy} onClick={tryIt}>
        {busy ? "Trying…" : `Try it against the last ${DAYS} days`}
      </button>
      {problem === undefined ? null : <FieldProblem what="It was not tried" problem={problem} />}
      {trial === undefined ? null : <TrialResult trial={trial} />}
    </div>
  );
}

function TrialResult({ trial }: { readonly trial: alertsV1.TryAlertRuleResponse }): ReactNode {
  const { incidents, incidentsTotal, messagesTotal } = trial;
  const latest = incidents.toReversed().slice(0, LISTED_MAX);
  return (
    <div role="status">
      <p>
        {incidentsTotal === 0
          ? "It would have told nothing."
          : `It would have told of ${countOf(incidentsTotal, "incident")} in ${countOf(messagesTotal, "message")}.`}
      </p>
      <TrialPicture trial={trial} />
      {latest.length === 0 ? null : (
        <div className="table-scroll">
          <table className="table is-prose">
            <thead>
              <tr>
                <th scope="col">About</th>
                <th scope="col">From</th>
                <th scope="col" className="is-number">
                  For
                </th>
                <th scope="col" className="is-number is-minor">
                  Messages
                </th>
              </tr>
            </thead>
            <tbody>
              {latest.map((incident) => (
                <TriedRow
                  key={`${incident.cause} ${incident.beganAt?.seconds ?? 0n}.${incident.beganAt?.nanos ?? 0}`}
                  incident={incident}
                />
              ))}
            </tbody>
          </table>
        </div>
      )}
      {incidentsTotal > latest.length && latest.length > 0 ? (
        <p className="soft">The latest {latest.length} are listed.</p>
      ) : null}
      <p className="soft">{trial.assumptions.join(" ")}</p>
    </div>
  );
}

function TriedRow({ incident }: { readonly incident: alertsV1.TriedIncident }): ReactNode {
  const { title, subjectsTotal, beganAt, endedAt, messages } = incident;
  const beganMs = msOf(beganAt) ?? 0;
  const endedMs = msOf(endedAt);
  return (
    <tr>
      <th scope="row">
        {title}
        {subjectsTotal > 1 ? ` (${subjectsTotal})` : null}
      </th>
      <td>
        <Instant atMs={beganMs} />
      </td>
      <td className="is-number">
        {endedMs === undefined ? "goes on" : formatLong(endedMs - beganMs)}
      </td>
      <td className="is-number is-minor">{messages}</td>
    </tr>
  );
}

/** A week from left to right: a bar for each incident, a line at each midnight (UTC). */
function TrialPicture({ trial }: { readonly trial: alertsV1.TryAlertRuleResponse }): ReactNode {
  const { bars, days } = trialBars(trial, WIDTH);
  const label = `${countOf(bars.length, "incident")} over ${countOf(DAYS, "day")}`;
  return (
    <svg className="trial-picture" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={label}>
      <title>{label}</title>
      <rect className="trial-ground" width={WIDTH} height={HEIGHT} />
      {days.map((x) => (
        <line key={x} x1={x} x2={x} y1={0} y2={HEIGHT} />
      ))}
      {bars.map(({ key, x, width }) => (
        <rect key={key} className="trial-bar" x={x} width={width} y={8} height={HEIGHT - 16} />
      ))}
    </svg>
  );
}
