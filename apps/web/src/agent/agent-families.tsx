// The agent's monitors, one for each IP family, each with its status to be set.

import { useQueryClient } from "@tanstack/react-query";
import type { adminV1 } from "@truechimer/api";
import { type ReactNode, useState } from "react";
import { SETTABLE, setStatus, statusPromise } from "../agents/agent-actions.ts";
import { type AgentFacts, type AgentFamily, isStillThere } from "../agents/agent-facts.ts";
import { msOf } from "../api/message.ts";
import { Nothing, TimeAgo } from "../parts/values.tsx";
import { MONITOR_STATUS_DEFINITIONS } from "../parts/words.ts";

export function AgentFamilies(props: {
  readonly agent: AgentFacts;
  readonly monitors: readonly adminV1.Monitor[];
}): ReactNode {
  const families = props.agent.families.filter(isStillThere);
  if (families.length === 0) return <p className="soft">It has no monitor any more.</p>;
  return (
    <div className="table-scroll">
      <table className="table families-table">
        <thead>
          <tr>
            <th scope="col">Family</th>
            <th scope="col" className="is-minor">
              Address
            </th>
            <th scope="col">Status</th>
            <th scope="col" className="is-number is-minor">
              Servers
            </th>
            <th scope="col" className="is-number is-minor">
              Last batch
            </th>
          </tr>
        </thead>
        <tbody>
          {families.map((family) => (
            <FamilyRow
              key={family.id.toString()}
              name={props.agent.name}
              family={family}
              lastSubmitAtMs={msOf(props.monitors.find(({ id }) => id === family.id)?.lastSubmitAt)}
            />
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface FamilyRowProps {
  readonly name: string;
  readonly family: AgentFamily;
  readonly lastSubmitAtMs: number | undefined;
}

function FamilyRow(props: FamilyRowProps): ReactNode {
  const { name, family } = props;
  return (
    <tr className={family.online ? "" : "is-stale"}>
      <th scope="row">
        <span className={family.online ? "online" : "online is-off"}>
          {family.family}
          <span className="visually-hidden">{family.online ? ", online" : ", offline"}</span>
        </span>
      </th>
      <td className="is-minor number">{family.address === "" ? <Nothing /> : family.address}</td>
      <td>
        <StatusChoice name={name} family={family} />
        <span className="field-note">{MONITOR_STATUS_DEFINITIONS[family.status]}</span>
      </td>
      <td className="is-number is-minor">
        {family.serversActive}
        {family.serversTesting > 0 ? (
          <span className="soft"> +{family.serversTesting} testing</span>
        ) : null}
      </td>
      <td className="is-number is-minor">
        <TimeAgo atMs={props.lastSubmitAtMs} never="no results yet" />
      </td>
    </tr>
  );
}

function StatusChoice(props: { readonly name: string; readonly family: AgentFamily }): ReactNode {
  const { name, family } = props;
  const queries = useQueryClient();
  const [busy, setBusy] = useState(false);
  return (
    <div className="chips" role="group" aria-label={`Status of ${name} in ${family.family}`}>
      {SETTABLE.map((status) => (
        <button
          key={status}
          type="button"
          className="chip"
          title={statusPromise(status)}
          aria-pressed={family.status === status}
          disabled={busy}
          onClick={() => {
            if (family.status === status) return;
            setBusy(true);
            void setStatus(status, [{ name, family }], queries).finally(() => setBusy(false));
          }}
        >
          {status}
        </button>
      ))}
    </div>
  );
}
