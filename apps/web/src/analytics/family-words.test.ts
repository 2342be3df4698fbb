import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { adminV1, analyticsV1 } from "@truechimer/api";
import { expect, test } from "vitest";
import { toCsv } from "../parts/csv.ts";
import { FAMILY_EXPORT } from "./family-export.ts";
import { familyScale } from "./family-picture.tsx";
import { familiesSentence } from "./family-words.ts";

type Pair = MessageInitShape<typeof analyticsV1.FamilyPairSchema>;

const plain = (text: string): string => text.replaceAll(/[\u00a0\u202f]/g, " ");
const answer = (pairs: Pair[], pairsTotal = pairs.length) =>
  create(analyticsV1.GetFamiliesResponseSchema, { pairs, pairsTotal });
const side = (valueNs: number) => ({
  figures: {
    checks: 9n,
    samplesSent: 4n,
    samplesAnswered: 3n,
    offset: { valueNs: BigInt(valueNs) },
  },
});
const pair = (
  standardError: number | undefined,
  better: adminV1.IpFamily = adminV1.IpFamily.UNSPECIFIED,
): Pair => ({
  serverName: "s1",
  ipv4: side(-1e6),
  ipv6: side(4e6),
  offset: { difference: 5e6, ...(standardError === undefined ? {} : { standardError }) },
  betterInLoss: better,
});

test("the sentence names the pair that differs the most clearly, and whether any does", () => {
  expect(plain(familiesSentence(answer([])))).toBe("No name has checks over both IPv4 and IPv6.");
  expect(plain(familiesSentence(answer([pair(1e5, adminV1.IpFamily.V4), pair(4e6)])))).toBe(
    "1 of 2 names has offsets over IPv4 and IPv6 that differ by more than chance: s1 the most clearly, by 5.00 ms ± 100 µs (1.00 ms behind over IPv4, 4.00 ms ahead over IPv6). IPv4 loses less for 1 name.",
  );
  expect(plain(familiesSentence(answer([pair(4e6)])))).toBe(
    "None of 1 name has offsets over IPv4 and IPv6 that differ by more than chance. Losses are alike.",
  );
  expect(plain(familiesSentence(answer([pair(undefined)])))).toMatch(/^None of 1 name /);
  expect(plain(familiesSentence(answer([pair(1e5)], 7)))).toMatch(/^At least 1 of 7 names /);
});

test("all rows share an axis that ends at the first mark beyond every offset", () => {
  expect(familyScale(answer([pair(1e5)]).pairs).limitNs).toBe(25e6);
  expect(familyScale([]).limitNs).toBe(100_000);
});

test("the export has both families and the differences in full", () => {
  const [head, row] = toCsv(answer([pair(1e5, adminV1.IpFamily.V6)]).pairs, FAMILY_EXPORT).split(
    /\r?\n/,
  );
  const fields = Object.fromEntries(
    (head ?? "").split(",").map((name, at) => [name, row?.split(",")[at]]),
  );
  expect(fields).toMatchObject({
    server: "s1",
    ipv4_offset_ns: "-1000000",
    ipv6_offset_ns: "4000000",
    ipv4_loss: "0.25",
    offset_difference_ns: "5000000",
    offset_standard_error_ns: "100000",
    rtt_difference_ns: "",
    better_in_loss: "IPv6",
  });
});
