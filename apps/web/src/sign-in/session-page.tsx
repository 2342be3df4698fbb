// No session: how to get in, by name and password or with a one-time key.

import { useQuery, useQueryClient } from "@tanstack/react-query";
import type { signInV1 } from "@truechimer/api";
import { type FormEvent, type ReactNode, useState } from "react";
import { LONG_CALL_TIMEOUT_MS, signInClient } from "../api/client.ts";
import { signInOptionsQuery } from "../api/queries.ts";
import { AfterWait, Command, FieldProblem } from "../parts/states.tsx";
import { useAction } from "../parts/use-action.ts";
import { NoPasskeysHere } from "../people/no-passkeys-here.tsx";
import { useTitle } from "../shell/use-title.ts";
import { passkeyPlace, signedByPasskey } from "./passkey.ts";
import { refusalWords } from "./refusal-words.ts";

/** The key from whatever was pasted: the whole address, its query, or the key alone. Undefined: there is none. */
export function keyFrom(text: string): string | undefined {
  const trimmed = text.trim();
  const fromAddress = /[?&]key=([^&#\s]+)/.exec(trimmed)?.[1];
  if (fromAddress !== undefined) return decodeURIComponent(fromAddress);
  return /^[\w.~-]{8,}$/.test(trimmed) ? trimmed : undefined;
}

export function SessionPage(): ReactNode {
  useTitle("Sign in");
  const options = useQuery(signInOptionsQuery());
  if (options.isPending) {
    return (
      <AfterWait>
        <p className="soft" role="status">
          Asking how to get in
        </p>
      </AfterWait>
    );
  }
  const byName = options.data?.byName === true;
  const providerUrl = options.data?.providerUrl ?? "";
  const hasOther = byName || providerUrl !== "" || options.data?.byPasskey === true;
  const refusal = refusalWords(globalThis.location.search);
  return (
    <div className="session-page">
      <h1>{hasOther ? "Sign in" : "This dashboard needs a session"}</h1>
      {refusal === undefined ? null : (
        <p className="field-problem" role="alert">
          {refusal}
        </p>
      )}
      {providerUrl === "" ? null : (
        <ProviderWay url={providerUrl} name={options.data?.providerName ?? ""} />
      )}
      {options.data?.byPasskey === true ? <PasskeyWay origin={options.data.passkeyOrigin} /> : null}
      {byName ? <NameForm passkeyOrigin={options.data?.passkeyOrigin ?? ""} /> : null}
      {hasOther ? (
        <details className="session-other" open={wasRefused()}>
          <summary>With a one-time key instead</summary>
          <KeyForm />
        </details>
      ) : (
        <KeyForm />
      )}
    </div>
  );
}

function wasRefused(): boolean {
  return /[?&]key(_refused)?=/.test(globalThis.location.search);
}

/** A link and no call: the provider's page takes the place of ours. */
function ProviderWay(props: { readonly url: string; readonly name: string }): ReactNode {
  const signedOut = /[?&]signed_out=provider(&|$)/.test(globalThis.location.search);
  return (
    <div className="session-form">
      <p>
        <a className="button is-main" href={props.url}>
          Sign in with {props.name}
        </a>
      </p>
      {signedOut ? (
        <p role="status">
          You are signed out here, and still signed in at {props.name}:{" "}
          <a href={`${props.url}/sign-out`}>sign out there as well</a>.
        </p>
      ) : null}
    </div>
  );
}

/** No name is asked for: the device knows whose passkey it is. */
function PasskeyWay(props: { readonly origin: string }): ReactNode {
  const queries = useQueryClient();
  const { busy, problem, run } = useAction();
  const place = passkeyPlace(props.origin);
  if (place === "unsupported") return null;
  if (place !== "here") {
    return (
      <p className="session-form soft">
        Passkeys work at <a href={props.origin}>{props.origin}</a> alone, not at an address such as
        this one.
      </p>
    );
  }
  const enter = (): void =>
    run(async () => {
      const { optionsJson } = await signInClient.beginPasskeySignIn({});
      await signInClient.signInWithPasskey({ passkeyJson: await signedByPasskey(optionsJson) });
      await queries.resetQueries();
    });
  return (
    <div className="session-form">
      <p>
        <button type="button" className="button is-main" disabled={busy} onClick={enter}>
          Sign in with a passkey
        </button>
      </p>
      {problem === undefined ? null : <FieldProblem what="Not signed in" problem={problem} />}
    </div>
  );
}

function NameForm(props: { readonly passkeyOrigin: string }): ReactNode {
  const queries = useQueryClient();
  const { busy, problem, run } = useAction();
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const [code, setCode] = useState("");
  const [asked, setAsked] = useState<signInV1.SignInResponse>();
  const enter = (event: FormEvent): void => {
    event.preventDefault();
    run(async () => {
      const answer = await signInClient.signIn(
        { name, password, code },
        { timeoutMs: LONG_CALL_TIMEOUT_MS },
      );
      if (answer.codeNeeded) {
        setAsked(answer);
        return;
      }
      // What was asked before was asked by somebody else.
      await queries.resetQueries();
    });
  };
  const showPasskey = (): void =>
    run(async () => {
      // Asked anew each time: what is to be signed is good once.
      const { passkeyOptionsJson } = await signInClient.signIn(
        { name, password },
        { timeoutMs: LONG_CALL_TIMEOUT_MS },
      );
      const passkeyJson = await signedByPasskey(passkeyOptionsJson);
      await signInClient.signIn(
        { name, password, passkeyJson },
        { timeoutMs: LONG_CALL_TIMEOUT_MS },
      );
      await queries.resetQueries();
    });
  return (
    <form onSubmit={enter} className="form session-form">
      <div className="field">
        <label htmlFor="sign-in-name">Name or e-mail address</label>
        <input
          id="sign-in-name"
          type="text"
          autoComplete="username"
          autoCapitalize="none"
          spellCheck={false}
          required
          value={name}
          onChange={(event) => setName(event.target.value)}
        />
      </div>
      <div className="field">
        <label htmlFor="sign-in-password">Password</label>
        <input
          id="sign-in-password"
          type="password"
          autoComplete="current-password"
          required
          value={password}
          onChange={(event) => setPassword(event.target.value)}
        />
      </div>
      {asked !== undefined && asked.passkeyOptionsJson !== "" ? (
        passkeyPlace(props.passkeyOrigin) === "here" ? (
          <div className="field">
            <button type="button" className="button is-main" disabled={busy} onClick={showPasskey}>
              Use your passkey
            </button>
          </div>
        ) : (
          <NoPasskeysHere origin={props.passkeyOrigin} />
        )
      ) : null}
      {asked !== undefined ? (
        <div className="field">
          <label htmlFor="sign-in-code">
            {asked.hasOneTimePasswords
              ? "A code of your app, or a recovery code"
              : "Or a recovery code"}
          </label>
          <input
            id="sign-in-code"
            type="text"
            autoComplete="one-time-code"
            autoCapitalize="none"
            spellCheck={false}
            autoFocus
            required
            value={code}
            onChange={(event) => setCode(event.target.value)}
          />
        </div>
      ) : null}
      {problem === undefined ? null : <FieldProblem what="Not signed in" problem={problem} />}
      <div className="form-foot">
        <button type="submit" className="button is-main" disabled={busy}>
          {busy ? "Signing in…" : "Sign in"}
        </button>
        <span className="field-note">
          The password is lost? An admin makes a new link, or{" "}
          <Command text="truechimer users reset NAME" /> on the server's machine.
        </span>
      </div>
    </form>
  );
}

function KeyForm(): ReactNode {
  const [text, setText] = useState("");
  const [problem, setProblem] = useState(
    wasRefused()
      ? "That key was not accepted: it was used before, or is from an earlier start."
      : "",
  );
  const enter = (event: FormEvent): void => {
    event.preventDefault();
    const key = keyFrom(text);
    if (key === undefined)
      setProblem(
        "That is no key. Paste the address that the server printed, or the part after “key=”.",
      );
    else globalThis.location.assign(`/?key=${encodeURIComponent(key)}`);
  };
  return (
    <>
      <p>
        When it starts, the server prints an address with a key that works once. Open that address
        in this browser; from then on the browser is known.
      </p>
      <p>
        The address was lost, or its key is spent? Ask for a new one on the server's machine:
        <br />
        <Command text="truechimer login" />
      </p>
      <form onSubmit={enter} className="session-form">
        <label htmlFor="session-key">Address or key</label>
        <div className="field-row">
          <input
            id="session-key"
            type="text"
            autoComplete="off"
            spellCheck={false}
            value={text}
            aria-describedby="session-problem"
            aria-invalid={problem !== ""}
            onChange={(event) => setText(event.target.value)}
            placeholder="http://127.0.0.1:8123/?key=…"
          />
          <button type="submit" className="button is-main">
            Enter
          </button>
        </div>
        <p id="session-problem" className="field-problem" role="alert">
          {problem}
        </p>
      </form>
    </>
  );
}
