// Where a page ended, so that the next begins after it whatever was added meanwhile. Opaque to callers.

import { AppError } from "@truechimer/base";

export function encodePageToken(parts: readonly string[]): string {
  return Buffer.from(parts.join("|"), "utf8").toString("base64url");
}

/** Parts that fit the patterns, one each; anything else is refused. */
export function decodePageToken(token: string, patterns: readonly RegExp[]): readonly string[] {
  const parts = Buffer.from(token, "base64url").toString("utf8").split("|");
  const fits =
    parts.length === patterns.length &&
    patterns.every((pattern, index) => {
      const part = parts[index] ?? "";
      return pattern.test(part) && (pattern !== INSTANT_PATTERN || isInstant(part));
    });
  if (!fits)
    throw new AppError(
      "bad_request",
      "page_token is not one of ours: pass next_page_token on unchanged",
    );
  return parts;
}

/** Whether there is such a day and such a second; nothing of ours is from before 1970. */
function isInstant(text: string): boolean {
  const wholeSecond = `${text.slice(0, 19)}.000Z`;
  const at = new Date(wholeSecond);
  return at.getTime() >= 0 && at.toISOString() === wholeSecond;
}

/** 0 stands for the default. */
export function pageSize(
  requested: number,
  sizes: { readonly normal: number; readonly max: number },
): number {
  if (requested > sizes.max) {
    throw new AppError(
      "limit_exceeded",
      `page_size ${requested} is too large: at most ${sizes.max}`,
    );
  }
  return requested === 0 ? sizes.normal : requested;
}

export const INT8_PATTERN: RegExp = /^\d{1,18}$/;
export const INSTANT_PATTERN: RegExp = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/;
