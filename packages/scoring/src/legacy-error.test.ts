import { isNoResponse, referenceIdFromText, SAMPLE_REASONS } from "@truechimer/ntp";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { legacyErrorText, reasonFromLegacyError } from "./legacy-error.ts";
import { isStatusReason } from "./status-reason.ts";

describe("reasonFromLegacyError", () => {
  it.each([
    { error: "", stratum: 2, noResponse: false, reason: undefined },
    { error: "", stratum: 0, noResponse: false, reason: "stratum_zero" },
    { error: "untrusted zero offset", stratum: 0, noResponse: false, reason: "stratum_zero" },
    { error: "untrusted zero offset", stratum: 1, noResponse: false, reason: "other_error" },
    { error: "", stratum: 0, noResponse: true, reason: "timeout" },
    { error: "network: i/o timeout", stratum: 0, noResponse: true, reason: "timeout" },
    {
      error: "network: read: connection refused",
      stratum: 0,
      noResponse: true,
      reason: "connection_refused",
    },
    {
      error: "network: connect: network is unreachable",
      stratum: 0,
      noResponse: true,
      reason: "network_unreachable",
    },
    {
      error: "network: connect: no route to host",
      stratum: 0,
      noResponse: true,
      reason: "host_unreachable",
    },
    {
      error: "network: connect: operation not permitted",
      stratum: 0,
      noResponse: true,
      reason: "permission_denied",
    },
    {
      error: "network: bind: cannot assign requested address",
      stratum: 0,
      noResponse: true,
      reason: "network_error",
    },
    { error: "private address", stratum: 0, noResponse: true, reason: "address_refused" },
    { error: "loopback address", stratum: 0, noResponse: true, reason: "address_refused" },
    { error: "EOF", stratum: 0, noResponse: true, reason: "truncated" },
    { error: "unexpected EOF", stratum: 0, noResponse: true, reason: "truncated" },
    {
      error: "server response didn't match request",
      stratum: 0,
      noResponse: true,
      reason: "origin_mismatch",
    },
    { error: "RATE", stratum: 0, noResponse: false, reason: "kiss_rate" },
    { error: "DENY", stratum: 0, noResponse: false, reason: "kiss_deny" },
    { error: "RSTR", stratum: 0, noResponse: false, reason: "kiss_rstr" },
    { error: "INIT", stratum: 0, noResponse: false, reason: "kiss_other" },
    { error: "RATE", stratum: 3, noResponse: false, reason: "other_error" },
    { error: "rate", stratum: 0, noResponse: false, reason: "kiss_other" },
    {
      error: "bad stratum 16 (referenceID: 0x494e4954, INIT)",
      stratum: 16,
      noResponse: false,
      reason: "bad_stratum",
    },
    {
      error: "bad stratum 0 (referenceID: 0x1)",
      stratum: 0,
      noResponse: false,
      reason: "bad_stratum",
    },
    { error: "bad stratum 11", stratum: 11, noResponse: false, reason: "bad_stratum" },
    { error: "something new", stratum: 2, noResponse: false, reason: "other_error" },
    { error: "something new", stratum: 0, noResponse: true, reason: "other_error" },
  ])('"$error", stratum $stratum, no response $noResponse → $reason', ({ reason, ...status }) => {
    expect(reasonFromLegacyError(status)).toBe(reason);
  });

  it("gives a code of ours, or none, for any text", () => {
    fc.assert(
      fc.property(fc.string(), fc.nat(17), fc.boolean(), (error, stratum, noResponse) => {
        const reason = reasonFromLegacyError({ error, stratum, noResponse });
        expect(reason === undefined || isStatusReason(reason)).toBe(true);
      }),
    );
  });
});

describe("legacyErrorText", () => {
  it.each(SAMPLE_REASONS)("%s comes back as the code that it was", (reason) => {
    const isKiss = reason.startsWith("kiss_");
    const stratum = isKiss ? 0 : reason === "bad_stratum" ? 16 : 2;
    const error = legacyErrorText(reason, { stratum, referenceId: referenceIdFromText("INIT") });
    expect(reasonFromLegacyError({ error, stratum, noResponse: isNoResponse(reason) })).toBe(
      reason,
    );
  });

  it.each([
    { reason: "kiss_rate", stratum: 0, id: "RATE", text: "RATE" },
    { reason: "kiss_other", stratum: 0, id: "INIT", text: "INIT" },
    { reason: "kiss_other", stratum: 0, id: "", text: "XXXX" },
    {
      reason: "bad_stratum",
      stratum: 16,
      id: "INIT",
      text: "bad stratum 16 (referenceID: 0x494e4954, INIT)",
    },
    { reason: "bad_stratum", stratum: 0, id: "", text: "bad stratum 0 (referenceID: 0x0)" },
    { reason: "bad_stratum", stratum: 12, id: "INIT", text: "bad stratum 12" },
    { reason: "timeout", stratum: 0, id: "", text: "network: i/o timeout" },
  ] as const)("$reason at stratum $stratum is '$text'", ({ reason, stratum, id, text }) => {
    expect(legacyErrorText(reason, { stratum, referenceId: referenceIdFromText(id) })).toBe(text);
  });
});
