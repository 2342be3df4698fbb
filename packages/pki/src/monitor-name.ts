// Names of agents: `<label>.<environment>.<monitor domain>`, in lower case. The name is the agent's identity in its
// certificate, in tokens and in MQTT topics, so exactly one form of it is accepted. RFC 1123, section 2.1.

import { assert, ok, type Random, type Result, refused } from "@truechimer/base";

/** The last labels of an agent's name unless others are configured; nobody else's domain is ever the default. */
export const MONITOR_DOMAIN_DEFAULT = "mon.truechimer.internal";

/** What a DNS name may have. */
const NAME_CHARACTERS_MAX = 253;
const LABEL_CHARACTERS_MAX = 63;
const LABEL = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/;
/** With `label.environment` before it, a name has three labels at least, and no host is called by such a name. */
const DOMAIN_LABELS_MIN = 2;
const ENVIRONMENTS = ["prod", "test", "devel"] as const;

/** Which of a pool's installations; a label of the name. */
export type MonitorEnvironment = (typeof ENVIRONMENTS)[number];

/** Other words for the same, as the NTP Pool's programs take them. */
const SPELLINGS: ReadonlyMap<string, MonitorEnvironment> = new Map([
  ["beta", "test"],
  ["dev", "devel"],
  ...ENVIRONMENTS.map((name) => [name, name] as const),
]);

/** A name taken apart. */
export interface MonitorName {
  /** The whole name, in lower case. */
  readonly name: string;
  readonly label: string;
  readonly environment: MonitorEnvironment;
}

/** Absent: no such environment. */
export function parseMonitorEnvironment(text: string): MonitorEnvironment | undefined {
  return SPELLINGS.get(text.toLowerCase());
}

/** A domain below which names of agents may stand; in lower case, without a dot at the end. */
export function parseMonitorDomain(text: string): Result<string, string> {
  const domain = text.toLowerCase();
  const labels = domain.split(".");
  const tooLong = domain.length > NAME_CHARACTERS_MAX - OWN_CHARACTERS_MAX;
  if (labels.length < DOMAIN_LABELS_MIN || tooLong || !labels.every(isLabel)) {
    return refused(
      `"${text.slice(0, 100)}" is no domain for agents: expected labels of letters, digits and hyphens, such as "mon.example.net"`,
    );
  }
  return ok(domain);
}

/** The name of an agent in `domain`, which is given in lower case. */
export function parseMonitorName(text: string, domain: string): Result<MonitorName, string> {
  if (text.length > NAME_CHARACTERS_MAX) {
    return refused(`a name of ${text.length} characters: expected at most ${NAME_CHARACTERS_MAX}`);
  }
  const name = text.toLowerCase();
  const wanted = `expected <label>.<environment>.${domain}`;
  if (!name.endsWith(`.${domain}`)) return refused(`"${text}" is no agent's name: ${wanted}`);
  const own = name.slice(0, -domain.length - 1).split(".");
  const [label = "", environmentText = ""] = own;
  if (own.length !== 2 || !isLabel(label)) {
    return refused(`"${text}" is no agent's name: ${wanted}`);
  }
  const environment = ENVIRONMENTS.find((known) => known === environmentText);
  if (environment === undefined) {
    return refused(
      `"${text}" names the environment "${environmentText}": expected one of ${ENVIRONMENTS.join(", ")}`,
    );
  }
  return ok({ name, label, environment });
}

const SUFFIX_CHARACTERS = 7;
/** Crockford's base 32, in lower case: no letter that looks like a digit. */
const SUFFIX_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";
/** So that a name fits into a common name with most domains, and a person can read it out. */
const HOST_CHARACTERS_MAX = 24;

/** What the longest name of our making has before its domain: host, hyphen, suffix, and the environment. */
const OWN_CHARACTERS_MAX = HOST_CHARACTERS_MAX + 1 + SUFFIX_CHARACTERS + ".devel.".length;

/** Of what a name is made. */
export interface NewMonitorName {
  /** As the host calls itself: only its first label is used, made safe. Empty: nobody said. */
  readonly hostname: string;
  readonly environment: MonitorEnvironment;
  readonly domain: string;
  readonly random: Random;
}

/** A fresh name: the host's, and 35 random bits, so that two hosts of one name do not meet. */
export function createMonitorName(wanted: NewMonitorName): MonitorName {
  const { hostname, environment, domain, random } = wanted;
  const suffix = [...random.bytes(SUFFIX_CHARACTERS)]
    .map((octet) => SUFFIX_ALPHABET[octet % SUFFIX_ALPHABET.length])
    .join("");
  const label = `${safeHostLabel(hostname)}-${suffix}`;
  const parsed = parseMonitorName(`${label}.${environment}.${domain}`, domain);
  assert(parsed.ok, "a name of our own making is none");
  return parsed.value;
}

function safeHostLabel(hostname: string): string {
  const [first = ""] = hostname.toLowerCase().split(".");
  const safe = first
    .replaceAll(/[^a-z0-9]+/g, "-")
    .slice(0, HOST_CHARACTERS_MAX)
    .replaceAll(/^-+|-+$/g, "");
  return safe === "" ? "agent" : safe;
}

function isLabel(text: string): boolean {
  return text.length <= LABEL_CHARACTERS_MAX && LABEL.test(text);
}
