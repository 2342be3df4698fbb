import { expect, test } from "vitest";
import { parseChronyConf } from "./parse-chrony-conf.ts";

const CONF = `# Debian's, and more
confdir /etc/chrony/conf.d
pool 2.debian.pool.ntp.org iburst maxsources 4
  SERVER Time.Example.NET. iburst Port 1123
server 2001:db8::1 nts ntsport 4460 port 123
peer 192.0.2.7 key 3
! server commented.example
; server commented.example
% server commented.example
refclock PHC /dev/ptp0
sourcedir /run/chrony-dhcp
include /etc/chrony/*.local
driftfile /var/lib/chrony/chrony.drift
makestep 1 3
frobnicate server time.example
`;

test("servers, pools and peers are found, each with its line, port and NTS", () => {
  const found = parseChronyConf(CONF).filter(({ outcome }) => outcome === "found");
  expect(found).toMatchObject([
    { line: 3, namedAs: "pool", target: "2.debian.pool.ntp.org", port: 123, nts: false },
    { line: 4, namedAs: "server", target: "time.example.net:1123", port: 1123, nts: false },
    { line: 5, namedAs: "server", target: "2001:db8::1", address: "2001:db8::1", nts: true },
    { line: 6, namedAs: "peer", target: "192.0.2.7", address: "192.0.2.7", nts: false },
  ]);
});

test("files that chronyd would follow are named, and so is a reference clock", () => {
  const leftOut = parseChronyConf(CONF).filter(({ outcome }) => outcome === "left_out");
  expect(leftOut.map(({ line, text }) => `${line} ${text}`)).toEqual([
    "2 confdir /etc/chrony/conf.d",
    "10 refclock PHC /dev/ptp0",
    "11 sourcedir /run/chrony-dhcp",
    "12 include /etc/chrony/*.local",
  ]);
});

test("comments are nothing, and directives that are not known are passed over", () => {
  const passedOver = parseChronyConf(CONF).filter(({ outcome }) => outcome === "passed_over");
  expect(passedOver.map(({ line }) => line)).toEqual([13, 14, 15]);
});

test.each([
  { name: "no host", line: "server", says: "a server without a host" },
  { name: "a port without a number", line: "server a.example port", says: '"" is no port' },
  { name: "port 0", line: "server a.example port 0", says: '"0" is no port' },
  { name: "a port too many", line: "pool a.example port 65536", says: '"65536" is no port' },
  { name: "a mistyped address", line: "server 192.0.2.300", says: '"192.0.2.300" is no server' },
  { name: "a multicast address", line: "server 224.0.1.1", says: "a multicast address" },
  { name: "a name from right to left", line: "server \u202egro.elpmaxe", says: "is no server" },
  { name: "an escape sequence", line: "server \u001b[2J", says: "is no server" },
  { name: "a prototype's name", line: "server __proto__:x", says: "no usable port" },
  { name: "a long line", line: `server a.example ${"x".repeat(2_048)}`, says: "at most 2047" },
])("$name is bad, with its reason", ({ line, says }) => {
  const [finding, ...others] = parseChronyConf(`\n${line}\n`);
  expect(others).toEqual([]);
  expect(finding).toMatchObject({ outcome: "bad", line: 2 });
  expect(finding).toHaveProperty("message", expect.stringContaining(says));
});

test("what every object has is no directive", () => {
  const outcomes = parseChronyConf("constructor a\n__proto__ b\ntoString c").map((f) => f.outcome);
  expect(outcomes).toEqual(["passed_over", "passed_over", "passed_over"]);
});
