// ListRegistrations: who asks to be let in.

import { create } from "@bufbuild/protobuf";
import { adminV1 } from "@truechimer/api";
import type { ServerContext } from "../context.ts";
import { registrationMessages } from "./registration-messages.ts";

export async function listRegistrations(
  { database }: ServerContext,
  { includeDecided }: adminV1.ListRegistrationsRequest,
): Promise<adminV1.ListRegistrationsResponse> {
  return create(adminV1.ListRegistrationsResponseSchema, {
    registrations: await registrationMessages(database, { includeDecided }),
  });
}
