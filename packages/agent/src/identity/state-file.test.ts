import { createHash } from "node:crypto";
import { parseIpAddress } from "@truechimer/base";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type AgentState, EMPTY_STATE, encodeStateFile, parseStateFile } from "./state-file.ts";

function address(text: string): AgentState["v4"]["address"] {
  const parsed = parseIpAddress(text);
  return parsed.ok ? parsed.value : undefined;
}

const STATE: AgentState = {
  apiKey: "tcm_secret",
  name: "Zürich 1",
  tlsName: "zurich-1gw2pjj.prod.mon.truechimer.internal",
  v4: { status: "active", address: address("192.0.2.1") },
  v6: { status: "pending", address: address("2001:db8::1") },
  otlpLogLevel: "info",
};

const COMPACT =
  '{"Name":"Zürich 1","TLSName":"zurich-1gw2pjj.prod.mon.truechimer.internal",' +
  '"IPv4":{"Status":"active","IP":"192.0.2.1"},"IPv6":{"Status":"pending","IP":"2001:db8::1"},' +
  '"OtlpLogLevel":"info"}';

describe("state.json", () => {
  test("is written field by field as the NTP Pool's agent writes it", () => {
    expect(encodeStateFile(STATE)).toBe(`{
  "API": {
    "APIKey": "tcm_secret"
  },
  "Data": {
    "Name": "Zürich 1",
    "TLSName": "zurich-1gw2pjj.prod.mon.truechimer.internal",
    "IPv4": {
      "Status": "active",
      "IP": "192.0.2.1"
    },
    "IPv6": {
      "Status": "pending",
      "IP": "2001:db8::1"
    },
    "OtlpLogLevel": "info"
  },
  "DataSha": "${createHash("sha256").update(COMPACT).digest("hex")}"
}`);
  });

  test("an agent that is nobody yet has null addresses", () => {
    expect(encodeStateFile(EMPTY_STATE)).toContain(
      '"IPv4": {\n      "Status": "",\n      "IP": null',
    );
  });

  test("escapes what Go's encoder escapes", () => {
    expect(encodeStateFile({ ...STATE, name: "<a&b>" })).toContain(
      '"Name": "\\u003ca\\u0026b\\u003e"',
    );
  });

  test("is read back as it was written", () => {
    const text = fc.string({ unit: "binary" });
    fc.assert(
      fc.property(text, text, text, (apiKey, name, status) => {
        const state: AgentState = { ...STATE, apiKey, name, v4: { ...STATE.v4, status } };
        const parsed = parseStateFile(encodeStateFile(state));
        expect(parsed).toEqual({ ok: true, value: { state, problems: [] } });
      }),
    );
  });

  test("keys match in any case, others are ignored, missing ones are empty", () => {
    const parsed = parseStateFile('{"api":{"apikey":"k","New":1},"DATA":{"name":"n"},"more":[]}');
    expect(parsed).toEqual({
      ok: true,
      value: { state: { ...EMPTY_STATE, apiKey: "k", name: "n" }, problems: [] },
    });
  });

  test.each([
    ["an empty file", ""],
    ["one cut short", encodeStateFile(STATE).slice(0, 60)],
    ["one that is no JSON", "invalid json {"],
    ["a list", "[]"],
  ])("%s is refused, without a word of its content", (_name, text) => {
    const parsed = parseStateFile(text);
    expect(parsed.ok).toBe(false);
    expect(JSON.stringify(parsed)).not.toContain("tcm_");
  });

  test("a field that cannot be used is named, and the rest is", () => {
    const parsed = parseStateFile(
      '{"API":{"APIKey":"k"},"Data":{"Name":7,"IPv4":{"Status":"active","IP":"2001:db8::1"},"IPv6":5}}',
    );
    expect(parsed).toEqual({
      ok: true,
      value: {
        state: { ...EMPTY_STATE, apiKey: "k", v4: { status: "active", address: undefined } },
        problems: [
          "Name is not a text",
          '"2001:db8::1" is not an IPv4 address',
          "IPv6 is not an object",
        ],
      },
    });
  });
});
