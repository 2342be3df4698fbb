// ListEnrolmentTokens.

import { create } from "@bufbuild/protobuf";
import { adminV1 } from "@truechimer/api";
import type { ServerContext } from "../context.ts";
import { enrolmentTokenMessages } from "./enrolment-token-messages.ts";

export async function listEnrolmentTokens({
  database,
}: ServerContext): Promise<adminV1.ListEnrolmentTokensResponse> {
  return create(adminV1.ListEnrolmentTokensResponseSchema, {
    tokens: await enrolmentTokenMessages(database),
  });
}
