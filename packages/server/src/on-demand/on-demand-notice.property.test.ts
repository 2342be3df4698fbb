import fc from "fast-check";
import { expect, test } from "vitest";
import { noticeText, type OnDemandNotice, parseNotice } from "./on-demand-notice.ts";

const id = fc.stringMatching(/^[0-9A-HJKMNP-TV-Z]{26}$/);
const monitorId = fc.bigInt({ min: 0n, max: 2n ** 62n });
const notice: fc.Arbitrary<OnDemandNotice> = fc.oneof(
  fc.record({ kind: fc.constantFrom("asked" as const, "answered" as const), requestId: id }),
  fc.record({
    kind: fc.constant("opened" as const),
    streamId: id,
    sessionId: id,
    monitorIds: fc.array(monitorId, { maxLength: 4 }),
  }),
  fc.record({
    kind: fc.constant("configuration" as const),
    monitorId: fc.option(monitorId, { nil: undefined }),
  }),
);

test("a notice is heard as it was sent", () => {
  fc.assert(
    fc.property(notice, (each) => {
      expect(parseNotice(noticeText(each))).toEqual(each);
    }),
  );
});

test("whatever comes on the channel, hearing it never throws", () => {
  fc.assert(fc.property(fc.string(), (text) => void parseNotice(text)));
  expect(parseNotice("of a newer version")).toBeUndefined();
  expect(parseNotice("configuration x")).toBeUndefined();
});
