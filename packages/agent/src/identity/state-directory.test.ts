import { describe, expect, test } from "vitest";
import { findStateDirectory, type StateDirectorySources } from "./state-directory.ts";

const BASE: StateDirectorySources = {
  variables: {},
  homeDirectory: "/srv/home",
  platform: "linux",
  workingDirectory: "/srv",
};

function found(sources: Partial<StateDirectorySources>): string {
  const result = findStateDirectory({ ...BASE, ...sources });
  return result.ok ? result.value.path : result.error;
}

const BOTH = { MONITOR_STATE_DIR: "/monitor", STATE_DIRECTORY: "/state" };

describe("the state directory", () => {
  test("the option wins over everything", () => {
    expect(found({ option: "/option", variables: BOTH })).toBe("/option");
  });

  test("MONITOR_STATE_DIR wins over STATE_DIRECTORY", () => {
    expect(found({ variables: BOTH })).toBe("/monitor");
  });

  test("STATE_DIRECTORY is used alone, and of a list its first", () => {
    expect(found({ variables: { STATE_DIRECTORY: "/state" } })).toBe("/state");
    expect(found({ variables: { STATE_DIRECTORY: "/state:/other" } })).toBe("/state");
  });

  test("an empty variable is unset", () => {
    expect(found({ variables: { ...BOTH, MONITOR_STATE_DIR: "" } })).toBe("/state");
    expect(found({ variables: { MONITOR_STATE_DIR: "", STATE_DIRECTORY: "" } })).toBe(
      "/srv/home/.config/truechimer-agent",
    );
  });

  test("without any of them it is in the user's configuration directory", () => {
    expect(found({})).toBe("/srv/home/.config/truechimer-agent");
    expect(found({ variables: { XDG_CONFIG_HOME: "/config" } })).toBe("/config/truechimer-agent");
    expect(found({ platform: "darwin" })).toBe(
      "/srv/home/Library/Application Support/truechimer-agent",
    );
  });

  test("a user without a home needs no home when the directory is named", () => {
    expect(found({ option: "/option", homeDirectory: undefined })).toBe("/option");
    expect(found({ homeDirectory: undefined })).toContain("--state-dir");
  });

  test("home and relative paths are made absolute, whatever letters they have", () => {
    expect(found({ option: "~/agent" })).toBe("/srv/home/agent");
    expect(found({ option: "state/Zürich 時計" })).toBe("/srv/state/Zürich 時計");
    expect(found({ option: "~/x", homeDirectory: undefined })).toContain("home");
  });

  test("a directory that a restart of the host empties is warned of", () => {
    const warning = (option: string, runtime?: string): string | undefined => {
      const result = findStateDirectory({
        ...BASE,
        option,
        variables: { RUNTIME_DIRECTORY: runtime },
      });
      return result.ok ? result.value.warning : undefined;
    };
    expect(warning("/run/ntppool-agent")).toContain("emptied");
    expect(warning("/var/run/ntppool-agent")).toContain("emptied");
    expect(warning("/srv/volatile/x", "/srv/volatile")).toContain("emptied");
    expect(warning("/var/lib/truechimer-agent", "/run/truechimer-agent")).toBeUndefined();
  });
});
