// Versions as agents tell them: "ntppool-agent/v4.1.5/c06769b (2026-04-28, go1.26)", "truechimer-agent/0.1.0".

const PROGRAM_PREFIXES: readonly string[] = ["ntppool-monitor/", "ntpmon/", "ntppool-agent/"];
const VERSION_CHARACTERS_MAX = 200;

/** Agents before this one reported a failed check as offset 0. */
const ZERO_OFFSET_SAFE = { major: 3, minor: 8, patch: 5 } as const;

/** Whether an agent of ours calls. Its `User-Agent` names the agent of the NTP Pool that it is a match for, too. */
export function isOwnAgent(userAgent: string | undefined): boolean {
  return /^(truechimer-agent\/|ntppool-agent\/[^/ ]+\/truechimer-)/.test(userAgent ?? "");
}

/** What is stored of a `User-Agent`: the known program names are taken off, each once. */
export function clientVersionFromUserAgent(userAgent: string | null): string {
  const stripped = PROGRAM_PREFIXES.reduce(
    (text, prefix) => (text.startsWith(prefix) ? text.slice(prefix.length) : text),
    (userAgent ?? "").trim(),
  );
  return stripped.slice(0, VERSION_CHARACTERS_MAX);
}

/** Whether an offset of exactly 0 without an error is to be believed of this agent. */
export function isZeroOffsetSafe(clientVersion: string): boolean {
  if (isOwnAgent(clientVersion)) return true;
  const version = clientVersion.split(/[/ ]/, 1)[0] ?? "";
  if (version === "dev-snapshot") return true;
  const match = /^v(\d+)\.(\d+)\.(\d+)(-.*)?$/.exec(version);
  if (match === null) return false;
  const parts = [Number(match[1]), Number(match[2]), Number(match[3])] as const;
  const floor = [ZERO_OFFSET_SAFE.major, ZERO_OFFSET_SAFE.minor, ZERO_OFFSET_SAFE.patch] as const;
  for (const [index, part] of parts.entries()) {
    if (part !== floor[index]) return part > (floor[index] ?? 0);
  }
  // A pre-release comes before its release.
  return match[4] === undefined;
}
