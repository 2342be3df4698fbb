// What each part of an error bound is, for people.

import type { BoundPartName } from "@truechimer/ntp";

const TEXTS: Readonly<Record<BoundPartName, string>> = {
  path: "half of the round trip: the way there and the way back may differ by all of it",
  server_precision: "how finely the server can read its clock",
  agent_precision: "how finely the agent can read its clock",
  drift: "how far the agent's clock may run off during the exchange",
  stamps: "how late a time stamp may be taken",
  clock_step: "by how much the agent's clock was stepped during the exchange",
};

export function boundPartText(name: BoundPartName): string {
  return TEXTS[name];
}
