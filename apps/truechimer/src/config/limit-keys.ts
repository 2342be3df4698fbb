// The table `limits` of a configuration: the control plane's limits by their names. They stand here once more, because the
// agent reads configurations too and has nothing of the control plane; a test compares the two lists.

import * as z from "zod";
import { durationKey } from "./duration-key.ts";

/** So many in a window. */
export const WINDOWED_LIMITS = [
  "agent_calls",
  "admin_calls",
  "login_failures",
  "sign_in_failures",
  "code_failures",
  "oidc_sign_ins",
  "passkey_sign_ins",
  "address_requests",
  "check_now",
  "check_now_target",
  "onset_questions",
  "onset_server",
  "onset_cause",
  "certificates",
  "registrations",
] as const;

/** So many at once. */
export const PLACE_LIMITS = [
  "registrations_waiting",
  "registrations_waiting_of_source",
  "enrolment_tokens",
  "calls_in_flight",
  "open_requests",
  "credential_lookups",
  "questions_waiting",
  "password_checks",
  "agent_streams",
] as const;

type WindowedLimit = (typeof WINDOWED_LIMITS)[number];
type PlaceLimit = (typeof PLACE_LIMITS)[number];

/** As checked, windows in milliseconds. */
export type CheckedLimits = {
  readonly [Name in WindowedLimit]?:
    | { readonly max?: number | undefined; readonly window?: number | undefined }
    | undefined;
} & { readonly [Name in PlaceLimit]?: { readonly max?: number | undefined } | undefined };

/** As the control plane takes them. */
export type LimitsConfig = Partial<
  Record<
    WindowedLimit | PlaceLimit,
    { readonly max?: number | undefined; readonly windowMs?: number | undefined }
  >
>;

/** More is no limit. */
const MAX_MAX = 1_000_000_000;
const MAX_EXPECTED = `expected a whole number from 1 to ${MAX_MAX}`;
const max = z
  .number({ error: MAX_EXPECTED })
  .int(MAX_EXPECTED)
  .min(1, MAX_EXPECTED)
  .max(MAX_MAX, MAX_EXPECTED);

const windowed = z
  .strictObject({
    max: max.optional(),
    window: durationKey({ min: "1s", max: "1d" }).optional(),
  })
  .optional();
const place = z.strictObject({ max: max.optional() }).optional();

const shape: Record<string, z.ZodType> = Object.fromEntries([
  ...WINDOWED_LIMITS.map((name) => [name, windowed] as const),
  ...PLACE_LIMITS.map((name) => [name, place] as const),
]);

export const limitsSchema = z.strictObject(shape) as unknown as z.ZodType<CheckedLimits>;

export function limitsConfig(checked: CheckedLimits = {}): LimitsConfig {
  return Object.fromEntries(
    Object.entries(checked).map(([name, given]) => {
      const { max: count, window } = (given ?? {}) as { max?: number; window?: number };
      return [name, { max: count, windowMs: window }];
    }),
  );
}
