// The caller himself: where he is signed in, his password, and the way out.

import { useQuery, useQueryClient } from "@tanstack/react-query";
import type { peopleV1 } from "@truechimer/api";
import { type ReactNode, useState } from "react";
import { peopleClient } from "../api/client.ts";
import { sessionsQuery } from "../api/queries.ts";
import { AfterWait, ProblemNote } from "../parts/states.tsx";
import { tellDone, tellFailed } from "../parts/toasts.tsx";
import { ChangePassword } from "./change-password.tsx";
import { Passkeys } from "./passkeys.tsx";
import { SecondFactor } from "./second-factor.tsx";
import { SessionTable } from "./session-table.tsx";

type Opened = "password" | "second factor" | "passkeys";

export function You(props: { readonly caller: peopleV1.GetCallerResponse }): ReactNode {
  const queries = useQueryClient();
  const sessions = useQuery(sessionsQuery(""));
  const [open, setOpen] = useState<Opened>();
  const toggle = (what: Opened): void => setOpen(open === what ? undefined : what);
  const others = sessions.data?.sessions.filter(({ current }) => !current).length ?? 0;
  const endOthers = async (): Promise<void> => {
    try {
      const { ended } = await peopleClient.endOtherSessions({});
      tellDone(ended === 1 ? "One session was ended" : `${ended} sessions were ended`);
    } catch (error) {
      tellFailed("No session was ended", error);
    }
    void queries.invalidateQueries({ queryKey: ["sessions"] });
  };
  const signOut = async (): Promise<void> => {
    let home = "/";
    try {
      const { providerSignOutUrl } = await peopleClient.signOut({});
      if (providerSignOutUrl !== "") home = "/?signed_out=provider";
    } catch (error) {
      tellFailed("Not signed out", error);
      return;
    }
    // A fresh page: nothing of what was seen stays in its memory.
    globalThis.location.assign(home);
  };
  return (
    <section aria-labelledby="you-title">
      <h2 id="you-title">Signed in</h2>
      {sessions.data !== undefined ? (
        <SessionTable sessions={sessions.data.sessions} />
      ) : sessions.isError ? (
        <ProblemNote
          error={sessions.error}
          title="The sessions could not be read"
          onRetry={() => void sessions.refetch()}
        />
      ) : (
        <AfterWait>
          <div className="skeleton-row" />
        </AfterWait>
      )}
      <div className="button-row">
        <button type="button" className="button" onClick={() => void signOut()}>
          Sign out
        </button>
        <button
          type="button"
          className="button"
          disabled={others === 0}
          onClick={() => void endOthers()}
        >
          End all other sessions
        </button>
        {props.caller.kind === "user" && !props.caller.withoutPassword ? (
          <>
            <button
              type="button"
              className="button"
              aria-expanded={open === "password"}
              onClick={() => toggle("password")}
            >
              Change password
            </button>
            <button
              type="button"
              className="button"
              aria-expanded={open === "second factor"}
              onClick={() => toggle("second factor")}
            >
              Second factor: {props.caller.secondFactor ? "on" : "off"}
            </button>
            <button
              type="button"
              className="button"
              aria-expanded={open === "passkeys"}
              onClick={() => toggle("passkeys")}
            >
              Passkeys: {props.caller.passkeys === 0 ? "none" : props.caller.passkeys}
            </button>
          </>
        ) : null}
      </div>
      {open === "password" ? (
        <ChangePassword name={props.caller.name} onDone={() => setOpen(undefined)} />
      ) : null}
      {open === "second factor" ? (
        <SecondFactor caller={props.caller} onDone={() => setOpen(undefined)} />
      ) : null}
      {open === "passkeys" ? <Passkeys caller={props.caller} /> : null}
    </section>
  );
}
