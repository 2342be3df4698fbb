import { type IpAddress, parseIpAddress } from "@truechimer/base";
import { describe, expect, test } from "vitest";
import { LOCAL_POLICY, POOL_POLICY, type ServerPolicy } from "../policy.ts";
import { resolveTarget } from "./resolve-target.ts";

const NAMES: Readonly<Record<string, readonly string[]>> = {
  "both.example": ["8.8.8.8", "2001:4860:4860::8888"],
  "inside.example": ["10.0.0.1"],
  "mixed.example": ["10.0.0.1", "8.8.4.4"],
  "none.example": [],
};

const patient = new AbortController().signal;

async function outcome(target: string, policy: ServerPolicy): Promise<string> {
  const result = await resolveTarget(
    {
      policy,
      resolveName: (name) => {
        const found = NAMES[name];
        if (found === undefined) {
          return Promise.reject(Object.assign(new Error("not found"), { code: "ENOTFOUND" }));
        }
        return Promise.resolve(found.map(address));
      },
    },
    target,
    patient,
  );
  if (!result.ok) return result.error.code;
  return result.value
    .map(({ name, address: found, port }) => `${name}=${found.text}:${port}`)
    .join(" ");
}

function address(text: string): IpAddress {
  const parsed = parseIpAddress(text);
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.value;
}

describe("a pool watches public addresses alone, a local one its network too", () => {
  test.each([
    { target: "8.8.8.8", pool: "8.8.8.8=8.8.8.8:123", local: "8.8.8.8=8.8.8.8:123" },
    { target: "10.0.0.1", pool: "address_refused", local: "10.0.0.1=10.0.0.1:123" },
    { target: "127.0.0.1:5", pool: "address_refused", local: "127.0.0.1:5=127.0.0.1:5" },
    { target: "fe80::1", pool: "address_refused", local: "fe80::1=fe80::1:123" },
    { target: "224.0.1.1", pool: "address_refused", local: "address_refused" },
    { target: "0.0.0.0", pool: "address_refused", local: "address_refused" },
    { target: "255.255.255.255", pool: "address_refused", local: "address_refused" },
    { target: "inside.example", pool: "address_refused", local: "inside.example=10.0.0.1:123" },
    {
      target: "mixed.example",
      pool: "mixed.example=8.8.4.4:123",
      local: "mixed.example=10.0.0.1:123 mixed.example=8.8.4.4:123",
    },
    { target: "nowhere.example", pool: "name_unresolved", local: "name_unresolved" },
    { target: "none.example", pool: "name_unresolved", local: "name_unresolved" },
    { target: "not a name", pool: "bad_address", local: "bad_address" },
  ])("$target", async ({ target, pool, local }) => {
    expect(await outcome(target, POOL_POLICY)).toBe(pool);
    expect(await outcome(target, LOCAL_POLICY)).toBe(local);
  });

  test("a refusal names the setting that changes it", async () => {
    const refusal = await resolveTarget(
      { policy: POOL_POLICY, resolveName: () => Promise.resolve([]) },
      "10.0.0.1",
      patient,
    );
    expect(refusal).toMatchObject({
      ok: false,
      error: { message: expect.stringContaining("targets.private_allowed = true") as string },
    });
  });

  test("a name gives each of its addresses", async () => {
    expect(await outcome("both.example:1123", POOL_POLICY)).toBe(
      "both.example:1123=8.8.8.8:1123 both.example:1123=2001:4860:4860::8888:1123",
    );
  });
});
