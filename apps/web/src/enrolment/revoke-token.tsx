// Revoking a token that nobody used: at once. It cannot be undone, and costs no more than making another.

import { useQueryClient } from "@tanstack/react-query";
import type { adminV1 } from "@truechimer/api";
import { type ReactNode, useState } from "react";
import { adminClient } from "../api/client.ts";
import { tellDone, tellFailed } from "../parts/toasts.tsx";

export function RevokeToken(props: { readonly token: adminV1.EnrolmentToken }): ReactNode {
  const { token } = props;
  const queries = useQueryClient();
  const [busy, setBusy] = useState(false);
  const name = token.name === "" ? "The token" : `The token ${token.name}`;
  const revoke = async (): Promise<void> => {
    setBusy(true);
    try {
      await adminClient.revokeEnrolmentToken({ id: token.id });
      tellDone(`${name} opens nothing any more`);
    } catch (error) {
      tellFailed(`${name} was not revoked`, error);
    } finally {
      setBusy(false);
      void queries.invalidateQueries();
    }
  };
  return (
    <button
      type="button"
      className="button is-small"
      disabled={busy}
      title="It opens nothing from now on. An agent that used it already stays. Not undone: make another."
      onClick={() => void revoke()}
    >
      Revoke<span className="visually-hidden"> {token.name}</span>
    </button>
  );
}
