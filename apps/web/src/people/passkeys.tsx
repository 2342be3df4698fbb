// Passkeys of the one who is signed in: what there are, another one, another name, and how one is removed. Where the dashboard
// is open at an address, why there are none and what helps.

import { useQuery, useQueryClient } from "@tanstack/react-query";
import type { peopleV1 } from "@truechimer/api";
import { type FormEvent, type ReactNode, useState } from "react";
import { LONG_CALL_TIMEOUT_MS, peopleClient } from "../api/client.ts";
import { msOf } from "../api/message.ts";
import { passkeysQuery } from "../api/queries.ts";
import { AfterWait, FieldProblem, ProblemNote } from "../parts/states.tsx";
import { tellDone } from "../parts/toasts.tsx";
import { useAction } from "../parts/use-action.ts";
import { TimeAgo } from "../parts/values.tsx";
import { newPasskey, passkeyPlace } from "../sign-in/passkey.ts";
import { browserWords } from "./browser-words.ts";
import { useFactorFields } from "./factor-fields.tsx";
import { NoPasskeysHere } from "./no-passkeys-here.tsx";
import { ToldOnce } from "./told-once.tsx";

export function Passkeys(props: { readonly caller: peopleV1.GetCallerResponse }): ReactNode {
  const passkeys = useQuery(passkeysQuery());
  const [codes, setCodes] = useState<readonly string[]>([]);
  if (codes.length > 0) {
    return (
      <ToldOnce title="Recovery codes" secret={codes.join("\n")} onDone={() => setCodes([])}>
        Each stands in for the passkey once, when the device is lost. Keep them apart from it. They
        are not shown again.
      </ToldOnce>
    );
  }
  return (
    <section className="passkeys" aria-label="Passkeys">
      {passkeys.data !== undefined ? (
        <PasskeyTable passkeys={passkeys.data.passkeys} caller={props.caller} />
      ) : passkeys.isError ? (
        <ProblemNote
          error={passkeys.error}
          title="The passkeys could not be read"
          onRetry={() => void passkeys.refetch()}
        />
      ) : (
        <AfterWait>
          <div className="skeleton-row" />
        </AfterWait>
      )}
      <AddPasskey caller={props.caller} onCodes={setCodes} />
    </section>
  );
}

