// Whom a message goes to, and how.

import { useQueryClient } from "@tanstack/react-query";
import type { alertsV1 } from "@truechimer/api";
import { type ReactNode, useState } from "react";
import { ALERT_KEY } from "../api/alert-queries.ts";
import { alertClient } from "../api/client.ts";
import { msOf } from "../api/message.ts";
import { FieldProblem } from "../parts/states.tsx";
import { tellDone } from "../parts/toasts.tsx";
import { useAction } from "../parts/use-action.ts";
import { TimeAgo } from "../parts/values.tsx";
import { AskFirst } from "../people/ask-first.tsx";
import { AddEmail } from "./add-email.tsx";
import { channelKindWord, destinationText } from "./alert-words.ts";

export function Channels(props: {
  readonly channels: readonly alertsV1.AlertChannel[];
}): ReactNode {
  const [adding, setAdding] = useState(false);
  return (
    <section aria-labelledby="channels-title">
      <h2 id="channels-title">Channels</h2>
      {props.channels.length === 0 ? (
        <p className="soft">
          There is no way out yet. Mail is added here; webhooks and Alertmanager with{" "}
          <code>truechimer alerts channels</code>.
        </p>
      ) : (
        <div className="table-scroll">
          <table className="table is-prose">
            <thead>
              <tr>
                <th scope="col">Channel</th>
                <th scope="col" className="is-number">
                  Sent
                </th>
                <th scope="col" className="is-minor">
                  Last failure
                </th>
                <th scope="col">
                  <span className="visually-hidden">Try, remove</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {props.channels.map((channel) => (
                <ChannelRow key={channel.id.toString()} channel={channel} />
              ))}
            </tbody>
          </table>
        </div>
      )}
      <div className="button-row">
        <button
          type="button"
          className="button"
          aria-expanded={adding}
          onClick={() => setAdding(!adding)}
        >
          Add e-mail
        </button>
      </div>
      {adding ? <AddEmail onAdded={() => setAdding(false)} /> : null}
    </section>
  );
}

function ChannelRow({ channel }: { readonly channel: alertsV1.AlertChannel }): ReactNode {
  const queries = useQueryClient();
  const { busy, problem, run } = useAction();
  const again = (): Promise<void> => queries.invalidateQueries({ queryKey: [ALERT_KEY] });
  const tryIt = (): void =>
    run(async () => {
      await alertClient.testAlertChannel({ id: channel.id });
      tellDone(`A test is on its way by ${channel.name}`);
      await again();
    });
  return (
    <tr>
      <th scope="row">
        {channel.name}
        <span className="loop-purpose">
          {channelKindWord(channel)} to {destinationText(channel)}
        </span>
      </th>
      <td className="is-number">
        <TimeAgo atMs={msOf(channel.lastSentAt)} />
      </td>
      <td className="is-minor">{channel.lastError || <span className="soft">none</span>}</td>
      <td className="is-number">
        <button type="button" className="button is-small" disabled={busy} onClick={tryIt}>
          Try<span className="visually-hidden"> the channel {channel.name}</span>
        </button>{" "}
        <AskFirst
          word="Remove"
          what={`the channel ${channel.name}`}
          title={`Remove the channel ${channel.name}?`}
          act={async () => {
            await alertClient.removeAlertChannel({ id: channel.id });
            tellDone(`The channel ${channel.name} is gone`);
            await again();
          }}
        >
          <p>It is in no rule any more, and what waits for it is given up.</p>
        </AskFirst>
        {problem === undefined ? null : <FieldProblem what="No test was sent" problem={problem} />}
      </td>
    </tr>
  );
}
