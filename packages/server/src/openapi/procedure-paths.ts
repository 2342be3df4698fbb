// The procedures that a plain POST calls, as paths of OpenAPI.

import type { DescMethod, DescService } from "@bufbuild/protobuf";
import { adminV1, alertsV1, analyticsV1, peopleV1, rulesV1, signInV1 } from "@truechimer/api";
import { ADMIN_PERMISSIONS } from "../people/admin-permissions.ts";
import { ALERTS_PERMISSIONS } from "../people/alerts-permissions.ts";
import { ANALYTICS_PERMISSIONS } from "../people/analytics-permissions.ts";
import { PEOPLE_PERMISSIONS } from "../people/people-permissions.ts";
import type { AnyPermission, AnyPermissions } from "../people/permission.ts";
import { RULES_PERMISSIONS } from "../people/rules-permissions.ts";
import { type JsonSchema, schemaOf } from "./message-schema.ts";

interface DescribedService {
  readonly service: DescService;
  /** Absent: for whoever has no session yet. */
  readonly permissions: AnyPermissions | undefined;
}

export const DESCRIBED_SERVICES: readonly DescribedService[] = [
  { service: adminV1.AdminService, permissions: ADMIN_PERMISSIONS },
  { service: analyticsV1.AnalyticsService, permissions: ANALYTICS_PERMISSIONS },
  { service: rulesV1.RulesService, permissions: RULES_PERMISSIONS },
  { service: alertsV1.AlertService, permissions: ALERTS_PERMISSIONS },
  { service: peopleV1.PeopleService, permissions: PEOPLE_PERMISSIONS },
  { service: signInV1.SignInService, permissions: undefined },
];

export function procedurePaths(): Readonly<Record<string, JsonSchema>> {
  return Object.fromEntries(
    DESCRIBED_SERVICES.flatMap(({ service, permissions }) =>
      plainMethods(service).map((method) => [
        `/${service.typeName}/${method.name}`,
        { post: operation(service, method, permissions) },
      ]),
    ),
  );
}

/** A stream needs Connect's own framing, which no plain client has. */
export function plainMethods({ methods }: DescService): readonly DescMethod[] {
  return methods.filter(({ methodKind }) => methodKind === "unary");
}

function operation(
  service: DescService,
  method: DescMethod,
  permissions: AnyPermissions | undefined,
): JsonSchema {
  return {
    operationId: `${service.name}_${method.name}`,
    tags: [service.name],
    summary: method.name.replaceAll(/(?<=[a-z])(?=[A-Z])/g, " "),
    description: whoMay(permissions?.[method.localName]),
    ...(permissions === undefined && { security: [] }),
    requestBody: {
      required: true,
      content: { "application/json": { schema: schemaOf(method.input) } },
    },
    responses: {
      "200": {
        description: "The answer.",
        content: { "application/json": { schema: schemaOf(method.output) } },
      },
      default: { $ref: "#/components/responses/Refusal" },
    },
  };
}

function whoMay(permission: AnyPermission | undefined): string {
  if (permission === undefined) return "For whoever has no session yet.";
  const { least, accounts, changes, keyOnly } = permission;
  return [
    `Needs the role ${least}.`,
    ...(accounts === "installation" ? ["Not for callers that see one account."] : []),
    ...(changes === true ? ["Changes something, and is in the audit trail."] : []),
    ...(keyOnly === true ? ["Needs an API key: a session is not enough."] : []),
  ].join(" ");
}
