// A second factor for the one who is signed in: proposed with the password, confirmed with a code, and then told once what
// helps when the phone is lost.

import { useQueryClient } from "@tanstack/react-query";
import type { peopleV1 } from "@truechimer/api";
import { type FormEvent, type ReactNode, useState } from "react";
import { LONG_CALL_TIMEOUT_MS, peopleClient } from "../api/client.ts";
import { Command, FieldProblem } from "../parts/states.tsx";
import { tellDone } from "../parts/toasts.tsx";
import { useAction } from "../parts/use-action.ts";
import { useFactorFields } from "./factor-fields.tsx";
import { QrPicture } from "./qr-picture.tsx";
import { ToldOnce } from "./told-once.tsx";

export function SecondFactor(props: {
  readonly caller: peopleV1.GetCallerResponse;
  readonly onDone: () => void;
}): ReactNode {
  const queries = useQueryClient();
  const [proposed, setProposed] = useState<peopleV1.BeginSecondFactorResponse>();
  const [codes, setCodes] = useState<readonly string[]>([]);
  if (codes.length > 0) {
    return (
      <ToldOnce title="Recovery codes" secret={codes.join("\n")} onDone={props.onDone}>
        Each stands in for a code of the app once, when the phone is lost. Keep them apart from it.
        They are not shown again.
      </ToldOnce>
    );
  }
  if (props.caller.secondFactor)
    return <Change caller={props.caller} onDone={props.onDone} onRenewed={setCodes} />;
  if (proposed === undefined) return <Propose onProposed={setProposed} />;
  return (
    <Confirm
      proposed={proposed}
      onConfirmed={(recoveryCodes) => {
        setCodes(recoveryCodes);
        // Who has passkeys has codes already.
        if (recoveryCodes.length === 0) props.onDone();
        void queries.invalidateQueries({ queryKey: ["caller"] });
        void queries.invalidateQueries({ queryKey: ["sessions"] });
      }}
    />
  );
}

function Propose(props: {
  readonly onProposed: (proposed: peopleV1.BeginSecondFactorResponse) => void;
}): ReactNode {
  const { busy, problem, run } = useAction();
  const [password, setPassword] = useState("");
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    run(async () => {
      props.onProposed(
        await peopleClient.beginSecondFactor({ password }, { timeoutMs: LONG_CALL_TIMEOUT_MS }),
      );
    });
  };
  return (
    <form className="form" onSubmit={submit} aria-label="Second factor">
      <p>
        With a second factor a sign-in needs a code from an app on your phone as well: a password
        that somebody else has learned is not enough.
      </p>
      <PasswordField password={password} onChange={setPassword} />
      {problem === undefined ? null : <FieldProblem what="Not begun" problem={problem} />}
      <div className="form-foot">
        <button type="submit" className="button is-main" disabled={busy || password === ""}>
          Show the code for the app
        </button>
      </div>
    </form>
  );
}

function Confirm(props: {
  readonly proposed: peopleV1.BeginSecondFactorResponse;
  readonly onConfirmed: (recoveryCodes: readonly string[]) => void;
}): ReactNode {
  const { proposed } = props;
  const { busy, problem, run } = useAction();
  const [code, setCode] = useState("");
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    run(async () => {
      const { recoveryCodes } = await peopleClient.confirmSecondFactor({ code });
      props.onConfirmed(recoveryCodes);
    });
  };
  return (
    <form className="form" onSubmit={submit} aria-label="Second factor">
      <p>Have the app read this, or type the secret into it.</p>
      <QrPicture text={proposed.uri} label="QR code with the secret below" />
      <Command text={proposed.secret} />
      <CodeField code={code} onChange={setCode} label="The code that the app shows now" />
      {problem === undefined ? null : <FieldProblem what="Not confirmed" problem={problem} />}
      <div className="form-foot">
        <button type="submit" className="button is-main" disabled={busy || code.trim() === ""}>
          Confirm
        </button>
        <span className="field-note">Your other sessions end.</span>
      </div>
    </form>
  );
}

/** Both need the password and a code. */
function Change(props: {
  readonly caller: peopleV1.GetCallerResponse;
  readonly onDone: () => void;
  readonly onRenewed: (recoveryCodes: readonly string[]) => void;
}): ReactNode {
  const queries = useQueryClient();
  const { busy, problem, run } = useAction();
  const factors = useFactorFields(props.caller);
  const renew = (): void =>
    run(async () => {
      const { recoveryCodes } = await peopleClient.renewRecoveryCodes(await factors.proof(), {
        timeoutMs: LONG_CALL_TIMEOUT_MS,
      });
      props.onRenewed(recoveryCodes);
    });
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    run(async () => {
      await peopleClient.removeSecondFactor(await factors.proof(), {
        timeoutMs: LONG_CALL_TIMEOUT_MS,
      });
      tellDone(
        props.caller.passkeys > 0
          ? "The codes of the app were removed: a passkey is the second factor"
          : "The second factor was removed: the password is enough again",
      );
      props.onDone();
      await queries.invalidateQueries({ queryKey: ["caller"] });
    });
  };
  return (
    <form className="form" onSubmit={submit} aria-label="Second factor">
      {factors.fields}
      {problem === undefined ? null : <FieldProblem what="Nothing was changed" problem={problem} />}
      <div className="form-foot">
        <button
          type="button"
          className="button"
          disabled={busy || factors.isIncomplete}
          onClick={renew}
        >
          New recovery codes
        </button>
        <button type="submit" className="button is-grave" disabled={busy || factors.isIncomplete}>
          Remove the second factor
        </button>
        <span className="field-note">With new recovery codes those before hold no more.</span>
      </div>
    </form>
  );
}

function PasswordField(props: {
  readonly password: string;
  readonly onChange: (password: string) => void;
}): ReactNode {
  return (
    <div className="field">
      <label htmlFor="factor-password">Your password</label>
      <input
        id="factor-password"
        type="password"
        autoComplete="current-password"
        required
        value={props.password}
        onChange={(event) => props.onChange(event.target.value)}
      />
    </div>
  );
}

function CodeField(props: {
  readonly label: string;
  readonly code: string;
  readonly onChange: (code: string) => void;
}): ReactNode {
  return (
    <div className="field">
      <label htmlFor="factor-code">{props.label}</label>
      <input
        id="factor-code"
        type="text"
        autoComplete="one-time-code"
        autoCapitalize="none"
        spellCheck={false}
        required
        value={props.code}
        onChange={(event) => props.onChange(event.target.value)}
      />
    </div>
  );
}
