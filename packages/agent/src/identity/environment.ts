// Which of a pool's three installations an agent belongs to. The names are the NTP Pool's: they stand in the agent's TLS
// name, in its topics and in the path of its state directory.

import { ok, type Result, refused } from "@truechimer/base";

export type Environment = "prod" | "test" | "devel";

/** Each environment and the other spelling that the NTP Pool's agent accepts for it. */
const SPELLINGS: ReadonlyMap<string, Environment> = new Map<string, Environment>([
  ["prod", "prod"],
  ["test", "test"],
  ["beta", "test"],
  ["devel", "devel"],
  ["dev", "devel"],
]);

/** The domain below which monitors are named, unless configuration says another. */
export const MONITOR_DOMAIN_DEFAULT = "mon.truechimer.internal";

export function parseEnvironment(text: string): Result<Environment, string> {
  const environment = SPELLINGS.get(text);
  if (environment !== undefined) return ok(environment);
  return refused(
    `"${text}" is not an environment: expected prod, test (or beta), or devel (or dev)`,
  );
}

export interface TlsNameParts {
  readonly label: string;
  readonly environment: Environment;
}

export interface TlsNameOptions {
  readonly tlsName: string;
  readonly monitorDomain: string;
}

/** The parts of `<label>.<environment>.<monitor domain>`, in lower case. */
export function parseTlsName({
  tlsName,
  monitorDomain,
}: TlsNameOptions): Result<TlsNameParts, string> {
  const name = tlsName.toLowerCase();
  const suffix = `.${monitorDomain.toLowerCase()}`;
  const labels = name.endsWith(suffix) ? name.slice(0, -suffix.length).split(".") : [];
  const [label = "", environment = ""] = labels;
  if (labels.length !== 2 || label === "") {
    return refused(`"${tlsName}" is not a monitor's name: expected <name>.<environment>${suffix}`);
  }
  const parsed = parseEnvironment(environment);
  return parsed.ok ? ok({ label, environment: parsed.value }) : refused(parsed.error);
}
