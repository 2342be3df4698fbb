import {
  type ConditionValue,
  compileCondition,
  completeFilter,
  filterPointer,
  filterProblemText,
  readFilter,
  type Subject,
} from "@truechimer/filter";
import { describe, expect, test } from "vitest";

const NOW_NS = 1_795_896_000_000_000_000n; // 2026-11-28T20:00:00Z
const MS = 1_000_000n;

type Row = Readonly<Record<string, ConditionValue | undefined>>;

const ROWS: Readonly<Record<string, Row>> = {
  ahead: {
    "server.name": "ntp1.lab",
    "check.offset_ns": 12n * MS,
    "check.stratum": 3,
    "check.at": NOW_NS - 60_000_000_000n,
    "monitor.country": "DE",
    "check.id": 1n,
  },
  behind: {
    "server.name": "ntp1.example",
    "check.offset_ns": -12n * MS,
    "check.stratum": 1,
    "check.at": NOW_NS - 7_200_000_000_000n,
    "monitor.country": "ch",
    "check.id": 2n,
  },
  silent: {
    "server.name": "other [x]",
    "check.reason": "timeout",
    "check.at": NOW_NS,
    "check.id": 3n,
  },
};

function passing(text: string, subject: Subject = "checks"): readonly string[] {
  const read = readFilter(text, { subject, nowNs: NOW_NS });
  if (!read.ok) throw new Error(filterProblemText(read.error));
  const passes = compileCondition<Row>(read.value, (column) => (row) => row[column]);
  return Object.entries(ROWS).flatMap(([name, row]) => (passes(row) ? [name] : []));
}

describe("what a filter lets through", () => {
  test.each([
    ["", ["ahead", "behind", "silent"]],
    ["server:ntp1.*", ["ahead", "behind"]],
    ["server:NTP1.LAB", ["ahead"]],
    ["server=ntp1.lab", ["ahead"]],
    ["server=NTP1.lab", []],
    ['server="other [x]"', ["silent"]],
    ["server:*[x]", ["silent"]],
    ["server:ntp1.???", ["ahead"]],
    ["server:*p?.l*", ["ahead"]],
    ["server:*1*e*", ["behind"]],
    ["server:ntp1.??", []],
    ["offset>5ms", ["ahead"]],
    ["offset > 5ms", ["ahead"]],
    ["offset>5000us", ["ahead"]],
    ["offset>5000µs", ["ahead"]],
    ["offset<-5ms", ["behind"]],
    ["offset<−0.005s", ["behind"]],
    ["abs_offset>5ms", ["ahead", "behind"]],
    ["abs_offset<=12ms", ["ahead", "behind"]],
    ["abs_offset<12ms", []],
    ["abs_offset:12ms", ["ahead", "behind"]],
    ["stratum>=3", ["ahead"]],
    ["stratum:1,3", ["ahead", "behind"]],
    ["stratum!=1", ["ahead"]],
    ["monitor.country:de", ["ahead"]],
    ["age<1h", ["ahead", "silent"]],
    ["age>=2h", ["behind"]],
    ["at>2026-11-28T19:30Z", ["ahead", "silent"]],
    ["at>2026-11-28T20:30+01:00", ["ahead", "silent"]],
    ["at<now-1h30m", ["behind"]],
    ["id:3", ["silent"]],
    ["ntp1", ["ahead", "behind"]],
    ["ntp1 de", ["ahead"]],
    ["not ntp1", ["silent"]],
    ["ntp1.lab or timeout", ["ahead", "silent"]],
    ["stratum:1 or stratum:3 server:*lab", ["ahead", "behind"]],
    ["(stratum:1 or stratum:3) server:*lab", ["ahead"]],
    ["server:ntp1.* offset>5ms stratum>=3 monitor.country:de age<1h", ["ahead"]],
  ] as const)("%s", (text, names) => {
    expect(passing(text)).toEqual(names);
  });
});

test("a hostile pattern on a hostile text costs their product and no more", () => {
  const read = readFilter("server:*a*a*a*a*a*a*a*b", { subject: "servers", nowNs: NOW_NS });
  if (!read.ok) throw new Error("it was refused");
  const passes = compileCondition<Row>(read.value, (column) => (row) => row[column]);
  expect(passes({ "server.name": "a".repeat(100_000) })).toBe(false);
  expect(passes({ "server.name": `${"a".repeat(100_000)}b` })).toBe(true);
});

describe("what is not known never looks good", () => {
  test.each([
    ["offset<5ms", ["behind"]],
    ["not offset>5ms", ["behind"]],
    ["offset!=1ms", ["ahead", "behind"]],
    ["not (offset>5ms or stratum:1)", []],
    ["offset:none", ["silent"]],
    ["offset:any", ["ahead", "behind"]],
    ["offset!=none", ["ahead", "behind"]],
    ["offset>5ms or offset:none", ["ahead", "silent"]],
    // No reason is success, which is known.
    ["reason:none", ["ahead", "behind"]],
    ["not reason:timeout", ["ahead", "behind"]],
    ["reason!=timeout", ["ahead", "behind"]],
    ["reason:t*,kiss_rate", ["silent"]],
    ["reason!=none", ["silent"]],
  ] as const)("%s", (text, names) => {
    expect(passing(text)).toEqual(names);
  });
});

