import { describe, expect, test } from "vitest";
import {
  AGENT_PROFILE,
  ISSUING_PROFILE,
  ROOT_PROFILE,
  SERVER_PROFILE,
  validityFor,
} from "./profile.ts";
import { renewalPlan } from "./renewal.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const NOW_NS = 1_795_000_000_123_456_789n;
const SECOND_NS = 1_000_000_000n;
const NOW_SECOND_NS = NOW_NS - (NOW_NS % SECOND_NS);

describe("a life", () => {
  test.each([
    { lifetimeMs: 5 * MINUTE_MS, backDateS: 30n },
    { lifetimeMs: 10 * MINUTE_MS, backDateS: 60n },
    { lifetimeMs: 30 * DAY_MS, backDateS: 3_600n },
    { lifetimeMs: 398 * DAY_MS, backDateS: 3_600n },
  ])(
    "of $lifetimeMs ms begins $backDateS s ago, ends in time, and is not due at birth",
    (wanted) => {
      const validity = validityFor({
        profile: AGENT_PROFILE,
        nowNs: NOW_NS,
        lifetimeMs: wanted.lifetimeMs,
      });
      if (!validity.ok) throw new Error(validity.error);
      const { notBeforeNs, notAfterNs } = validity.value;
      expect(notBeforeNs).toBe(NOW_SECOND_NS - wanted.backDateS * SECOND_NS);
      expect(notAfterNs).toBe(
        NOW_SECOND_NS + BigInt(wanted.lifetimeMs / 1_000) * SECOND_NS - SECOND_NS,
      );
      expect(renewalPlan(validity.value, NOW_NS).due).toBe(false);
    },
  );

  test.each([AGENT_PROFILE, SERVER_PROFILE, ISSUING_PROFILE, ROOT_PROFILE])(
    "outside of the limits of the profile $name is refused",
    (profile) => {
      for (const lifetimeMs of [profile.lifetimeMsMin - 1, profile.lifetimeMsMax + 1, Number.NaN]) {
        expect(validityFor({ profile, nowNs: NOW_NS, lifetimeMs }).ok).toBe(false);
      }
    },
  );

  test("ends with the issuer's, and is refused once that has ended", () => {
    const wanted = { profile: AGENT_PROFILE, nowNs: NOW_NS, lifetimeMs: 30 * DAY_MS };
    const soonNs = NOW_SECOND_NS + 100n * SECOND_NS;
    expect(validityFor({ ...wanted, issuerNotAfterNs: soonNs })).toMatchObject({
      value: { notAfterNs: soonNs },
    });
    expect(validityFor({ ...wanted, issuerNotAfterNs: NOW_SECOND_NS }).ok).toBe(false);
  });
});

test("an agent's certificate is for a client and, for the NTP Pool's server, for a server", () => {
  expect(AGENT_PROFILE.extendedKeyUsage).toEqual(["1.3.6.1.5.5.7.3.2", "1.3.6.1.5.5.7.3.1"]);
});

test("only authorities may sign certificates", () => {
  for (const profile of [ROOT_PROFILE, ISSUING_PROFILE, AGENT_PROFILE, SERVER_PROFILE]) {
    const { basicConstraints, keyUsage } = profile;
    expect(keyUsage.includes("keyCertSign")).toBe(basicConstraints.authority);
  }
});
