// The retained message that says whether an agent is there. The NTP Pool's control plane compares Version.Version as a
// semantic version and asks nothing of agents before v4.0.4.

import { ok, type Result, refused, type UnixNs } from "@truechimer/base";
import { type ExactJson, exactJsonText, jsonMembers, parseExactJson } from "./exact-json.ts";
import { parseInstant, wholeSecondsText } from "./instant-text.ts";

/** Presence, as one message tells it. */
export interface StatusMessage {
  readonly online: boolean;
  readonly version: AgentVersion;
  /** When the agent wrote it, by its clock; whole seconds. Absent: not told, or no instant. */
  readonly updatedAtNs: UnixNs | undefined;
}

/** Members that are empty are left out on the wire. */
export interface AgentVersion {
  /** "v4.1.5". */
  readonly version: string;
  readonly gitRevision: string;
  readonly buildTime: string;
}

/** A status is a hundred bytes; a retained message of more is not one. */
const STATUS_BYTES_MAX = 4_096;
const VERSION_CHARACTERS_MAX = 100;

/** As the NTP Pool's agent writes it, member for member. */
export function statusMessageText({ online, version, updatedAtNs }: StatusMessage): string {
  return exactJsonText({
    Online: online,
    Version: versionJson(version),
    ...(updatedAtNs === undefined ? {} : { UpdatedMQ: wholeSecondsText(updatedAtNs) }),
  });
}

/** The member `Version` alone. */
export function versionJson({ version, gitRevision, buildTime }: AgentVersion): {
  readonly [key: string]: string;
} {
  return {
    ...(version === "" ? {} : { Version: version }),
    ...(gitRevision === "" ? {} : { GitRev: gitRevision }),
    ...(buildTime === "" ? {} : { BuildTime: buildTime }),
  };
}

/** Members that are not known are ignored: the set has grown before. */
export function parseStatusMessage(payload: Uint8Array): Result<StatusMessage, string> {
  if (payload.length > STATUS_BYTES_MAX) {
    return refused(`a status message of ${payload.length} bytes: at most ${STATUS_BYTES_MAX}`);
  }
  const members = jsonMembers(parseExactJson(new TextDecoder().decode(payload)));
  if (members === undefined) return refused("the status message is no JSON object");
  const { Online: online, Version: version, UpdatedMQ: updated } = members;
  if (typeof online !== "boolean") return refused('"Online" is neither true nor false');
  const words = jsonMembers(version) ?? {};
  return ok({
    online,
    version: {
      version: shortText(words["Version"]),
      gitRevision: shortText(words["GitRev"]),
      buildTime: shortText(words["BuildTime"]),
    },
    updatedAtNs: typeof updated === "string" ? parseInstant(updated) : undefined,
  });
}

function shortText(value: ExactJson | undefined): string {
  return typeof value === "string"
    ? value.slice(0, VERSION_CHARACTERS_MAX).replaceAll("\0", "").toWellFormed()
    : "";
}
