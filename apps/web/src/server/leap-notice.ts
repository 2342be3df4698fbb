// A leap second that a server announces (leap indicator 1 or 2, RFC 5905, figure 9), as its monitors see it now.

import type { adminV1 } from "@truechimer/api";
import { countOf } from "../format/number.ts";

const LEAP_INSERT = 1;
const LEAP_DELETE = 2;

/** One sentence; undefined: nobody who looked lately saw one announced. */
export function leapNotice(assignments: readonly adminV1.Assignment[]): string | undefined {
  const fresh = assignments.filter(({ fresh, leap }) => fresh && leap !== undefined);
  const inserts = fresh.filter(({ leap }) => leap === LEAP_INSERT).length;
  const deletes = fresh.filter(({ leap }) => leap === LEAP_DELETE).length;
  const parts = [
    ...(inserts > 0 ? [`one more second (${of(inserts, fresh.length)})`] : []),
    ...(deletes > 0 ? [`one second less (${of(deletes, fresh.length)})`] : []),
  ];
  if (parts.length === 0) return undefined;
  return `It announces a leap second at the end of this UTC month: ${parts.join(", ")}.`;
}

function of(some: number, all: number): string {
  return `seen by ${some} of ${countOf(all, "monitor")}`;
}
