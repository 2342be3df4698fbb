import fc from "fast-check";
import { expect, test } from "vitest";
import { IMPORT_PARSERS, recognisedFormat } from "./import-format.ts";
import { IMPORT_FORMATS } from "./import-format-name.ts";

test.each([
  { file: "/etc/chrony/chrony.conf", text: "", format: "chrony" },
  { file: "/run/dhcp.sources", text: "", format: "chrony" },
  { file: "/etc/ntp.conf", text: "", format: "ntp" },
  { file: "/etc/ntpsec/ntp.conf", text: "", format: "ntp" },
  { file: "ntp.toml", text: "", format: "ntpd-rs" },
  { file: "servers.CSV", text: "server a.example", format: "csv" },
  { file: "-", text: 'x = 1\n[[source]]\nmode = "server"', format: "ntpd-rs" },
  { file: "-", text: "server a.example\nmakestep 1 3", format: "chrony" },
  { file: "-", text: "restrict default\nserver a.example", format: "ntp" },
  { file: "-", text: "server 127.127.1.0", format: "ntp" },
  { file: "old.conf", text: "# ours\npool a.example iburst", format: "chrony" },
  { file: "-", text: "host,port\na.example,123", format: "csv" },
  { file: "list.txt", text: "a.example\n192.0.2.1:1123", format: "csv" },
  { file: "list.txt", text: "", format: undefined },
  { file: "list.txt", text: "Dear all,\n\nI am away.", format: "csv" },
  { file: "list.txt", text: "Dear all!\n\nI am away.", format: undefined },
])("$file with $text is $format", ({ file, text, format }) => {
  expect(recognisedFormat(file, text)).toBe(format);
});

test("no text makes a parser throw, and each finding has an outcome", () => {
  const words = fc.constantFrom(
    "server",
    "pool",
    "nts",
    "port",
    "[[source]]",
    '"',
    ",",
    "\n",
    "\r",
    "=",
    " ",
    "#",
  );
  const text = fc
    .array(fc.oneof(words, fc.string({ unit: "binary", maxLength: 8 })))
    .map((all) => all.join(" "));
  fc.assert(
    fc.property(text, fc.constantFrom(...IMPORT_FORMATS), (some, format) => {
      const outcomes = new Set(["found", "bad", "left_out", "passed_over"]);
      for (const finding of IMPORT_PARSERS[format](some)) {
        expect(outcomes.has(finding.outcome)).toBe(true);
        if (finding.outcome === "found") expect(finding.target).toMatch(/^[\w.:[\]-]+$/);
      }
    }),
  );
});
