import { create } from "@bufbuild/protobuf";
import { adminV1 } from "@truechimer/api";
import { expect, test } from "vitest";
import { leapNotice } from "./leap-notice.ts";

function seen(leap: number | undefined, fresh = true): adminV1.Assignment {
  return create(adminV1.AssignmentSchema, { fresh, ...(leap === undefined ? {} : { leap }) });
}

const plain = (text: string | undefined): string | undefined => text?.replaceAll("\u00a0", " ");

test("without an announcement there is nothing to tell; leap 3 is none", () => {
  expect(leapNotice([seen(0), seen(3), seen(undefined)])).toBeUndefined();
});

test("what was announced to somebody long ago does not count", () => {
  expect(leapNotice([seen(1, false), seen(0)])).toBeUndefined();
});

test("it says which way and who saw it", () => {
  expect(plain(leapNotice([seen(1), seen(1), seen(0), seen(undefined)]))).toBe(
    "It announces a leap second at the end of this UTC month: one more second (seen by 2 of 3 monitors).",
  );
});

test("monitors that saw different announcements are told apart", () => {
  expect(plain(leapNotice([seen(1), seen(2)]))).toContain(
    "one more second (seen by 1 of 2 monitors), one second less (seen by 1 of 2 monitors)",
  );
});
