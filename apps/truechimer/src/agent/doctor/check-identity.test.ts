import type { StoredIdentity } from "@truechimer/agent";
import { type IpAddress, parseIpAddress } from "@truechimer/base";
import { expect, test } from "vitest";
import { checkIdentity } from "./check-identity.ts";

const DAY_NS = 86_400_000_000_000n;
const NOW_NS = 20_000n * DAY_NS;
const NAME = "zurich-1gw2pjj.prod.mon.truechimer.internal";

function ip(text: string): IpAddress {
  const parsed = parseIpAddress(text);
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.value;
}

const NO_FAMILY = { status: "", address: undefined };
const STATE: NonNullable<StoredIdentity["state"]> = {
  apiKey: "key",
  name: "zurich",
  tlsName: NAME,
  v4: { status: "active", address: ip("192.0.2.1") },
  v6: NO_FAMILY,
  otlpLogLevel: "",
};
const PAIR: NonNullable<StoredIdentity["pair"]> = {
  certificatePem: "",
  keyPem: "",
  notBeforeNs: NOW_NS - DAY_NS,
  notAfterNs: NOW_NS + 29n * DAY_NS,
  fingerprint: "",
  dnsNames: [NAME],
};

function check(more: Partial<Pick<StoredIdentity, "state" | "pair">>): readonly string[] {
  const stored: StoredIdentity = {
    state: STATE,
    pair: PAIR,
    rootPem: undefined,
    enrolment: undefined,
    damaged: [],
    problems: [],
    pairIncomplete: false,
    digests: {},
    ...more,
  };
  const findings = checkIdentity({ stored, nowNs: NOW_NS, enrollCommand: "enroll" });
  return findings.map(({ what, health }) => `${what}: ${health}`);
}

const GOOD = ["identity: ok", "monitors: ok", "certificate: ok"];

test.each([
  { name: "an agent as it should be", more: {}, findings: GOOD },
  {
    name: "a host that is not enrolled",
    more: { state: undefined, pair: undefined },
    findings: ["identity: problem"],
  },
  {
    name: "a key whose name the control plane has not told yet",
    more: { state: { ...STATE, tlsName: "" } },
    findings: ["identity: warning", ...GOOD.slice(1)],
  },
  {
    name: "no monitor in either family",
    more: { state: { ...STATE, v4: NO_FAMILY } },
    findings: ["identity: ok", "monitors: warning", "certificate: ok"],
  },
  {
    name: "monitors without leave to work",
    more: { state: { ...STATE, v4: { ...STATE.v4, status: "pending" } } },
    findings: ["identity: ok", "monitors: warning", "certificate: ok"],
  },
  {
    name: "no certificate",
    more: { pair: undefined },
    findings: [...GOOD.slice(0, 2), "certificate: warning"],
  },
  {
    name: "a certificate in the last third of its life",
    more: { pair: { ...PAIR, notAfterNs: NOW_NS + DAY_NS / 4n } },
    findings: [...GOOD.slice(0, 2), "certificate: warning"],
  },
  {
    name: "a certificate that has ended",
    more: { pair: { ...PAIR, notAfterNs: NOW_NS - 1n } },
    findings: [...GOOD.slice(0, 2), "certificate: problem"],
  },
  {
    name: "a certificate that is not valid yet, which says that the host's clock is behind",
    more: { pair: { ...PAIR, notBeforeNs: NOW_NS + DAY_NS } },
    findings: [...GOOD.slice(0, 2), "certificate: problem"],
  },
  {
    name: "a certificate for another name",
    more: { pair: { ...PAIR, dnsNames: ["bern-1gw2pjj.prod.mon.truechimer.internal"] } },
    findings: [...GOOD.slice(0, 2), "certificate: problem"],
  },
])("$name", ({ more, findings }) => {
  expect(check(more)).toEqual(findings);
});
