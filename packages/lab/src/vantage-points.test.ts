import { unsafelyDeterministicRandom } from "@truechimer/base";
import { describe, expect, test } from "vitest";
import { DIRECT_PATH, drawPathDelays, networkPathOf, networkPaths } from "./network-path.ts";
import { VANTAGE_POINTS_COUNT, vantagePoints } from "./vantage-points.ts";

const FULL = { ipv6Available: true, sourceAddressesAvailable: true };

describe("the vantage points", () => {
  test("are twelve with names, addresses and delays of their own", () => {
    const points = vantagePoints(FULL);
    expect(points).toHaveLength(12);
    expect(VANTAGE_POINTS_COUNT).toBe(12);
    expect(new Set(points.map(({ name }) => name)).size).toBe(12);
    expect(new Set(points.map(({ address }) => address)).size).toBe(12);
    expect(new Set(points.map(({ forwardDelayMs }) => forwardDelayMs)).size).toBe(12);
    expect(points.every(({ location }) => location.endsWith("(simulated)"))).toBe(true);
  });

  test("all but one are near enough to tell 40 ms from 25 ms", () => {
    const near = vantagePoints(FULL).filter(
      ({ forwardDelayMs, returnDelayMs }) => (forwardDelayMs + returnDelayMs) / 2 < 15,
    );
    expect(near).toHaveLength(11);
  });

  test("one path is asymmetric", () => {
    const lopsided = vantagePoints(FULL).filter(
      ({ forwardDelayMs, returnDelayMs }) => forwardDelayMs !== returnDelayMs,
    );
    expect(lopsided.map(({ name }) => name)).toEqual(["madrid.lab"]);
  });

  test("the last one asks over IPv6 where the host has it", () => {
    expect(vantagePoints(FULL).at(-1)).toMatchObject({
      family: "v6",
      address: "::1",
      localAddress: "::1",
    });
    const without = vantagePoints({ ...FULL, ipv6Available: false }).at(-1);
    expect(without).toMatchObject({ family: "v4", address: "127.0.1.12" });
  });

  test("keep their identities where the host has one loopback address, and bind to none", () => {
    const points = vantagePoints({ ipv6Available: false, sourceAddressesAvailable: false });
    expect(points.map(({ localAddress }) => localAddress)).toEqual(points.map(() => undefined));
    expect(new Set(points.map(({ address }) => address)).size).toBe(12);
  });
});

describe("a path", () => {
  const [first] = vantagePoints(FULL);

  test("is found by the source address", () => {
    const paths = networkPaths(vantagePoints(FULL));
    expect(paths.get("127.0.1.1")?.forwardDelayNs).toBe(400_000n);
    expect(paths.get("127.0.0.1")).toBeUndefined();
  });

  test("never is shorter than its fixed delay, and its queueing is bounded", () => {
    const random = unsafelyDeterministicRandom(5);
    const path = first === undefined ? DIRECT_PATH : networkPathOf(first);
    const drawn = Array.from({ length: 2_000 }, () => drawPathDelays(path, random).forwardNs);
    expect(drawn.every((ns) => ns >= 400_000n && ns <= 400_000n + 180_000n)).toBe(true);
    const meanNs = Number(drawn.reduce((sum, ns) => sum + ns, 0n)) / drawn.length;
    expect(meanNs).toBeGreaterThan(425_000);
    expect(meanNs).toBeLessThan(435_000);
  });

  test("of nobody in particular is direct", () => {
    const delays = drawPathDelays(DIRECT_PATH, unsafelyDeterministicRandom(1));
    expect(delays).toEqual({ forwardNs: 0n, returnNs: 0n });
  });
});
