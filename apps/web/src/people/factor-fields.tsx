// The password and a second factor, shown once more for what changes a second factor: a code, or a passkey, which the browser
// asks for when the code is left empty.

import type { peopleV1 } from "@truechimer/api";
import { type ReactNode, useId, useState } from "react";
import { peopleClient } from "../api/client.ts";
import { passkeyPlace, signedByPasskey } from "../sign-in/passkey.ts";

export interface FactorFields {
  readonly fields: ReactNode;
  readonly isIncomplete: boolean;
  /** Asks the browser for a passkey where no code was given. */
  readonly proof: () => Promise<FactorProof>;
}

export interface FactorProof {
  readonly password: string;
  readonly code: string;
  readonly passkeyJson: string;
}

export function useFactorFields(caller: peopleV1.GetCallerResponse): FactorFields {
  const id = useId();
  const [password, setPassword] = useState("");
  const [code, setCode] = useState("");
  const hasFactor = caller.secondFactor || caller.passkeys > 0;
  const hasPasskeyHere = caller.passkeys > 0 && passkeyPlace(caller.passkeyOrigin) === "here";
  const isCodeMissing = code.trim() === "";
  const proof = async (): Promise<FactorProof> => {
    if (!hasFactor || !isCodeMissing) return { password, code, passkeyJson: "" };
    const { optionsJson } = await peopleClient.beginPasskeyProof({});
    return { password, code: "", passkeyJson: await signedByPasskey(optionsJson) };
  };
  const codeLabel = caller.secondFactor
    ? "A code of the app, or a recovery code"
    : "A recovery code";
  return {
    isIncomplete: password === "" || (hasFactor && !hasPasskeyHere && isCodeMissing),
    proof,
    fields: (
      <>
        <div className="field">
          <label htmlFor={`${id}-password`}>Your password</label>
          <input
            id={`${id}-password`}
            type="password"
            autoComplete="current-password"
            required
            value={password}
            onChange={(event) => setPassword(event.target.value)}
          />
        </div>
        {hasFactor ? (
          <div className="field">
            <label htmlFor={`${id}-code`}>{codeLabel}</label>
            <input
              id={`${id}-code`}
              type="text"
              autoComplete="one-time-code"
              autoCapitalize="none"
              spellCheck={false}
              required={!hasPasskeyHere}
              value={code}
              onChange={(event) => setCode(event.target.value)}
            />
            {hasPasskeyHere ? (
              <span className="field-note">Leave it empty to show a passkey instead.</span>
            ) : null}
          </div>
        ) : null}
      </>
    ),
  };
}
