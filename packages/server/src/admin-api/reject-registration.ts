// RejectRegistration: the agent is not let in, and is told why.

import { create } from "@bufbuild/protobuf";
import { adminV1 } from "@truechimer/api";
import { rejectRegistration } from "../enrolment/decide-registration.ts";
import { personWords } from "../enrolment/person-words.ts";
import { type ActingContext, callerName } from "../people/caller.ts";
import { registrationMessage } from "./registration-messages.ts";

export async function rejectRegistrationCall(
  context: ActingContext,
  { id, reason }: adminV1.RejectRegistrationRequest,
): Promise<adminV1.RejectRegistrationResponse> {
  await rejectRegistration(context, {
    id,
    decidedBy: callerName(context.caller),
    reason: personWords("reason", reason),
  });
  const registration = await registrationMessage(context.database, id);
  return create(adminV1.RejectRegistrationResponseSchema, { registration });
}
