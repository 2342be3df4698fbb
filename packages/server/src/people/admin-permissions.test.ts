// What is left of an answer for somebody who sees one account, where no list of objects is narrowed.

import { create } from "@bufbuild/protobuf";
import { adminV1 } from "@truechimer/api";
import { expect, test } from "vitest";
import { ADMIN_PERMISSIONS } from "./admin-permissions.ts";
import type { SeenObjects } from "./seen-objects.ts";

const OWN_SERVER = 1n;
const seen = {
  accountId: 1n,
  serversAmong: async (ids: readonly bigint[]) => new Set(ids.filter((id) => id === OWN_SERVER)),
} as Partial<SeenObjects> as SeenObjects;

test("a stream says that checks were missed, and not how many: those of other accounts are among them", async () => {
  const { accounts } = ADMIN_PERMISSIONS.watchResults;
  const narrow = typeof accounts === "object" ? accounts.narrow : undefined;
  const answer = create(adminV1.WatchResultsResponseSchema, {
    checks: [{ check: { serverId: OWN_SERVER } }, { check: { serverId: 2n } }],
    missed: { reason: "slow", checks: 4711n },
  });
  const left = await narrow?.(answer, seen, {} as never);
  expect(left?.missed).toMatchObject({ reason: "slow", checks: 0n });
  expect(left?.checks.map(({ check }) => check?.serverId)).toEqual([OWN_SERVER]);
});

test("a stream that missed nothing says nothing of it", async () => {
  const { accounts } = ADMIN_PERMISSIONS.watchResults;
  const narrow = typeof accounts === "object" ? accounts.narrow : undefined;
  const left = await narrow?.(
    create(adminV1.WatchResultsResponseSchema, { sequence: 1n }),
    seen,
    {} as never,
  );
  expect(left?.missed).toBeUndefined();
});
