import { create } from "@bufbuild/protobuf";
import { analyticsV1 } from "@truechimer/api";
import { expect, test } from "vitest";
import { measureOf } from "./heat-scale.ts";
import { moversSentence } from "./movers-words.ts";

const plain = (text: string): string => text.replaceAll(/[\u00a0\u202f]/g, " ");
const answer = (movers: { serverName: string; change: number; changeBound?: number }[]) =>
  create(analyticsV1.GetMoversResponseSchema, { movers, serversCompared: 12 });

test("the sentence names the first and says whether its bound explains it", () => {
  const offset = measureOf("offset");
  expect(
    plain(moversSentence(answer([{ serverName: "s1", change: 5e6, changeBound: 2e6 }]), offset)),
  ).toBe(
    "The offset of s1 has grown the most of 12 servers, by 5.00 ms ± 2.00 ms, more than the error bounds explain.",
  );
  expect(
    plain(moversSentence(answer([{ serverName: "s1", change: 1e6, changeBound: 2e6 }]), offset)),
  ).toContain("which the error bounds explain");
  expect(
    plain(moversSentence(answer([{ serverName: "s1", change: 0.25 }]), measureOf("loss"))),
  ).toBe("The loss of s1 has grown the most of 12 servers, by 25 %.");
  expect(plain(moversSentence(answer([]), offset))).toBe(
    "The offset of none of 12 servers has grown.",
  );
});
