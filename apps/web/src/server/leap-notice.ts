// A leap second that a server announces (leap indicator 1 or 2, RFC 5905, figure 9), as its monitors see it now.

import type { adminV1 } from "@truechimer/api";
import { countOf } from "../format/number.ts";

const LEAP_INSERT = 1;
const LEAP_DELETE = 2;

/** One sentence; undefined: nobody who looked lately saw one announced. */
export function leapNotice(assignments: readonly adminV1.Assignment[]): string | undefined {
  const asked = assignments.filter(({ fresh, leap }) => fresh && leap !== undefined);
  const inserts = asked.filter(({ leap }) => leap === LEAP_INSERT).length;
  const deletes = asked.filter(({ leap }) => leap === LEAP_DELETE).length;
  const parts = [
    ...(inserts > 0 ? [`one more second (${of(inserts, asked.length)})`] : []),
    ...(deletes > 0 ? [`one second less (${of(deletes, asked.length)})`] : []),
  ];
  if (parts.length === 0) return undefined;
  return `It announces a leap second at the end of this UTC month: ${parts.join(", ")}.`;
}

function of(some: number, all: number): string {
  return `seen by ${some} of ${countOf(all, "monitor")}`;
}
