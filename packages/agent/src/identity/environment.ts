// Which of a pool's three installations an agent belongs to. The names are the NTP Pool's: they stand in the agent's TLS
// name, in its topics and in the path of its state directory.

import { ok, type Result, refused } from "@truechimer/base";
import { type MonitorEnvironment, parseMonitorEnvironment } from "@truechimer/pki";

export type Environment = MonitorEnvironment;

/** The domain below which monitors are named, unless configuration says another. */
export const MONITOR_DOMAIN_DEFAULT = "mon.truechimer.internal";

export function parseEnvironment(text: string): Result<Environment, string> {
  const environment = parseMonitorEnvironment(text);
  if (environment !== undefined) return ok(environment);
  return refused(
    `"${text.slice(0, 100)}" is not an environment: expected prod, test (or beta), or devel (or dev)`,
  );
}
