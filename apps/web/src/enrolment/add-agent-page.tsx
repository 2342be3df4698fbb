// Adding an agent: a one-time token with the command for its host, told once; what became of it, live; all tokens.

import { useQuery, useQueryClient } from "@tanstack/react-query";
import type { adminV1 } from "@truechimer/api";
import { type FormEvent, type ReactNode, useState } from "react";
import { type SettableStatus, wireStatus } from "../agents/agent-actions.ts";
import { adminClient } from "../api/client.ts";
import { registrationsQuery } from "../api/queries.ts";
import { CopyButton } from "../parts/copy-button.tsx";
import { Command, FieldProblem } from "../parts/states.tsx";
import { useAction } from "../parts/use-action.ts";
import { useTitle } from "../shell/use-title.ts";
import { paths } from "../url/paths.ts";
import { countryProblem, PLACE_EMPTY, PlaceFields } from "./place-fields.tsx";
import { isWaiting } from "./registration-words.ts";
import { StatusField } from "./status-field.tsx";
import { TokenFate } from "./token-fate.tsx";
import { TokenList } from "./token-list.tsx";
import { WaitingRegistrations } from "./waiting-registrations.tsx";

const HOUR_S = 3_600n;
const LIFETIMES: readonly { readonly seconds: bigint; readonly text: string }[] = [
  { seconds: HOUR_S, text: "an hour" },
  { seconds: 24n * HOUR_S, text: "a day" },
  { seconds: 7n * 24n * HOUR_S, text: "a week" },
  { seconds: 30n * 24n * HOUR_S, text: "30 days" },
];

export function AddAgentPage(): ReactNode {
  useTitle("Add an agent");
  const [made, setMade] = useState<adminV1.CreateEnrolmentTokenResponse>();
  return (
    <article>
      <header className="page-head">
        <p className="crumbs">
          <a href={paths.agents()}>Agents</a>
        </p>
        <h1>Add an agent</h1>
        <p className="page-sentence">
          A one-time token lets one agent in without waiting. The agent makes its own key; the token
          also tells it which root certificate to trust.
        </p>
      </header>
      <div className="columns">
        <section aria-labelledby="token-title">
          {made?.token === undefined ? (
            <TokenForm onMade={setMade} />
          ) : (
            <MadeToken made={made} token={made.token} onAnother={() => setMade(undefined)} />
          )}
        </section>
        <div className="column-stack">
          <section aria-labelledby="other-way-title">
            <h2 id="other-way-title">Without a token</h2>
            <p>
              An agent that is set up without one registers by itself and prints the address of a
              page here on which you approve it:{" "}
              <Command text="truechimer agent setup --server …" />
            </p>
            <Registrations />
          </section>
          <section aria-labelledby="tokens-title">
            <h2 id="tokens-title">Tokens</h2>
            <TokenList />
          </section>
        </div>
      </div>
    </article>
  );
}

function TokenForm(props: {
  readonly onMade: (made: adminV1.CreateEnrolmentTokenResponse) => void;
}): ReactNode {
  const queries = useQueryClient();
  const { busy, problem, run } = useAction();
  const [name, setName] = useState("");
  const [lifetime, setLifetime] = useState(24n * HOUR_S);
  const [status, setStatus] = useState<SettableStatus>("active");
  const [place, setPlace] = useState(PLACE_EMPTY);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (countryProblem(place.country) !== "") return;
    run(async () => {
      const made = await adminClient.createEnrolmentToken({
        name: name.trim(),
        lifetime: { seconds: lifetime, nanos: 0 },
        ...place,
        country: place.country.toUpperCase(),
        status: wireStatus(status),
      });
      props.onMade(made);
      await queries.invalidateQueries();
    });
  };
  return (
    <>
      <h2 id="token-title">With a one-time token</h2>
      <form className="form" onSubmit={submit}>
        <div className="field">
          <label htmlFor="token-name">Name</label>
          <input
            id="token-name"
            type="text"
            maxLength={200}
            value={name}
            placeholder="zurich-2"
            aria-describedby="token-name-note"
            onChange={(event) => setName(event.target.value)}
          />
          <span id="token-name-note" className="field-note">
            For you: what the token is for. The agent is named for its host.
          </span>
        </div>
        <div className="field">
          <label htmlFor="token-lifetime">Works for</label>
          <select
            id="token-lifetime"
            value={lifetime.toString()}
            onChange={(event) => setLifetime(BigInt(event.target.value))}
          >
            {LIFETIMES.map(({ seconds, text }) => (
              <option key={text} value={seconds.toString()}>
                {text}
              </option>
            ))}
          </select>
        </div>
        <StatusField status={status} onChange={setStatus} />
        <PlaceFields place={place} onChange={setPlace} />
        {problem === undefined ? null : <FieldProblem what="No token was made" problem={problem} />}
        <p className="form-foot">
          <button
            type="submit"
            className="button is-main"
            disabled={busy || countryProblem(place.country) !== ""}
          >
            {busy ? "Making it…" : "Make a token"}
          </button>
        </p>
      </form>
    </>
  );
}

function MadeToken(props: {
  readonly made: adminV1.CreateEnrolmentTokenResponse;
  readonly token: adminV1.EnrolmentToken;
  readonly onAnother: () => void;
}): ReactNode {
  const { made, token } = props;
  return (
    <>
      <h2 id="token-title">Type this on the agent's host</h2>
      <pre className="command is-block" tabIndex={0}>
        {made.command}
      </pre>
      <p className="form-foot">
        <CopyButton text={made.command} name="Copy the command" />
        <CopyButton text={made.secret} name="Copy the token alone" plain />
      </p>
      <p>
        <strong>It is shown this once.</strong> Whoever has it can enrol one agent until it is used,
        revoked or expired.
      </p>
      <h3>What happens then</h3>
      <ol className="steps">
        <li>The agent looks whether this server's certificate is the one that the token names.</li>
        <li>It makes its key, and is given its certificate and its name.</li>
        <li>
          It stands among the <a href={paths.agents()}>agents</a> and gets its first work with the
          next round.
        </li>
      </ol>
      <TokenFate token={token} />
      <p className="form-foot">
        <button type="button" className="button" onClick={props.onAnother}>
          Make another token
        </button>
      </p>
    </>
  );
}

function Registrations(): ReactNode {
  const registrations = useQuery(registrationsQuery(true));
  const all = registrations.data?.registrations ?? [];
  const waiting = all.filter(isWaiting);
  const decided = all.filter((one) => !isWaiting(one));
  return (
    <>
      {waiting.length === 0 ? (
        <p className="soft">None waits for approval.</p>
      ) : (
        <WaitingRegistrations registrations={waiting} compact />
      )}
      {decided.length === 0 ? null : (
        <details className="as-table">
          <summary>{decided.length} decided</summary>
          <WaitingRegistrations registrations={decided} compact />
        </details>
      )}
    </>
  );
}