describe("a refusal points at the character, and says what to write", () => {
  test.each([
    [
      "offset>5 stratum>=3",
      "       ^",
      /no value of offset: expected a unit behind the number: 5ms/,
    ],
    ["offset>5kg", "       ^^^", /expected a number with its unit/],
    ["offset>0.5ns", "       ^^^^^", /whole nanoseconds/],
    ["rtt>-5ms", "    ^^^^", /has no sign/],
    ["strtum>=3", "^^^^^^", /did you mean stratum\?/],
    ["reason:kis_rate", "       ^^^^^^^^", /did you mean kiss_rate\?/],
    ["reason:qqq", "       ^^^", /expected one of timeout/],
    ["server>x", "      ^", /no order/],
    ["stratum>1,2", "          ^", /takes one value/],
    ["stratum:none,x", "             ^", /expected a number/],
    ["at:none", "   ^^^^", /there always is one/],
    ["(stratum:1", "^", /not closed/],
    ["stratum:1)", "         ^", /delete it/],
    ['server:"x', "       ^", /quotes are not closed/],
    ["server:", "       ^", /ends here/],
    ["stratum:1 or", "            ^", /ends too early/],
    ["or stratum:1", "^^", /both sides/],
    [">5ms", "^", /field's name before/],
    ["at>2026-02-30", "   ^^^^^^^^^^", /exist/],
    ["at>yesterday", "   ^^^^^^^^^", /such as 2026-11-28T14:00Z/],
    ["at>now-1", "   ^^^^^", /unit/],
    ["has_evidence:maybe", "             ^^^^^", /yes or no/],
    ["id:99999999999999999999", "   ^^^^^^^^^^^^^^^^^^^^", /whole number/],
    ["age<400000d", "    ^^^^^^^", /292 years/],
    ["server:a\u0000b", "        ^", /delete it/],
    ["server:\ud800", "       ^", /delete it/],
  ] as const)("%j", (text, pointer, expected) => {
    const read = readFilter(text, { subject: "checks", nowNs: NOW_NS });
    if (read.ok) throw new Error("it was read");
    expect(filterPointer(text, read.error).split("\n")[1]).toBe(pointer);
    expect(filterProblemText(read.error)).toMatch(expected);
  });

  test("addresses are words, whatever their colons", () => {
    expect(passing("2001:db8::1")).toEqual([]);
    expect(readFilter("fe80::1", { subject: "servers", nowNs: NOW_NS }).ok).toBe(true);
    expect(readFilter("server.address:2001:db8::*", { subject: "servers", nowNs: NOW_NS }).ok).toBe(
      true,
    );
  });

  test("fields of the list's own rows need no prefix, and may have it", () => {
    for (const text of [
      "verdict:unsure",
      "server.verdict:unsure",
      "VERDICT:unsure",
      "name:x",
      "server:x",
      "server.name:x",
    ]) {
      expect(readFilter(text, { subject: "servers", nowNs: NOW_NS }).ok).toBe(true);
    }
    expect(readFilter("verdict:unsure", { subject: "checks", nowNs: NOW_NS }).ok).toBe(false);
    expect(readFilter("server.verdict:unsure", { subject: "checks", nowNs: NOW_NS }).ok).toBe(true);
  });
});

describe("completion", () => {
  const texts = (text: string, subject: Subject = "checks"): readonly string[] => {
    const cursor = text.indexOf("|");
    const plain = text.replace("|", "");
    const { from, to, candidates } = completeFilter({
      text: plain,
      cursor,
      subject,
      valuesOf: (field) => (field.name === "server" ? ["ntp1.lab", "rack 4"] : []),
    });
    return candidates.map((one) => plain.slice(0, from) + one.text + plain.slice(to));
  };

  test.each([
    ["str|", "stratum"],
    ["stratum:1 off|", "stratum:1 offset"],
    ["stratum|", "stratum>="],
    ["(of|", "(offset"],
    ["reason:kis|", "reason:kiss_rate"],
    ["reason:timeout,kis|", "reason:timeout,kiss_rate"],
    ["offset>5|", "offset>5ms"],
    ["offset:n|", "offset:none"],
    ["server:nt|", "server:ntp1.lab"],
    ["server:ra|", 'server:"rack 4"'],
    ['server:"ra|', 'server:"rack 4"'],
    ["has_evidence:|", "has_evidence:yes"],
    ["stratum:1 o|", "stratum:1 or"],
    ["of| stratum:1", "offset stratum:1"],
    ["age<|", "age<1h"],
  ])("%s", (text, one) => {
    expect(texts(text)).toContain(one);
  });

  test("nothing where nothing can be told", () => {
    expect(texts("nothing_like:x|")).toEqual([]);
    expect(texts("stratum:1 or o|")).not.toContain("stratum:1 or or");
  });
});
