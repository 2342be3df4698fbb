import { describe, expect, test } from "vitest";
import { type HostHeaders, hostProblem, originProblem } from "./host-guard.ts";

const LOOPBACK = { listenHost: "127.0.0.1", allowedHosts: ["clocks.example"] };
const EVERYWHERE = { listenHost: "0.0.0.0", allowedHosts: ["clocks.example"] };

function headers(given: Partial<HostHeaders>): HostHeaders {
  return { host: "127.0.0.1:8123", origin: undefined, fetchSite: undefined, ...given };
}

describe("a loopback listener answers to its own names alone", () => {
  test.each([
    { host: "127.0.0.1:8123", ok: true },
    { host: "127.0.0.1", ok: true },
    { host: "localhost:9000", ok: true },
    { host: "LOCALHOST:8123", ok: true },
    { host: "app.localhost:8123", ok: true },
    { host: "[::1]:8123", ok: true },
    { host: "clocks.example", ok: true },
    { host: "clocks.example.", ok: true },
    { host: "evil.example:8123", ok: false },
    { host: "127.0.0.1.evil.example", ok: false },
    { host: "localhost.evil.example", ok: false },
    { host: "192.0.2.1:8123", ok: false },
    { host: "evil@127.0.0.1", ok: false },
    { host: "127.0.0.1:8123, evil.example", ok: false },
    { host: "", ok: false },
    { host: undefined, ok: false },
    { host: "a".repeat(301), ok: false },
  ])("$host: $ok", ({ host, ok }) => {
    expect(hostProblem(headers({ host }), LOOPBACK) === undefined).toBe(ok);
  });
});

test("a listener on all addresses answers to any literal one, which nobody can rebind", () => {
  expect(hostProblem(headers({ host: "192.0.2.1:8123" }), EVERYWHERE)).toBeUndefined();
  expect(hostProblem(headers({ host: "evil.example" }), EVERYWHERE)).toContain("allowed hosts");
});

describe("a page of another site is refused", () => {
  test.each([
    { name: "no browser", given: {}, ok: true },
    {
      name: "our own page",
      given: { origin: "http://127.0.0.1:8123", fetchSite: "same-origin" },
      ok: true,
    },
    {
      name: "behind TLS",
      given: { host: "clocks.example", origin: "https://clocks.example" },
      ok: true,
    },
    { name: "a typed address", given: { fetchSite: "none" }, ok: true },
    { name: "another site", given: { origin: "http://evil.example" }, ok: false },
    { name: "another port of this host", given: { origin: "http://127.0.0.1:3000" }, ok: false },
    { name: "a sandboxed page", given: { origin: "null" }, ok: false },
    { name: "a file", given: { origin: "file://" }, ok: false },
    { name: "an origin with a path", given: { origin: "http://127.0.0.1:8123/x" }, ok: false },
    { name: "cross-site without an origin", given: { fetchSite: "cross-site" }, ok: false },
    { name: "another port without an origin", given: { fetchSite: "same-site" }, ok: false },
  ])("$name: $ok", ({ given, ok }) => {
    expect(originProblem(headers(given)) === undefined).toBe(ok);
  });
});
