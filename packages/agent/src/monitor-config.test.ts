import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { monitorV2 } from "@truechimer/api";
import { parseIpAddress } from "@truechimer/base";
import { describe, expect, test } from "vitest";
import { type MonitorConfig, monitorConfigFrom, sampleIntervalMsFor } from "./monitor-config.ts";

function configFrom(
  init: MessageInitShape<typeof monitorV2.GetConfigResponseSchema>,
  allowPrivateTargets = true,
): MonitorConfig {
  const message = create(monitorV2.GetConfigResponseSchema, init);
  return monitorConfigFrom(message, { allowPrivateTargets });
}

function intervalMsFor(text: string, config: MonitorConfig): number {
  const address = parseIpAddress(text);
  if (!address.ok) throw new Error(address.error);
  return sampleIntervalMsFor(address.value, config);
}

describe("a configuration", () => {
  test("that says nothing means the NTP Pool's defaults", () => {
    expect(configFrom({})).toEqual({
      samples: 3,
      sampleIntervalMs: 2_000,
      sampleTimeoutMs: 3_000,
      idlePollIntervalMs: undefined,
      privateTargetsAllowed: false,
      baseChecks: [],
      address: undefined,
      natAddress: undefined,
      peerIsTruechimer: false,
    });
  });

  test.each([
    ["debug", "debug"],
    ["WARN", "warn"],
    ["", undefined],
    ["trace", undefined],
  ])("with the level %j of the copied log means %s", (otlpLogLevel, wanted) => {
    expect(configFrom({ otlpLogLevel }).otlpLogLevel).toBe(wanted);
  });

  test("of a control plane of ours is recognised by any field that only ours have", () => {
    expect(configFrom({ sampleInterval: durationFromMs(2_000) }).peerIsTruechimer).toBe(true);
    expect(configFrom({ sampleTimeout: durationFromMs(2_000) }).peerIsTruechimer).toBe(true);
    expect(configFrom({ privateTargetsAllowed: false }).peerIsTruechimer).toBe(true);
    expect(configFrom({ idlePollInterval: durationFromMs(2_000) }).peerIsTruechimer).toBe(true);
    expect(configFrom({ samples: 4 }).peerIsTruechimer).toBe(false);
  });

  test("is kept within what an agent may do to others", () => {
    const wild = configFrom({
      samples: 1_000_000,
      sampleInterval: durationFromMs(0),
      sampleTimeout: durationFromMs(1e12),
      idlePollInterval: durationFromMs(0),
      baseChecks: Array.from({ length: 500 }, () => new TextEncoder().encode("a.example")),
    });
    expect(wild).toMatchObject({
      samples: 10,
      sampleIntervalMs: 2_000,
      sampleTimeoutMs: 10_000,
      idlePollIntervalMs: 100,
    });
    expect(wild.baseChecks).toHaveLength(20);
    expect(configFrom({ samples: -1 }).samples).toBe(3);
    expect(configFrom({ sampleInterval: durationFromMs(-5) }).sampleIntervalMs).toBe(2_000);
  });

  test("may be quicker where all targets belong to whoever configures", () => {
    const lab = { privateTargetsAllowed: true, sampleInterval: durationFromMs(300) };
    expect(configFrom(lab).sampleIntervalMs).toBe(300);
    expect(configFrom({ ...lab, privateTargetsAllowed: false }).sampleIntervalMs).toBe(2_000);
  });

  test("allows private targets only when whoever runs the agent does, too", () => {
    expect(configFrom({ privateTargetsAllowed: true }).privateTargetsAllowed).toBe(true);
    expect(configFrom({ privateTargetsAllowed: false }).privateTargetsAllowed).toBe(false);
    const quick = { privateTargetsAllowed: true, sampleInterval: durationFromMs(300) };
    expect(configFrom(quick, false)).toMatchObject({
      privateTargetsAllowed: false,
      sampleIntervalMs: 2_000,
    });
  });

  test.each(["162.159.200.1", "2606:4700:f1::1"])("is never quicker than 2 s for %s", (text) => {
    const lab = { privateTargetsAllowed: true, sampleInterval: durationFromMs(300) };
    expect(intervalMsFor(text, configFrom(lab))).toBe(2_000);
    expect(intervalMsFor("127.0.0.1", configFrom(lab))).toBe(300);
    expect(intervalMsFor(text, configFrom({ sampleInterval: durationFromMs(9_000) }))).toBe(9_000);
  });

  test("has addresses only where it has their bytes", () => {
    const config = configFrom({
      ipBytes: Uint8Array.of(203, 0, 113, 9),
      ipNatBytes: new Uint8Array(),
    });
    expect(config.address?.text).toBe("203.0.113.9");
    expect(config.natAddress).toBeUndefined();
  });

  test("leaves out names that are none", () => {
    const baseChecks = ["", "ntp.example", "x".repeat(300)].map((name) =>
      new TextEncoder().encode(name),
    );
    expect(configFrom({ baseChecks }).baseChecks).toEqual(["ntp.example"]);
  });
});
