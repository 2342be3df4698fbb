// No session: how to get in.

import { type FormEvent, type ReactNode, useState } from "react";
import { Command } from "../parts/states.tsx";
import { useTitle } from "./use-title.ts";

/** The key from whatever was pasted: the whole address, its query, or the key alone. Undefined: there is none. */
export function keyFrom(text: string): string | undefined {
  const trimmed = text.trim();
  const fromAddress = /[?&]key=([^&#\s]+)/.exec(trimmed)?.[1];
  if (fromAddress !== undefined) return decodeURIComponent(fromAddress);
  return /^[\w.~-]{8,}$/.test(trimmed) ? trimmed : undefined;
}

export function SessionPage(): ReactNode {
  useTitle("Sign in");
  const refused = /[?&]key(_refused)?=/.test(globalThis.location.search);
  const [text, setText] = useState("");
  const [problem, setProblem] = useState(
    refused ? "That key was not accepted: it was used before, or is from an earlier start." : "",
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
    <div className="session-page">
      <h1>This dashboard needs a session</h1>
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
    </div>
  );
}
