import { create } from "@bufbuild/protobuf";
import { adminV1, analyticsV1 } from "@truechimer/api";
import { expect, test } from "vitest";
import { toCsv } from "../parts/csv.ts";
import { FAMILY_EXPORT, familyName } from "./family-export.ts";

test("a pair is one line, with numbers in full and nothing where there is none", () => {
  const pair = create(analyticsV1.FamilyPairSchema, {
    serverName: "ntp1.example",
    ipv4: { figures: { offset: { valueNs: -1_234_567n, boundNs: 890n }, checks: 12n } },
    offset: { difference: -46_000_000, standardError: 6_200 },
    betterInLoss: adminV1.IpFamily.V6,
  });
  const [heading = "", row = ""] = toCsv([pair], FAMILY_EXPORT).split("\r\n");
  const of = (name: string): string | undefined => row.split(",")[heading.split(",").indexOf(name)];
  expect(of("server")).toBe("ntp1.example");
  expect(of("ipv4_offset_ns")).toBe("-1234567");
  expect(of("ipv4_bound_ns")).toBe("890");
  expect(of("ipv4_checks")).toBe("12");
  expect(of("ipv6_offset_ns")).toBe("");
  expect(of("offset_difference_ns")).toBe("-46000000");
  expect(of("offset_standard_error_ns")).toBe("6200");
  expect(of("better_in_loss")).toBe("IPv6");
});

test("families have names", () => {
  expect(
    [adminV1.IpFamily.V4, adminV1.IpFamily.V6, adminV1.IpFamily.UNSPECIFIED].map(familyName),
  ).toEqual(["IPv4", "IPv6", undefined]);
});
