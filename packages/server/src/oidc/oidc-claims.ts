// What the provider says of a person, as far as we go by it: role, account, name.

import type { RoleName } from "@truechimer/database";
import { ROLES } from "../people/role.ts";
import type { OidcSettings } from "./oidc-settings.ts";

export type Claims = Readonly<Record<string, unknown>>;

/** The texts of a claim: of a text itself, of a list each. A claim within another is named with dots: "realm_access.roles". */
export function claimTexts(claims: Claims, name: string): readonly string[] {
  const value = Object.hasOwn(claims, name) ? claims[name] : within(claims, name.split("."));
  const values: readonly unknown[] = Array.isArray(value) ? value : [value];
  return values.filter((each): each is string => typeof each === "string" && each !== "");
}

function within(value: unknown, [key, ...rest]: readonly string[]): unknown {
  if (key === undefined) return value;
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
  return within((value as Claims)[key], rest);
}

/** The one that may most of those that the claim's values stand for. Undefined: none. */
export function roleOf(
  claims: Claims,
  { roleClaim, roles }: Pick<OidcSettings, "roleClaim" | "roles">,
): RoleName | undefined {
  const given = new Set(claimTexts(claims, roleClaim).map((value) => roles.get(value)));
  return ROLES.findLast((role) => given.has(role));
}

/** What a new user is called: by the claim that was chosen, else by the e-mail address, else by the subject. */
export function nameOf(
  claims: Claims & { readonly sub: string },
  { nameClaim }: Pick<OidcSettings, "nameClaim">,
): string {
  return claimTexts(claims, nameClaim)[0] ?? claimTexts(claims, "email")[0] ?? claims.sub;
}