function PasskeyTable(props: {
  readonly passkeys: readonly peopleV1.Passkey[];
  readonly caller: peopleV1.GetCallerResponse;
}): ReactNode {
  const [changing, setChanging] = useState("");
  if (props.passkeys.length === 0) {
    return (
      <p>
        With a passkey you sign in by a finger, a face or a PIN of your device, and by no password
        that somebody else may learn. It is a second factor as well.
      </p>
    );
  }
  const changed = props.passkeys.find(({ id }) => id === changing);
  return (
    <>
      <div className="table-scroll">
        <table className="table is-compact">
          <thead>
            <tr>
              <th scope="col">Passkey</th>
              <th scope="col" className="is-minor">
                Good at
              </th>
              <th scope="col" className="is-number">
                Used
              </th>
              <th scope="col" className="is-number is-minor">
                Since
              </th>
              <th scope="col">
                <span className="visually-hidden">Change</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {props.passkeys.map((passkey) => (
              <tr key={passkey.id}>
                <th scope="row">
                  {passkey.name}
                  {passkey.synced ? (
                    <span className="loop-purpose">copied to your other devices</span>
                  ) : null}
                </th>
                <td className="is-minor">{passkey.site}</td>
                <td className="is-number">
                  <TimeAgo atMs={msOf(passkey.lastUsedAt)} />
                </td>
                <td className="is-number is-minor">
                  <TimeAgo atMs={msOf(passkey.createdAt)} />
                </td>
                <td className="is-number">
                  <button
                    type="button"
                    className="button is-small"
                    aria-expanded={changing === passkey.id}
                    onClick={() => setChanging(changing === passkey.id ? "" : passkey.id)}
                  >
                    Change<span className="visually-hidden"> {passkey.name}</span>
                  </button>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {changed === undefined ? null : (
        <ChangePasskey
          key={changed.id}
          passkey={changed}
          caller={props.caller}
          onDone={() => setChanging("")}
        />
      )}
    </>
  );
}

function ChangePasskey(props: {
  readonly passkey: peopleV1.Passkey;
  readonly caller: peopleV1.GetCallerResponse;
  readonly onDone: () => void;
}): ReactNode {
  const { passkey } = props;
  const queries = useQueryClient();
  const { busy, problem, run } = useAction();
  const [name, setName] = useState(passkey.name);
  const factors = useFactorFields(props.caller);
  const done = async (): Promise<void> => {
    props.onDone();
    await queries.invalidateQueries({ queryKey: ["passkeys"] });
    await queries.invalidateQueries({ queryKey: ["caller"] });
  };
  const rename = (): void =>
    run(async () => {
      await peopleClient.renamePasskey({ id: passkey.id, name });
      tellDone(`The passkey is called ${name.trim()} now`);
      await done();
    });
  const remove = (event: FormEvent): void => {
    event.preventDefault();
    run(async () => {
      const proof = await factors.proof();
      await peopleClient.removePasskey(
        { id: passkey.id, ...proof },
        { timeoutMs: LONG_CALL_TIMEOUT_MS },
      );
      tellDone(`The passkey ${passkey.name} was removed`);
      await done();
    });
  };
  return (
    <form className="form" onSubmit={remove} aria-label={`Change the passkey ${passkey.name}`}>
      <div className="field">
        <label htmlFor="passkey-new-name">Name</label>
        <div className="field-row">
          <input
            id="passkey-new-name"
            type="text"
            autoComplete="off"
            maxLength={200}
            value={name}
            onChange={(event) => setName(event.target.value)}
          />
          <button
            type="button"
            className="button"
            disabled={busy || name.trim() === "" || name === passkey.name}
            onClick={rename}
          >
            Rename
          </button>
        </div>
      </div>
      {factors.fields}
      {problem === undefined ? null : <FieldProblem what="Nothing was changed" problem={problem} />}
      <div className="form-foot">
        <button type="submit" className="button is-grave" disabled={busy || factors.isIncomplete}>
          Remove the passkey
        </button>
        <span className="field-note">Take it away in the device's own settings as well.</span>
      </div>
    </form>
  );
}

function AddPasskey(props: {
  readonly caller: peopleV1.GetCallerResponse;
  readonly onCodes: (codes: readonly string[]) => void;
}): ReactNode {
  const { caller } = props;
  const queries = useQueryClient();
  const { busy, problem, run } = useAction();
  const [name, setName] = useState(() => browserWords(globalThis.navigator.userAgent));
  const factors = useFactorFields(caller);
  if (passkeyPlace(caller.passkeyOrigin) !== "here")
    return <NoPasskeysHere origin={caller.passkeyOrigin} />;
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    run(async () => {
      const proof = await factors.proof();
      const { optionsJson } = await peopleClient.beginPasskey(proof, {
        timeoutMs: LONG_CALL_TIMEOUT_MS,
      });
      const passkeyJson = await newPasskey(optionsJson);
      const { recoveryCodes } = await peopleClient.addPasskey({ name, passkeyJson });
      tellDone(`The passkey ${name.trim()} was added`);
      props.onCodes(recoveryCodes);
      for (const queryKey of [["passkeys"], ["caller"], ["sessions"]])
        await queries.invalidateQueries({ queryKey });
    });
  };
  return (
    <form className="form" onSubmit={submit} aria-label="Add a passkey">
      <div className="field">
        <label htmlFor="passkey-name">Name of the new passkey</label>
        <input
          id="passkey-name"
          type="text"
          autoComplete="off"
          maxLength={200}
          required
          value={name}
          onChange={(event) => setName(event.target.value)}
        />
      </div>
      {factors.fields}
      {problem === undefined ? null : <FieldProblem what="None was added" problem={problem} />}
      <div className="form-foot">
        <button
          type="submit"
          className="button is-main"
          disabled={busy || name.trim() === "" || factors.isIncomplete}
        >
          Add a passkey
        </button>
        <span className="field-note">
          From the first one on, a sign-in by password needs a second factor. Your other sessions
          end then.
        </span>
      </div>
    </form>
  );
}
