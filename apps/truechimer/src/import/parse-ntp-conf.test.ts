import { expect, test } from "vitest";
import { parseNtpConf } from "./parse-ntp-conf.ts";

const CONF = `driftfile /var/lib/ntp/drift
restrict default kod nomodify   # as delivered
pool 0.pool.ntp.org iburst
server -6 time.example.net prefer # ours
server "192.0.2.7" version 4
server nts.example:4460 nts
peer [2001:db8::1]:1123
server 127.127.1.0
fudge 127.127.1.0 stratum 10
refclock shm unit 0
broadcastclient
includefile /etc/ntp/keys.conf
# server commented.example
`;

test("servers, pools and peers are found; the port of a key exchange is not taken for NTP's", () => {
  const found = parseNtpConf(CONF).filter(({ outcome }) => outcome === "found");
  expect(found).toMatchObject([
    { line: 3, namedAs: "pool", target: "0.pool.ntp.org", nts: false },
    { line: 4, namedAs: "server", target: "time.example.net", nts: false },
    { line: 5, namedAs: "server", target: "192.0.2.7", address: "192.0.2.7" },
    { line: 6, namedAs: "server", target: "nts.example", port: 123, nts: true },
    { line: 7, namedAs: "peer", target: "[2001:db8::1]:1123", address: "2001:db8::1", port: 1123 },
  ]);
});

test("reference clocks, anonymous sources and other files are left out with a reason, the rest is passed over", () => {
  const others = parseNtpConf(CONF).filter(({ outcome }) => outcome !== "found");
  expect(others.map(({ line, outcome }) => [line, outcome])).toEqual([
    [1, "passed_over"],
    [2, "passed_over"],
    [8, "left_out"],
    [9, "passed_over"],
    [10, "left_out"],
    [11, "left_out"],
    [12, "left_out"],
  ]);
  const include = others.find(({ line }) => line === 12);
  expect(include).toHaveProperty("message", expect.stringContaining("is not followed"));
});

test("a command with nothing but options has no host", () => {
  expect(parseNtpConf("server -4 # time.example")).toMatchObject([
    { outcome: "bad", line: 1, message: expect.stringContaining("without a host") as string },
  ]);
});
