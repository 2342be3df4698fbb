import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseDurationMs } from "./duration.ts";

describe("parseDurationMs", () => {
  it.each([
    { text: "0s", ms: 0 },
    { text: "250ms", ms: 250 },
    { text: "90s", ms: 90_000 },
    { text: "1.5h", ms: 5_400_000 },
    { text: "1h30m", ms: 5_400_000 },
    { text: "2d", ms: 172_800_000 },
    { text: "1m500ms", ms: 60_500 },
  ])("$text is $ms ms", ({ text, ms }) => {
    expect(parseDurationMs(text)).toEqual({ ok: true, value: ms });
  });

  it.each([
    "",
    "5",
    "5 s",
    "s",
    "-5s",
    "5S",
    "5sec",
    "1h 30m",
    "1e3s",
    ".5s",
    "5s!",
    "!5s",
    "5ss",
    "∞",
  ])('refuses "%s", and says what is expected', (text) => {
    const parsed = parseDurationMs(text);
    expect(parsed.ok).toBe(false);
    if (parsed.ok) return;
    expect(parsed.error).toContain(`"${text}"`);
    expect(parsed.error).toContain('such as "90s"');
  });

  it("is the sum of its parts", () => {
    const part = fc.tuple(fc.nat(1_000), fc.constantFrom("ms", "s", "m", "h", "d"));
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 6 }), (parts) => {
        const texts = parts.map(([number, unit]) => `${number}${unit}`);
        const sum = texts.reduce((total, text) => {
          const parsed = parseDurationMs(text);
          return total + (parsed.ok ? parsed.value : Number.NaN);
        }, 0);
        expect(parseDurationMs(texts.join(""))).toEqual({ ok: true, value: sum });
      }),
    );
  });

  it("never throws", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(typeof parseDurationMs(text).ok).toBe("boolean");
      }),
    );
  });
});
