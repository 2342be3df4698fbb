import { describe, expect, test } from "vitest";
import { hostSettingsFrom, hostsOf } from "./hosts.ts";

const TLS_NAME = "zurich-1gw2pjj.test.mon.example";
const NOBODY = { enrolment: undefined, tlsName: "" };

describe("whom an agent calls", () => {
  test("nobody, as long as nobody is named: no host is built in", () => {
    expect(hostsOf(hostSettingsFrom({}), { ...NOBODY, tlsName: TLS_NAME })).toMatchObject({
      ok: false,
      error: expect.stringContaining("--server"),
    });
  });

  test("one address for everything, as it was given or as it was enrolled", () => {
    const both = { apiUrl: "https://pool.example", monitorUrl: "https://pool.example" };
    expect(hostsOf({ serverUrl: "https://pool.example" }, NOBODY)).toEqual({
      ok: true,
      value: both,
    });
    const enrolment = { serverUrl: "https://pool.example", agentUrl: undefined };
    expect(hostsOf({}, { ...NOBODY, enrolment })).toEqual({ ok: true, value: both });
  });

  test("an enrolled agent calls the listener that it was given", () => {
    const enrolment = { serverUrl: "https://pool.example", agentUrl: "https://pool.example:8124" };
    expect(hostsOf({ serverUrl: "https://pool.example" }, { ...NOBODY, enrolment })).toEqual({
      ok: true,
      value: { apiUrl: "https://pool.example:8124", monitorUrl: "https://pool.example:8124" },
    });
  });

  test.each([
    { tlsName: TLS_NAME, host: "https://api.test.mon.example" },
    { tlsName: "zurich.prod.mon.example", host: "https://api.mon.example" },
  ])("under the NTP Pool's scheme the Connect host of $tlsName is $host", ({ tlsName, host }) => {
    const settings = hostSettingsFrom(
      { API_HOST: "https://api.example" },
      { monitorDomain: "mon.example" },
    );
    expect(hostsOf(settings, { ...NOBODY, tlsName })).toEqual({
      ok: true,
      value: { apiUrl: "https://api.example", monitorUrl: host },
    });
  });

  test("API_HOST and DEVEL_API_SERVER are two hosts, and an empty one is unset", () => {
    const variables = { API_HOST: "http://127.0.0.1:1", DEVEL_API_SERVER: "https://127.0.0.1:2" };
    expect(hostsOf(hostSettingsFrom(variables), { ...NOBODY, tlsName: TLS_NAME })).toEqual({
      ok: true,
      value: { apiUrl: "http://127.0.0.1:1", monitorUrl: "https://127.0.0.1:2" },
    });
    expect(hostSettingsFrom({ API_HOST: "" }).apiHost).toBeUndefined();
  });

  test.each(["pool.example", "ftp://pool.example", "https://"])("%j is no address", (serverUrl) => {
    expect(hostsOf({ serverUrl }, NOBODY).ok).toBe(false);
  });

  test("a name of another domain is told, not guessed", () => {
    const settings = { apiHost: "https://api.example", monitorDomain: "mon.example" };
    expect(hostsOf(settings, { ...NOBODY, tlsName: "zurich.test.other.example" }).ok).toBe(false);
  });
});
