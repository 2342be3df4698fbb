// A channel: by mail, by webhook, or to Alertmanager; one that is to be made, or one that is there.

import { useQueryClient } from "@tanstack/react-query";
import { alertsV1 } from "@truechimer/api";
import { type FormEvent, type ReactNode, useState } from "react";
import { ALERT_KEY } from "../api/alert-queries.ts";
import { alertClient } from "../api/client.ts";
import { FieldProblem } from "../parts/states.tsx";
import { tellDone } from "../parts/toasts.tsx";
import { useAction } from "../parts/use-action.ts";
import {
  type ChannelDraft,
  type ChannelKind,
  channelOfDraft,
  draftOfChannel,
  NEW_CHANNEL,
} from "./channel-draft.ts";
import { SelectField, TextField } from "./form-fields.tsx";

type Change = (change: Partial<ChannelDraft>) => void;

interface Part {
  readonly draft: ChannelDraft;
  readonly change: Change;
  /** There is a password, a key or a token already. */
  readonly hasSecret: boolean;
}

const KINDS: readonly {
  readonly kind: ChannelKind;
  readonly words: string;
  readonly name: string;
}[] = [
  { kind: "email", words: "e-mail", name: "mail" },
  { kind: "webhook", words: "a signed webhook", name: "webhook" },
  { kind: "alertmanager", words: "Prometheus Alertmanager", name: "alertmanager" },
];
const KIND_CHOICES = KINDS.map(({ words }, value) => ({ value, words }));
const { STARTTLS, TLS, NONE } = alertsV1.EmailSecurity;
const SECURITIES = [
  { value: STARTTLS, words: "STARTTLS" },
  { value: TLS, words: "TLS from the start" },
  { value: NONE, words: "none: a mail server on this host" },
];
const { OFF, DAILY, WEEKLY } = alertsV1.DigestPeriod;
const DIGESTS = [
  { value: OFF, words: "none" },
  { value: DAILY, words: "every day" },
  { value: WEEKLY, words: "on Mondays" },
];
const PORT = "[0-9]{1,5}";
const HTTP_URL = "https?://.+";

export function ChannelForm(props: {
  /** Absent: one is to be made. */
  readonly channel?: alertsV1.AlertChannel;
  /** With the key that was made for it, which is told once. Empty: none was. */
  readonly onDone: (name: string, secret: string) => void;
}): ReactNode {
  const { channel } = props;
  const queries = useQueryClient();
  const { busy, problem, run } = useAction();
  const [draft, setDraft] = useState(() =>
    channel === undefined ? NEW_CHANNEL : draftOfChannel(channel),
  );
  const isNew = channel === undefined;
  const change: Change = (part) => setDraft({ ...draft, ...part });
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    run(async () => {
      const { secret } = await alertClient.saveAlertChannel({ channel: channelOfDraft(draft) });
      if (!isNew) tellDone(`The channel ${draft.name} is changed`);
      props.onDone(draft.name, secret);
      await queries.invalidateQueries({ queryKey: [ALERT_KEY] });
    });
  };
  const words = isNew ? "Add the channel" : "Change the channel";
  const part = { draft, change, hasSecret: channel?.hasSecret === true };
  return (
    <form className="form" onSubmit={submit} aria-label={isNew ? "Add a channel" : words}>
      {isNew ? <KindField draft={draft} change={change} /> : null}
      <TextField
        label="Name of the channel"
        value={draft.name}
        required
        maxLength={100}
        onChange={(name) => change({ name })}
      />
      {draft.kind === "email" ? <EmailFields {...part} /> : <HttpFields {...part} />}
      {draft.kind === "alertmanager" ? null : (
        <SelectField
          label="A summary"
          value={draft.digest}
          choices={DIGESTS}
          onChange={(digest) => change({ digest })}
        />
      )}
      {problem === undefined ? null : (
        <FieldProblem
          what={isNew ? "No channel was added" : "Nothing was changed"}
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

/** A name that nobody changed is that of the kind. */
function KindField({ draft, change }: Pick<Part, "draft" | "change">): ReactNode {
  return (
    <SelectField
      label="By"
      value={KINDS.findIndex(({ kind }) => kind === draft.kind)}
      choices={KIND_CHOICES}
      onChange={(index) => {
        const chosen = KINDS[index];
        if (chosen === undefined) return;
        const isOurs = KINDS.some(({ name }) => name === draft.name);
        change({ kind: chosen.kind, secret: "", ...(isOurs ? { name: chosen.name } : {}) });
      }}
    />
  );
}

function EmailFields({ draft, change, hasSecret }: Part): ReactNode {
  return (
    <>
      <TextField
        label="Mail server"
        value={draft.host}
        required
        onChange={(host) => change({ host })}
      />
      <TextField
        label="Port (empty: the usual one)"
        value={draft.port}
        pattern={PORT}
        onChange={(port) => change({ port })}
      />
      <SelectField
        label="Security"
        value={draft.security}
        choices={SECURITIES}
        onChange={(security) => change({ security })}
      />
      <TextField
        label="Login (empty: none)"
        value={draft.username}
        onChange={(username) => change({ username })}
      />
      <TextField
        label={hasSecret ? "Password (empty: the one that there is)" : "Password"}
        type="password"
        value={draft.secret}
        onChange={(secret) => change({ secret })}
      />
      <TextField label="From" value={draft.from} required onChange={(from) => change({ from })} />
      <TextField
        label="To, with commas between"
        value={draft.to}
        required
        onChange={(to) => change({ to })}
      />
    </>
  );
}

function HttpFields({ draft, change, hasSecret }: Part): ReactNode {
  const isWebhook = draft.kind === "webhook";
  return (
    <>
      <TextField
        label={isWebhook ? "Address" : "Address of Alertmanager"}
        value={draft.url}
        required
        pattern={HTTP_URL}
        onChange={(url) => change({ url })}
      />
      <TextField
        label={secretLabel(isWebhook, hasSecret)}
        type="password"
        value={draft.secret}
        onChange={(secret) => change({ secret })}
      />
      <label className="check-line">
        <input
          type="checkbox"
          checked={draft.privateAllowed}
          onChange={(event) => change({ privateAllowed: event.target.checked })}
        />
        Private and loopback addresses are meant
      </label>
    </>
  );
}

function secretLabel(isWebhook: boolean, hasSecret: boolean): string {
  if (hasSecret)
    return isWebhook ? "Key (empty: the one that there is)" : "Token (empty: as it is)";
  return isWebhook ? "Key (empty: one is made, and told once)" : "Bearer token (empty: none)";
}
