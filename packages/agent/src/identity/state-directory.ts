// Where an agent keeps its identity. The order of the sources is the NTP Pool's agent's, so that a unit file or package
// of theirs goes on to mean the same directory.

import { isAbsolute, join, resolve } from "node:path";
import { ok, type Result, refused } from "@truechimer/base";
import type { Environment } from "./environment.ts";

export interface StateDirectorySources {
  /** `--state-dir`. */
  readonly option?: string | undefined;
  readonly variables: Readonly<Record<string, string | undefined>>;
  /** The user's home; absent where there is none. */
  readonly homeDirectory?: string | undefined;
  readonly platform: string;
  /** What a relative path is relative to. */
  readonly workingDirectory: string;
}

export interface StateDirectory {
  /** Absolute. */
  readonly path: string;
  /** Which source named it, for people. */
  readonly namedBy: string;
  /** It lies where a restart of the host empties it; a sentence for the log. */
  readonly warning: string | undefined;
}

const PROGRAM_DIRECTORY = "truechimer-agent";

/** Option, MONITOR_STATE_DIR, STATE_DIRECTORY, then the user's configuration directory. An empty variable is unset. */
export function findStateDirectory(sources: StateDirectorySources): Result<StateDirectory, string> {
  const { option, variables } = sources;
  const named = [
    { text: option, namedBy: "--state-dir" },
    { text: variables["MONITOR_STATE_DIR"], namedBy: "MONITOR_STATE_DIR" },
    // systemd gives a list when the unit has several; the first is the agent's.
    { text: variables["STATE_DIRECTORY"]?.split(":")[0], namedBy: "STATE_DIRECTORY" },
  ].find(({ text }) => text !== undefined && text !== "");
  const text = named?.text ?? userDirectory(sources);
  if (text === undefined) {
    return refused(
      "no state directory: this user has no home directory; name one with --state-dir or MONITOR_STATE_DIR",
    );
  }
  const expanded = expandHome(text, sources.homeDirectory);
  if (!expanded.ok) return expanded;
  const path = resolve(sources.workingDirectory, expanded.value);
  return ok({
    path,
    namedBy: named?.namedBy ?? "this user's configuration directory",
    warning: volatileWarning(path, variables["RUNTIME_DIRECTORY"]),
  });
}

/** All files of one environment lie here. */
export function environmentDirectory(stateDirectory: string, environment: Environment): string {
  return join(stateDirectory, environment);
}

function userDirectory({
  variables,
  homeDirectory,
  platform,
}: StateDirectorySources): string | undefined {
  const configured = variables["XDG_CONFIG_HOME"];
  if (platform !== "darwin" && configured !== undefined && isAbsolute(configured)) {
    return join(configured, PROGRAM_DIRECTORY);
  }
  if (homeDirectory === undefined || homeDirectory === "") return;
  const below = platform === "darwin" ? ["Library", "Application Support"] : [".config"];
  return join(homeDirectory, ...below, PROGRAM_DIRECTORY);
}

function expandHome(text: string, homeDirectory: string | undefined): Result<string, string> {
  if (text !== "~" && !text.startsWith("~/")) return ok(text);
  if (homeDirectory === undefined || homeDirectory === "") {
    return refused(`"${text}" is below a home directory, and this user has none: name a full path`);
  }
  return ok(join(homeDirectory, text.slice(1)));
}

const VOLATILE = ["/run/", "/var/run/"];

function volatileWarning(path: string, runtimeDirectory: string | undefined): string | undefined {
  const inRuntime =
    runtimeDirectory !== undefined &&
    runtimeDirectory !== "" &&
    `${path}/`.startsWith(`${resolve(runtimeDirectory)}/`);
  if (!inRuntime && !VOLATILE.some((prefix) => path.startsWith(prefix))) return;
  return `the state directory ${path} is emptied when this host restarts: name a lasting one, such as /var/lib/${PROGRAM_DIRECTORY}`;
}
