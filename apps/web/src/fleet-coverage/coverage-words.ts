// How well the servers are watched, in a sentence.

import type { adminV1 } from "@truechimer/api";
import { countOf } from "../format/number.ts";

/** "3 of 15 servers have fewer than 3 fresh active monitors: 2 because …; 1 because …." */
export function coverageSentence(coverage: adminV1.GetCoverageResponse): string {
  const { servers, freshActiveMin, reasons } = coverage;
  if (servers === 0) return "No server is watched.";
  const short = reasons.reduce((sum, reason) => sum + reason.servers, 0);
  if (short === 0) {
    return servers === 1
      ? `The server has ${freshActiveMin} fresh active monitors or more.`
      : `All ${countOf(servers, "server")} have ${freshActiveMin} fresh active monitors or more.`;
  }
  const [first, ...more] = reasons;
  const why =
    first === undefined || more.length > 0
      ? `: ${reasons.map((reason) => `${reason.servers} because ${reason.text}`).join("; ")}`
      : ` because ${first.text}`;
  const who =
    short === servers && servers > 1
      ? `All ${countOf(servers, "server")}`
      : `${short} of ${countOf(servers, "server")}`;
  const have = short === 1 && short !== servers ? "has" : servers === 1 ? "has" : "have";
  return `${who} ${have} fewer than ${freshActiveMin} fresh active monitors${why}.`;
}

/** Of a number of fresh active monitors: "0", "1", …, "7 or more". */
export function freshActiveWord(at: number, last: number): string {
  return at === last ? `${at}+` : String(at);
}
