import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodePem, encodePem } from "./pem.ts";

test("what was written reads back, in its order, whatever stands around it", () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ maxLength: 300 }), { minLength: 1, maxLength: 5 }),
      (ders) => {
        const text = ders
          .map((der) => `subject=CN = x\n${encodePem("CERTIFICATE", der)}\r\n`)
          .join("");
        const decoded = decodePem(
          "CERTIFICATE",
          `${text}${encodePem("PRIVATE KEY", new Uint8Array(3))}`,
        );
        expect(decoded).toEqual({ ok: true, value: ders });
      },
    ),
  );
});

test("lines are of 64 characters", () => {
  const lines = encodePem("CERTIFICATE", new Uint8Array(100)).split("\n");
  expect(lines.slice(1, -2).map(({ length }) => length)).toEqual([64, 64, 8]);
});

describe("no PEM", () => {
  test.each([
    { name: "nothing", text: "", reason: /no PEM block "CERTIFICATE"/ },
    {
      name: "another label",
      text: encodePem("PUBLIC KEY", new Uint8Array(3)),
      reason: /no PEM block/,
    },
    {
      name: "no base64",
      text: "-----BEGIN CERTIFICATE-----\nA*==\n-----END CERTIFICATE-----",
      reason: /no base64/,
    },
    {
      name: "base64 without its padding",
      text: "-----BEGIN CERTIFICATE-----\nAAA\n-----END CERTIFICATE-----",
      reason: /no base64/,
    },
    {
      name: "an end that is missing",
      text: "-----BEGIN CERTIFICATE-----\nAAAA\n",
      reason: /no PEM/,
    },
    { name: "more than 64 KiB", text: "A".repeat(65_537), reason: /expected at most 65536/ },
  ])("$name", ({ text, reason }) => {
    expect(decodePem("CERTIFICATE", text)).toEqual({
      ok: false,
      error: expect.stringMatching(reason),
    });
  });
});
