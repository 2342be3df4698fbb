import { adminV1 } from "@truechimer/api";
import { expect, test } from "vitest";
import { INTERLEAVED_OFFSET_NS, interleavedCheck } from "../monitor-api/_interleaved-check.ts";
import { exchangeMessages } from "./exchange-message.ts";

test("an interleaved exchange shows the stamps that were used, whose they are, and its own times", () => {
  const [, second, third] = exchangeMessages(interleavedCheck());
  expect(second?.mode).toBe(adminV1.ExchangeMode.BASIC);
  expect(second?.timedExchangeIndex).toBeUndefined();
  expect(second?.sentAtUnixNs).toBeUndefined();
  expect(third).toMatchObject({
    mode: adminV1.ExchangeMode.INTERLEAVED,
    timedExchangeIndex: 1,
    reason: "",
    t1UnixNs: second?.t1UnixNs,
    t2UnixNs: second?.t2UnixNs,
    t4UnixNs: second?.t4UnixNs,
  });
  // The true departure, 6 µs after what the server had written into the answer.
  expect(Number((third?.t3UnixNs ?? 0n) - (second?.t3UnixNs ?? 0n))).toBeCloseTo(6_000, -1);
  expect(third?.offset?.valueNs).toBe(INTERLEAVED_OFFSET_NS);
  expect((third?.sentAtUnixNs ?? 0n) - (second?.t1UnixNs ?? 0n)).toBe(2_000_000_000n);
  expect((third?.receivedAtUnixNs ?? 0n) > (third?.sentAtUnixNs ?? 0n)).toBe(true);
  expect(third?.rules.every(({ outcome }) => outcome === adminV1.RuleOutcome.PASS)).toBe(true);
});
