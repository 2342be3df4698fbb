// CreateLogin: a fresh address that opens the dashboard once. For a program with a key alone: a browser that is in
// already needs none, and a stolen session must not make more of itself.

import { create } from "@bufbuild/protobuf";
import { adminV1 } from "@truechimer/api";
import type { AdminAccess, AdminPrincipal } from "../http/admin-access.ts";
import { requireKey } from "../http/admin-access.ts";
import { timestampFromNs } from "./admin-message.ts";

export async function createLogin(
  access: AdminAccess,
  publicUrl: string,
  principal: AdminPrincipal | undefined,
): Promise<adminV1.CreateLoginResponse> {
  requireKey(principal);
  const { key, expiresAtNs } = await access.createOneTimeKey();
  return create(adminV1.CreateLoginResponseSchema, {
    url: `${publicUrl}/?key=${key}`,
    expiresAt: timestampFromNs(expiresAtNs),
  });
}
