import { chown, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { actAsOwner } from "./act-as-owner.ts";

/** Notes what a process would become. */
function useAccount(id: number) {
  const became: string[] = [];
  return {
    became,
    account: {
      geteuid: () => id,
      setgroups: (groups: readonly (string | number)[]) =>
        void became.push(`groups ${groups.join()}`),
      setegid: (group: number) => void became.push(`group ${group}`),
      seteuid: (user: number) => void became.push(`user ${user}`),
    },
  };
}

async function useDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "truechimer-owner-"));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

const IS_ROOT = process.geteuid?.() === 0;

test("root becomes the account that the directory belongs to, its group first", async () => {
  const directory = await useDirectory();
  const { became, account } = useAccount(0);
  if (IS_ROOT) await chown(directory, 1234, 5678);
  await actAsOwner(directory, account);
  const own = process.geteuid?.() ?? 0;
  const group = process.getegid?.() ?? 0;
  expect(became).toEqual(
    IS_ROOT
      ? ["groups 5678", "group 5678", "user 1234"]
      : [`groups ${group}`, `group ${group}`, `user ${own}`],
  );
});

test("others stay who they are, and so does root where there is no directory", async () => {
  const someone = useAccount(1000);
  await actAsOwner(await useDirectory(), someone.account);
  const root = useAccount(0);
  await actAsOwner("/nowhere/state", root.account);
  expect([...someone.became, ...root.became]).toEqual([]);
});
