import { expect, test } from "vitest";
import { createPeer } from "./peer.ts";

test("a peer is spoken to in version 5 until it is known to take no more than 4", () => {
  const peer = createPeer();
  expect(peer).toMatchObject({ version: 5, isLegacy: false });
  peer.triedInVain(5);
  expect(peer).toMatchObject({ version: 4, isLegacy: false });
  peer.triedInVain(4);
  expect(peer.version).toBe(5);
  peer.triedInVain(5);
  peer.accepted(4);
  expect(peer).toMatchObject({ version: 4, isLegacy: true });
  peer.triedInVain(4);
  expect(peer).toMatchObject({ version: 4, isLegacy: true });
});

test("a peer that takes version 5 is none of the old ones", () => {
  const peer = createPeer();
  peer.accepted(5);
  expect(peer).toMatchObject({ version: 5, isLegacy: false });
});
