import { systemRandom } from "@truechimer/base";
import { expect, test } from "vitest";
import { drawRenewal, parseRenewalWindow, renewalId } from "./renewal-window.ts";

test("a certificate is called by what RFC 9773, section 4.1, shows", () => {
  const authorityKeyIdentifier = Buffer.from("69885b6b87464041e1b37b847ba0ae2cde01c8d4", "hex");
  expect(renewalId({ authorityKeyIdentifier, serial: "87654321" })).toBe(
    "aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE",
  );
  expect(renewalId({ serial: "87654321" })).toBeUndefined();
});

test("a window is read, and what is none is not", () => {
  const window = { start: "2025-01-02T04:00:00Z", end: "2025-01-03T04:00:00Z" };
  expect(parseRenewalWindow({ suggestedWindow: window })).toEqual({
    startNs: 1_735_790_400_000_000_000n,
    endNs: 1_735_876_800_000_000_000n,
  });
  for (const bad of [
    null,
    {},
    { suggestedWindow: 1 },
    { suggestedWindow: { start: "x", end: "y" } },
  ]) {
    expect(parseRenewalWindow(bad)).toBeUndefined();
  }
  const turned = { start: window.end, end: window.start };
  expect(parseRenewalWindow({ suggestedWindow: turned })).toBeUndefined();
});

test("an instant is drawn from the window once, and anew when the window moves away from it", () => {
  const window = { startNs: 1_000_000_000n, endNs: 2_000_000_000n };
  const random = { ...systemRandom, fraction: () => 0.25 };
  expect(drawRenewal(window, undefined, random)).toBe(1_250_000_000n);
  expect(drawRenewal(window, 1_900_000_000n, random)).toBe(1_900_000_000n);
  expect(drawRenewal(window, 2_100_000_000n, random)).toBe(1_250_000_000n);
});
