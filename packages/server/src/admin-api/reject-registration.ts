// RejectRegistration: the agent is not let in, and is told why.

import { create } from "@bufbuild/protobuf";
import { adminV1 } from "@truechimer/api";
import type { ServerContext } from "../context.ts";
import { rejectRegistration } from "../enrolment/decide-registration.ts";
import { personWords } from "../enrolment/person-words.ts";
import { type AdminPrincipal, principalName } from "../http/admin-access.ts";
import { registrationMessage } from "./registration-messages.ts";

export async function rejectRegistrationCall(
  context: ServerContext,
  { id, reason }: adminV1.RejectRegistrationRequest,
  principal: AdminPrincipal | undefined,
): Promise<adminV1.RejectRegistrationResponse> {
  await rejectRegistration(context, {
    id,
    decidedBy: principalName(principal),
    reason: personWords("reason", reason),
  });
  const registration = await registrationMessage(context.database, id);
  return create(adminV1.RejectRegistrationResponseSchema, { registration });
}
