// Incidents: what has one cause, since when, and who was told.

import { useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { alertsV1 } from "@truechimer/api";
import type { ReactNode } from "react";
import { ALERT_KEY } from "../api/alert-queries.ts";
import { alertClient } from "../api/client.ts";
import { msOf } from "../api/message.ts";
import { FieldProblem } from "../parts/states.tsx";
import { tellDone } from "../parts/toasts.tsx";
import { useAction } from "../parts/use-action.ts";
import { TimeAgo } from "../parts/values.tsx";
import { severityWord, toldText } from "./alert-words.ts";

export function Incidents(props: {
  readonly incidents: readonly alertsV1.Incident[];
  readonly hasMore: boolean;
  readonly showsAll: boolean;
  readonly onShowAll: (all: boolean) => void;
}): ReactNode {
  return (
    <section aria-labelledby="incidents-title">
      <h2 id="incidents-title">Incidents</h2>
      {props.incidents.length === 0 ? (
        <p className="soft">No rule fires.</p>
      ) : (
        <div className="table-scroll">
          <table className="table is-prose incidents-table">
            <thead>
              <tr>
                <th scope="col">About</th>
                <th scope="col">Severity</th>
                <th scope="col" className="is-number">
                  Since
                </th>
                <th scope="col" className="is-minor">
                  Told
                </th>
                <th scope="col">State</th>
              </tr>
            </thead>
            <tbody>
              {props.incidents.map((incident) => (
                <IncidentRow key={incident.id.toString()} incident={incident} />
              ))}
            </tbody>
          </table>
        </div>
      )}
      {props.hasMore ? (
        <p className="soft">
          The newest {props.incidents.length}. All of them:{" "}
          <code>truechimer alerts {props.showsAll ? "--all " : ""}--json</code>
        </p>
      ) : null}
      <div className="button-row">
        <button type="button" className="button" onClick={() => props.onShowAll(!props.showsAll)}>
          {props.showsAll ? "Only what goes on" : "Also what is over"}
        </button>
      </div>
    </section>
  );
}

function IncidentRow({ incident }: { readonly incident: alertsV1.Incident }): ReactNode {
  const [first] = incident.alerts;
  const others = incident.alertsTotal - 1;
  return (
    <tr className={incident.recoveredAt === undefined ? "" : "is-stale"}>
      <th scope="row">
        <IncidentTitle incident={incident} />
        <span className="loop-purpose">
          {first === undefined ? "" : `${first.ruleName}: ${first.text}`}
          {others > 0 ? ` and ${others} more` : ""}
        </span>
      </th>
      <td>{severityWord(incident.severity)}</td>
      <td className="is-number">
        <TimeAgo atMs={msOf(incident.openedAt)} />
      </td>
      <td className="is-minor">{toldText(incident.messages)}</td>
      <td>
        <IncidentState incident={incident} />
      </td>
    </tr>
  );
}

/** What is about one server leads to its page, where why and the packets are. */
function IncidentTitle({ incident }: { readonly incident: alertsV1.Incident }): ReactNode {
  const serverId = /^server:(\d+)$/.exec(incident.cause)?.[1];
  if (serverId === undefined) return incident.title;
  return (
    <Link to="/servers/$serverId" params={{ serverId }}>
      {incident.title}
    </Link>
  );
}

function IncidentState({ incident }: { readonly incident: alertsV1.Incident }): ReactNode {
  const queries = useQueryClient();
  const { busy, problem, run } = useAction();
  if (incident.recoveredAt !== undefined) return "over";
  if (incident.acknowledgedAt !== undefined) {
    return `taken by ${incident.acknowledgedBy || "somebody"}${incident.note === "" ? "" : `: ${incident.note}`}`;
  }
  const acknowledge = (): void =>
    run(async () => {
      await alertClient.acknowledgeIncident({ id: incident.id });
      tellDone(`You have taken on ${incident.title}`);
      await queries.invalidateQueries({ queryKey: [ALERT_KEY] });
    });
  return (
    <>
      <button type="button" className="button is-small" disabled={busy} onClick={acknowledge}>
        Take on<span className="visually-hidden"> {incident.title}</span>
      </button>
      {problem === undefined ? null : <FieldProblem what="Nothing was changed" problem={problem} />}
    </>
  );
}
