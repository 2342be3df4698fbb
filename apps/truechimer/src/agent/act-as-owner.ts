// An administrator types `setup` and `enroll` as root, and the agent runs under an account of its own: what root would
// write there, the agent could not read. So as root these commands become the account that the state directory belongs
// to, before they touch anything.

import { stat } from "node:fs/promises";

export interface ProcessAccount {
  readonly geteuid?: () => number;
  readonly setgroups?: (groups: readonly (string | number)[]) => void;
  readonly setegid?: (id: number) => void;
  readonly seteuid?: (id: number) => void;
}

const ROOT = 0;

/** Nothing happens when this is not root, when the directory is root's, or when there is none. */
export async function actAsOwner(
  directory: string,
  account: ProcessAccount = process,
): Promise<void> {
  if (account.geteuid?.() !== ROOT) return;
  const owner = await stat(directory).catch(() => undefined);
  if (owner === undefined || owner.uid === ROOT) return;
  account.setgroups?.([owner.gid]);
  account.setegid?.(owner.gid);
  account.seteuid?.(owner.uid);
}
