// The status that a new agent's monitors begin with.

import { adminV1 } from "@truechimer/api";
import { AppError } from "@truechimer/base";
import type { FirstStatusName } from "@truechimer/database";

const FIRST_STATUSES: ReadonlyMap<adminV1.MonitorStatus, FirstStatusName> = new Map([
  [adminV1.MonitorStatus.PENDING, "pending"],
  [adminV1.MonitorStatus.TESTING, "testing"],
  [adminV1.MonitorStatus.ACTIVE, "active"],
]);

export function firstStatusOf(
  status: adminV1.MonitorStatus,
  unspecified: FirstStatusName,
): FirstStatusName {
  if (status === adminV1.MonitorStatus.UNSPECIFIED) return unspecified;
  const first = FIRST_STATUSES.get(status);
  if (first !== undefined) return first;
  throw new AppError(
    "bad_request",
    `status ${status} is none to begin with: expected pending, testing or active`,
  );
}
