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
import { ToldOnce } from "../people/told-once.tsx";
import { channelKindWord, destinationText } from "./alert-words.ts";
import { ChannelForm } from "./channel-form.tsx";

export function Channels(props: {
  readonly channels: readonly alertsV1.AlertChannel[];
}): ReactNode {
  /** 0: one is added. Undefined: no form is open. */
  const [formId, setFormId] = useState<bigint>();
  const [made, setMade] = useState<{ readonly name: string; readonly secret: string }>();
  const changed = props.channels.find(({ id }) => id === formId);
  const open = (id: bigint): void => {
    setMade(undefined);
    setFormId(id === formId ? undefined : id);
  };
  const done = (name: string, secret: string): void => {
    setFormId(undefined);
    if (secret !== "") setMade({ name, secret });
  };
  return (
    <section aria-labelledby="channels-title">
      <h2 id="channels-title">Channels</h2>
      {props.channels.length === 0 ? (
        <p className="soft">There is no way out yet.</p>
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
                  <span className="visually-hidden">Try, change, remove</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {props.channels.map((channel) => (
                <ChannelRow
                  key={channel.id.toString()}
                  channel={channel}
                  onChange={() => open(channel.id)}
                />
              ))}
            </tbody>
          </table>
        </div>
      )}
      {made === undefined ? null : (
        <ToldOnce
          title={`The key of ${made.name}`}
          secret={made.secret}
          onDone={() => setMade(undefined)}
        >
          What is sent is signed with it, so that the other side can tell that it comes from here.
          It is told this once.
        </ToldOnce>
      )}
      <div className="button-row">
        <button
          type="button"
          className="button"
          aria-expanded={formId === 0n}
          onClick={() => open(0n)}
        >
          Add a channel
        </button>
      </div>
      {formId === 0n ? <ChannelForm onDone={done} /> : null}
      {changed === undefined ? null : (
        <ChannelForm key={changed.id.toString()} channel={changed} onDone={done} />
      )}
    </section>
  );
}

function ChannelRow(props: {
  readonly channel: alertsV1.AlertChannel;
  readonly onChange: () => void;
}): ReactNode {
  const { channel } = props;
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
        <button type="button" className="button is-small" onClick={props.onChange}>
          Change<span className="visually-hidden"> the channel {channel.name}</span>
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
