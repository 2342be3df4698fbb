// The procedures as paths of OpenAPI: those with one answer, which a plain POST of JSON calls, and those with a stream of them, whose
// framing a client without Connect's library can write and read all the same.

import type { DescMessage, DescMethod, DescService } from "@bufbuild/protobuf";
import { adminV1, alertsV1, analyticsV1, peopleV1, rulesV1, signInV1 } from "@truechimer/api";
import { ADMIN_PERMISSIONS } from "../people/admin-permissions.ts";
import { ALERTS_PERMISSIONS } from "../people/alerts-permissions.ts";
import { ANALYTICS_PERMISSIONS } from "../people/analytics-permissions.ts";
import { PEOPLE_PERMISSIONS } from "../people/people-permissions.ts";
import type { AnyPermission, AnyPermissions } from "../people/permission.ts";
import { RULES_PERMISSIONS } from "../people/rules-permissions.ts";
import { described, type JsonSchema, schemaOf } from "./message-schema.ts";

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
      service.methods.map((method) => [
        `/${service.typeName}/${method.name}`,
        { post: operation(service, method, permissions) },
      ]),
    ),
  );
}

function operation(
  service: DescService,
  method: DescMethod,
  permissions: AnyPermissions | undefined,
): JsonSchema {
  const isStream = method.methodKind !== "unary";
  return {
    operationId: `${service.name}_${method.name}`,
    tags: [service.name],
    summary: method.name.replaceAll(/(?<=[a-z])(?=[A-Z])/g, " "),
    ...described(
      `${service.typeName}.${method.name}`,
      whoMay(permissions?.[method.localName]),
      ...(isStream ? [FRAMING] : []),
    ),
    ...(permissions === undefined && { security: [] }),
    requestBody: { required: true, content: contentOf(method.input, isStream) },
    responses: {
      "200": {
        description: isStream ? STREAM_ENDS : "The answer.",
        content: contentOf(method.output, isStream),
      },
      default: { $ref: "#/components/responses/Refusal" },
    },
  };
}

/** connectrpc.com, "Protocol reference", "Streaming RPCs". */
const STREAM_TYPE = "application/connect+json";
const FRAMING = `The answer is a stream. Question and answers are framed: a byte of flags (0), the length of what follows as four bytes, the highest first, then so many bytes of JSON. The question is one such frame. A frame with flag 2 is the last one: \`{}\`, or \`{"error": {…}}\` with what \`Refusal\` has.`;
const STREAM_ENDS =
  "Frames as they come. What was refused is told in the last one, but for a key that is missing, as `default`. A connection that ends without a last frame has broken.";

/** OpenAPI 3.1 has no word for what a stream is made of; that of 3.2 stands here as our own. */
function contentOf(message: DescMessage, isStream: boolean): JsonSchema {
  const schema = schemaOf(message);
  return isStream
    ? { [STREAM_TYPE]: { "x-itemSchema": schema } }
    : { "application/json": { schema } };
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
