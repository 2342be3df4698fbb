import { expect, test } from "vitest";
import { agentUserAgent } from "./user-agent.ts";

test("the name is one that a control plane of the NTP Pool can compare", () => {
  const name = agentUserAgent({ version: "0.1.0", runtime: "node v26.10.0" });
  expect(name).toBe("ntppool-agent/v4.1.5/truechimer-0.1.0 (node v26.10.0)");
  // As it does: without the prefix, up to the first slash, as a semantic version of at least 4.0.4.
  const [version] = name.slice("ntppool-agent/".length).split("/");
  const [, major, minor, patch] = /^v(\d+)\.(\d+)\.(\d+)$/.exec(version ?? "") ?? [];
  expect(Number(major) * 1e6 + Number(minor) * 1e3 + Number(patch)).toBeGreaterThanOrEqual(
    4_000_004,
  );
});
