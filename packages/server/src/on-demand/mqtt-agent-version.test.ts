import { expect, test } from "vitest";
import { answersNtpRequests } from "./mqtt-agent-version.ts";

test.each([
  ["v4.0.4", true],
  ["v4.1.5", true],
  ["v5.0.0", true],
  ["v4.1.5+truechimer.0.1.0", true],
  ["v3.8.6", true],
  ["dev-snapshot", true],
  ["v4.0.3", false],
  ["v4.0.4-rc1", false],
  ["v4.0.5-rc1", true],
  ["v3.8.7", false],
  ["v3.8.6-rc1", false],
  ["v3.9.0", false],
  ["4.1.5", false],
  ["", false],
  ["v4.1", false],
])("version %s answers requests: %s", (version, answers) => {
  expect(answersNtpRequests(version)).toBe(answers);
});
