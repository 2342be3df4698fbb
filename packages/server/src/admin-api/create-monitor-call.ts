// CreateMonitor: what an agent on another host needs to take part. For a program with a key alone: the answer is a
// secret, and a stolen session must not make more of them.

import { create } from "@bufbuild/protobuf";
import { adminV1 } from "@truechimer/api";
import { AppError, parseIpAddress } from "@truechimer/base";
import type { ActingContext } from "../people/caller.ts";
import { createMonitor } from "./create-monitor.ts";

const LOCATION_CHARACTERS_MAX = 200;

export async function createMonitorCall(
  context: ActingContext,
  request: adminV1.CreateMonitorRequest,
): Promise<adminV1.CreateMonitorResponse> {
  const address = parseIpAddress(request.address);
  if (!address.ok) throw new AppError("bad_address", address.error);
  if (request.location.length > LOCATION_CHARACTERS_MAX) {
    throw new AppError(
      "bad_request",
      `a location of ${request.location.length} characters is too long: expected at most ${LOCATION_CHARACTERS_MAX}`,
    );
  }
  const { name, location } = request;
  const { monitorId, token } = await createMonitor(context, {
    name: name.trim(),
    address: address.value,
    ...(location === "" ? {} : { location }),
    // A typing error must not take somebody else's monitor away.
    renames: false,
  });
  return create(adminV1.CreateMonitorResponseSchema, { monitorId, token });
}
