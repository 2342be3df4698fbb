// The processes of the control plane: who does what, and who has gone without a word.

import type { adminV1 } from "@truechimer/api";
import type { ReactNode } from "react";
import { msOf } from "../api/message.ts";
import { TimeAgo } from "../parts/values.tsx";

export function Replicas(props: { readonly replicas: readonly adminV1.Replica[] }): ReactNode {
  return (
    <section aria-labelledby="replicas-title">
      <h2 id="replicas-title">Processes</h2>
      <div className="table-scroll">
        <table className="table is-facts">
          <thead>
            <tr>
              <th scope="col">Process</th>
              <th scope="col">Roles</th>
              <th scope="col">State</th>
              <th scope="col" className="is-number">
                Up since
              </th>
              <th scope="col" className="is-number is-minor">
                Seen
              </th>
              <th scope="col" className="is-minor">
                Version
              </th>
            </tr>
          </thead>
          <tbody>
            {props.replicas.map((replica) => (
              <ReplicaRow key={replica.id} replica={replica} />
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function ReplicaRow({ replica }: { readonly replica: adminV1.Replica }): ReactNode {
  return (
    <tr>
      <th scope="row">
        {replica.host} {replica.processId}
        {replica.self && <span className="soft"> (this one)</span>}
      </th>
      <td>{replica.roles.join(", ")}</td>
      <td>{replica.alive ? "alive" : <span className="bad">gone without a word</span>}</td>
      <td className="is-number" data-label="up since">
        <TimeAgo atMs={msOf(replica.startedAt)} />
      </td>
      <td className="is-number is-minor">
        <TimeAgo atMs={msOf(replica.seenAt)} />
      </td>
      <td className="is-minor">{replica.version}</td>
    </tr>
  );
}
