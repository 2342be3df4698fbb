// An explanation in words.

import { CHANGE_REASON_TEXTS } from "./change.ts";
import type { MonitorExplanation } from "./explain.ts";
import { DWELL_POINTS } from "./value.ts";

/** In words: why it is there, and what would change that. `nameOf` names another monitor. */
export function explanationText(
  explanation: MonitorExplanation,
  nameOf: (monitorId: bigint) => string = (id) => `monitor ${id}`,
): string {
  const { hold, target, costPoints, otherId, pointsMissing } = explanation;
  const other = otherId === undefined ? "another monitor" : nameOf(otherId);
  switch (hold) {
    case "changing":
      return changeText(explanation);
    case "chosen":
      return `is among the best active monitors, at a cost of ${costPoints} points`;
    case "better_than_none":
      return "cannot be used now, but stays as long as there are too few others";
    case "waits_for_budget":
      return `will be ${target} as soon as the changes that one review may make allow it`;
    case "global_status":
      return "its status in the fleet does not allow more; setting the monitor active would";
    case "network_same_subnet":
      return "stands in the server's own network, so it may not watch it";
    case "account":
      return "belongs to the server's own account, so it may not watch it";
    case "address_unclear":
      return "its address cannot be read, so it stays where it is until that is mended";
    case "silent":
      return "has not been heard of for too long; its next results would change that";
    case "unhealthy":
      return "sees the server much worse than others do; better results would change that";
    case "paused":
      return "is paused for this server until it is looked at again";
    case "data_gate":
      return `needs ${explanation.resultsNeeded} results of this server before it is considered`;
    case "network_diversity":
      return `stands in one network with ${other}, and only one of a network may work`;
    case "limit":
      return `its account has its ${explanation.accountLimit} monitors on this server, among them ${other}`;
    case "outranked":
      if (pointsMissing === undefined) return "others go before it";
      return pointsMissing < DWELL_POINTS / 2
        ? `would have to be better by ${Math.ceil(pointsMissing)} points (its cost is ${costPoints}) to take the place of ${other}`
        : `comes after ${other} for now: who became active stays for a while, and who left waits for a while`;
    case "scorer":
      return "is a scorer and no monitor";
  }
}

function changeText({ status, target, change }: MonitorExplanation): string {
  if (change === undefined) return `goes from ${status} to ${target}`;
  return `goes from ${status} to ${change.to}: ${CHANGE_REASON_TEXTS[change.reason]}`;
}
