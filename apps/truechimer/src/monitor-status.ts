// A monitor's status as a person types it.

import { adminV1 } from "@truechimer/api";
import { AppError } from "@truechimer/base";
import { closest } from "./config/suggest.ts";

const STATUSES: ReadonlyMap<string, adminV1.MonitorStatus> = new Map([
  ["pending", adminV1.MonitorStatus.PENDING],
  ["testing", adminV1.MonitorStatus.TESTING],
  ["active", adminV1.MonitorStatus.ACTIVE],
  ["paused", adminV1.MonitorStatus.PAUSED],
]);

/** What the control plane makes of it is its own matter: not every status is one to begin with. */
export function monitorStatusOf(word: string): adminV1.MonitorStatus {
  const status = STATUSES.get(word);
  if (status !== undefined) return status;
  const nearest = closest(word, [...STATUSES.keys()]);
  const remedy = nearest === undefined ? "" : `; did you mean ${nearest}?`;
  throw new AppError(
    "usage",
    `"${word}" is no status: expected pending, testing, active or paused${remedy}`,
  );
}
