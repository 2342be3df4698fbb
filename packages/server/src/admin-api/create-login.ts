// CreateLogin: a fresh address that opens the dashboard once. For a program with a key alone: a browser that is in
// already needs none, and a stolen session must not make more of itself.

import { create } from "@bufbuild/protobuf";
import { adminV1 } from "@truechimer/api";
import { inTransaction } from "@truechimer/database";
import { recordAct } from "../audit/record-act.ts";
import type { ActingContext } from "../people/caller.ts";
import { createOneTimeKey } from "../people/one-time-keys.ts";
import { timestampFromNs } from "./admin-message.ts";

export async function createLogin(
  { database, random, caller }: ActingContext,
  publicUrl: string,
): Promise<adminV1.CreateLoginResponse> {
  const { key, expiresAtNs } = await inTransaction(database, async (transaction) => {
    const made = await createOneTimeKey(transaction, random);
    await recordAct(transaction, caller, { act: "login_created", object: "one-time key" });
    return made;
  });
  return create(adminV1.CreateLoginResponseSchema, {
    url: `${publicUrl}/?key=${key}`,
    expiresAt: timestampFromNs(expiresAtNs),
  });
}
