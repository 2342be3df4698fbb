import { describe, expect, it } from "vitest";
import { kissCode, referenceIdFromText, referenceIdText } from "./reference-id.ts";

describe("kissCode", () => {
  it.each([
    { name: "four letters", stratum: 0, referenceId: 0x52415445, code: "RATE" },
    { name: "three letters and a zero byte", stratum: 0, referenceId: 0x41435400, code: "ACT" },
    { name: "not at stratum 1", stratum: 1, referenceId: 0x52415445, code: undefined },
    { name: "zero bytes", stratum: 0, referenceId: 0, code: undefined },
    { name: "a control character", stratum: 0, referenceId: 0x52410745, code: undefined },
    { name: "a space within", stratum: 0, referenceId: 0x52412045, code: undefined },
    { name: "a zero byte within", stratum: 0, referenceId: 0x52004145, code: undefined },
    { name: "beyond ASCII", stratum: 0, referenceId: 0xff415445, code: undefined },
  ])("$name", ({ stratum, referenceId, code }) => {
    expect(kissCode({ stratum, referenceId })).toBe(code);
  });
});

describe("referenceIdText", () => {
  it.each([
    {
      name: "a reference clock's name",
      stratum: 1,
      referenceId: 0x47505300,
      family: "v4",
      text: "GPS",
    },
    { name: "a kiss code", stratum: 0, referenceId: 0x44454e59, family: "v6", text: "DENY" },
    {
      name: "no text at stratum 1",
      stratum: 1,
      referenceId: 0x01020304,
      family: "v4",
      text: "0x01020304",
    },
    {
      name: "the source of an IPv4 server",
      stratum: 2,
      referenceId: 0xc0000201,
      family: "v4",
      text: "192.0.2.1",
    },
    {
      name: "the hash of an IPv6 source",
      stratum: 3,
      referenceId: 0x0a0b0c0d,
      family: "v6",
      text: "0x0a0b0c0d",
    },
  ] as const)("$name", ({ stratum, referenceId, family, text }) => {
    expect(referenceIdText({ stratum, referenceId }, family)).toBe(text);
  });
});

describe("referenceIdFromText", () => {
  it.each([
    { text: "RATE", referenceId: 0x52415445 },
    { text: "GPS", referenceId: 0x47505300 },
    { text: "X", referenceId: 0x58000000 },
    { text: "", referenceId: 0 },
  ])("$text is padded with zero bytes", ({ text, referenceId }) => {
    expect(referenceIdFromText(text)).toBe(referenceId);
  });
});
