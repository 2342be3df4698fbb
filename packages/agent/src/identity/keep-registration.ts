// What a registration leaves in the state directory.

import { EMPTY_STATE } from "./state-file.ts";
import type { StateStore } from "./state-store.ts";

export interface KeptRegistration {
  readonly serverUrl: string;
  /** A secret. */
  readonly apiKey: string;
  /** PEM of what the control plane's certificates lead to. Absent: the system's roots. */
  readonly rootPem?: string | undefined;
}

export async function keepRegistration(
  store: StateStore,
  { serverUrl, apiKey, rootPem }: KeptRegistration,
): Promise<void> {
  if (rootPem !== undefined) await store.storeRoot(rootPem);
  await store.storeEnrolment({ serverUrl, agentUrl: undefined });
  // The key last: it wakes an agent that runs here.
  await store.changeState((state) => ({ ...state, apiKey }), EMPTY_STATE);
}
