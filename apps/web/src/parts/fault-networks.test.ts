import { create } from "@bufbuild/protobuf";
import { adminV1 } from "@truechimer/api";
import { expect, test } from "vitest";
import { faultNetworks, pictureWords, whoseWords, witnessWords } from "./fault-networks.ts";

function witness(monitorName: string, network: string, sees: boolean, shares: string[] = []) {
  return create(adminV1.FaultWitnessSchema, { monitorId: 7n, monitorName, network, sees, shares });
}

const fault = create(adminV1.ServerFaultSchema, {
  witnesses: [
    witness("a", "AS2", false),
    witness("b", "AS1", true, ["network", "hop"]),
    witness("c", "AS3", false, ["country"]),
    witness("d", "AS1", true),
    witness("e", "AS3", true),
  ],
});

const plain = (text: string): string => text.replaceAll("\u00a0", " ");

test("networks where most see it come first, and in each those that see it", () => {
  expect(
    faultNetworks(fault).map(({ network, witnesses }) => [
      network,
      witnesses.map(({ monitorName, sees }) => `${monitorName}${sees ? "+" : "-"}`),
    ]),
  ).toEqual([
    ["AS1", ["b+", "d+"]],
    ["AS3", ["e+", "c-"]],
    ["AS2", ["a-"]],
  ]);
});

test("the picture has a sentence", () => {
  expect(plain(pictureWords(fault))).toBe(
    "3 of 5 monitors see it: 2 of 2 in AS1, 1 of 2 in AS3, 0 of 1 in AS2",
  );
});

test("a witness says what it sees, and what it shares with one that sees it", () => {
  expect(fault.witnesses.map(witnessWords)).toEqual([
    "a does not",
    "b sees it; shares network and hop with another that does",
    "c does not; shares country with one that does",
    "d sees it",
    "e sees it",
  ]);
  expect(witnessWords(witness("", "", true))).toBe("monitor 7 sees it");
});

test("each fault says whose it is", () => {
  expect([0, 1, 2, 3, 4].map(whoseWords)).toEqual([
    undefined,
    "the server’s",
    "the path’s",
    "our own",
    "nobody can tell whose",
  ]);
});
