import { expect, test } from "vitest";
import { createPeer } from "./peer.ts";

test("a peer is none of the old ones until it takes version 4", () => {
  const peer = createPeer();
  expect(peer.isLegacy).toBe(false);
  peer.accepted(4);
  expect(peer.isLegacy).toBe(true);
});

test("a peer that takes version 5 is none of the old ones", () => {
  const peer = createPeer();
  peer.accepted(5);
  expect(peer.isLegacy).toBe(false);
});
