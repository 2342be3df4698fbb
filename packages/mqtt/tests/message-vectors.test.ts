// The NTP Pool's messages as they are on the wire, against what they must be read as; those in the form that is written
// must also come out byte for byte.

import { parseIpAddress } from "@truechimer/base";
import { describe, expect, test } from "vitest";
import {
  mqttTopicText,
  ntpAnswerText,
  ntpRequestText,
  parseMqttTopic,
  parseNtpAnswer,
  parseNtpRequest,
  parseStatusMessage,
  statusMessageText,
} from "../src/index.ts";
import { readVectors } from "./_read-vectors.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

interface Refused {
  readonly payload: string;
}

interface StatusCase extends Refused {
  readonly online: boolean;
  readonly version: string;
  readonly git_revision: string;
  readonly build_time: string;
  readonly updated_at_ns: string | null;
  readonly canonical: boolean;
}

describe("a status message", () => {
  const accepted = readVectors<StatusCase>("status/accept");
  test("has 7 cases that are taken and 6 that are refused", () => {
    expect([accepted.length, readVectors("status/reject").length]).toEqual([7, 6]);
  });

  test.each(accepted)("$name is taken", ({ vector }) => {
    const read = parseStatusMessage(bytes(vector.payload));
    expect(read).toEqual({
      ok: true,
      value: {
        online: vector.online,
        version: {
          version: vector.version,
          gitRevision: vector.git_revision,
          buildTime: vector.build_time,
        },
        updatedAtNs: vector.updated_at_ns === null ? undefined : BigInt(vector.updated_at_ns),
      },
    });
    if (read.ok && vector.canonical) expect(statusMessageText(read.value)).toBe(vector.payload);
  });

  test.each(readVectors<Refused>("status/reject"))("$name is refused", ({ vector }) => {
    expect(parseStatusMessage(bytes(vector.payload)).ok).toBe(false);
  });
});

interface RequestCase extends Refused {
  readonly ip: string;
  readonly canonical: boolean;
}

describe("a request", () => {
  const accepted = readVectors<RequestCase>("request/accept");
  test("has 4 cases that are taken and 7 that are refused", () => {
    expect([accepted.length, readVectors("request/reject").length]).toEqual([4, 7]);
  });

  test.each(accepted)("$name is taken", ({ vector }) => {
    const address = parseIpAddress(vector.ip);
    expect(parseNtpRequest(bytes(vector.payload))).toEqual(address);
    if (address.ok && vector.canonical) expect(ntpRequestText(address.value)).toBe(vector.payload);
  });

  test.each(readVectors<Refused>("request/reject"))("$name is refused", ({ vector }) => {
    expect(parseNtpRequest(bytes(vector.payload)).ok).toBe(false);
  });
});

interface AnswerCase extends Refused {
  readonly server: string;
  readonly error: string;
  readonly ntp: null | {
    readonly clock_offset_ns: string;
    readonly time_ns: string;
    readonly rtt_ns: string;
    readonly stratum: number;
    readonly leap: number;
    readonly reference_id: number;
    readonly kiss_code: string;
  };
  readonly canonical: boolean;
}

describe("an answer", () => {
  const accepted = readVectors<AnswerCase>("answer/accept");
  test("has 8 cases that are taken and 8 that are refused", () => {
    expect([accepted.length, readVectors("answer/reject").length]).toEqual([8, 8]);
  });

  test.each(accepted)("$name is taken", ({ vector }) => {
    const read = parseNtpAnswer(bytes(vector.payload));
    if (!read.ok) throw new Error(read.error);
    const { response } = read.value;
    expect({
      server: read.value.server,
      error: read.value.error,
      ntp:
        response === undefined
          ? null
          : {
              clock_offset_ns: String(response.clockOffsetNs),
              time_ns: String(response.timeNs),
              rtt_ns: String(response.rttNs),
              stratum: response.stratum,
              leap: response.leap,
              reference_id: response.referenceId,
              kiss_code: response.kissCode,
            },
    }).toEqual({ server: vector.server, error: vector.error, ntp: vector.ntp });
    if (vector.canonical) expect(ntpAnswerText(read.value)).toBe(vector.payload);
  });

  test.each(readVectors<Refused>("answer/reject"))("$name is refused", ({ vector }) => {
    expect(parseNtpAnswer(bytes(vector.payload)).ok).toBe(false);
  });
});

describe("a topic", () => {
  const accepted = readVectors<{ why: string; topic: string }>("topics/accept");
  const rejected = readVectors<{ topic: string }>("topics/reject");
  test("has 5 cases that are taken and 11 that are none of ours", () => {
    expect([accepted.length, rejected.length]).toEqual([5, 11]);
  });

  test.each(accepted)("$name is read, and built again", ({ vector: { topic, ...parts } }) => {
    const read = parseMqttTopic(topic);
    expect({ why: parts.why, ...read }).toEqual(parts);
    if (read !== undefined) expect(mqttTopicText(read)).toBe(topic);
  });

  test.each(rejected)("$name is none of ours", ({ vector: { topic } }) => {
    expect(parseMqttTopic(topic)).toBeUndefined();
  });
});
