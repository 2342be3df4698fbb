// ApproveRegistration: the agent is let in, with what a person knows of it.

import { create } from "@bufbuild/protobuf";
import { adminV1 } from "@truechimer/api";
import { approveRegistration } from "../enrolment/decide-registration.ts";
import { countryCode, personWords } from "../enrolment/person-words.ts";
import { type ActingContext, callerName } from "../people/caller.ts";
import { firstStatusOf } from "./first-status.ts";
import { registrationMessage } from "./registration-messages.ts";

export async function approveRegistrationCall(
  context: ActingContext,
  request: adminV1.ApproveRegistrationRequest,
): Promise<adminV1.ApproveRegistrationResponse> {
  await approveRegistration(context, {
    id: request.id,
    decidedBy: callerName(context.caller),
    name: personWords("name", request.name),
    country: countryCode(request.country),
    network: personWords("network", request.network),
    location: personWords("location", request.location),
    status: firstStatusOf(request.status, "testing"),
  });
  const registration = await registrationMessage(context.database, request.id);
  return create(adminV1.ApproveRegistrationResponseSchema, { registration });
}
