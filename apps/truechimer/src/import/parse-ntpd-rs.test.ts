import { expect, test } from "vitest";
import { parseNtpdRs } from "./parse-ntpd-rs.ts";

const TOML = `[observability]
log-level = "info"

[[source]]
mode = "pool"
address = "ntpd-rs.pool.ntp.org"
count = 4

  [[ source ]]
mode = "nts"
address = "time.example.net:4460"

[[source]]
mode = "server"
address = "[2001:db8::1]:1123"

[[source]]
mode = "sock"
path = "/run/gpsd.sock"

[[source]]
mode = "telepathy"
address = "x.example"

[[source]]
mode = "server"
address = 7

[[server]]
listen = "0.0.0.0:123"
`;

test("each source is found with the line of its heading; its clocks are left out; what is no source is passed over", () => {
  expect(parseNtpdRs(TOML)).toMatchObject([
    { line: 4, outcome: "found", namedAs: "pool", target: "ntpd-rs.pool.ntp.org", nts: false },
    { line: 9, outcome: "found", namedAs: "server", target: "time.example.net", nts: true },
    { line: 13, outcome: "found", target: "[2001:db8::1]:1123", port: 1123 },
    { line: 17, outcome: "left_out" },
    { line: 21, outcome: "bad", message: expect.stringContaining("telepathy") as string },
    { line: 25, outcome: "bad", message: expect.stringContaining("without a host") as string },
    { line: undefined, outcome: "passed_over", text: "observability" },
    { line: undefined, outcome: "passed_over", text: "server" },
  ]);
});

test("what is no TOML is bad as a whole, with its line", () => {
  expect(parseNtpdRs('[[source]]\nmode = "server"\naddress = \n')).toMatchObject([
    { outcome: "bad", line: 3, message: expect.stringContaining("is not TOML") as string },
  ]);
});

test("a heading inside a text is taken for no line", () => {
  const toml = `note = """\n[[source]]\n"""\n[[source]]\nmode = "server"\naddress = "a.example"\n`;
  const [source] = parseNtpdRs(toml);
  expect(source).toMatchObject({ outcome: "found", target: "a.example", line: undefined });
});

test("inline tables are read, without a line", () => {
  const found = parseNtpdRs('source = [{ mode = "server", address = "a.example" }, 3]');
  expect(found).toMatchObject([
    { outcome: "found", target: "a.example", line: undefined },
    { outcome: "bad", line: undefined },
  ]);
});

test("a source that is no list is bad, and a prototype's name is no mode", () => {
  expect(parseNtpdRs("source = 3")).toMatchObject([{ outcome: "bad" }]);
  const toml = '[[source]]\nmode = "constructor"\naddress = "a.example"';
  expect(parseNtpdRs(toml)).toMatchObject([{ outcome: "bad", line: 1 }]);
});
