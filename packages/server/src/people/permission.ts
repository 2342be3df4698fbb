// The permission of a procedure: who may call it, and how it keeps accounts apart.

import type { DescMethod, DescService, MessageShape } from "@bufbuild/protobuf";
import type { RoleName } from "@truechimer/database";
import type { ServerContext } from "../context.ts";
import type { ObjectRefs } from "./owned-objects.ts";
import type { SeenObjects } from "./seen-objects.ts";

/** What is left of an answer for a caller that sees one account. */
export type Narrow<Answer> = (
  answer: Answer,
  seen: SeenObjects,
  context: ServerContext,
) => Promise<Answer>;

export interface Permission<Request, Answer> {
  /** Whoever has less is refused. */
  readonly least: RoleName;
  /**
   * How it keeps accounts apart, for a caller that sees one alone:
   * nothing: what it tells belongs to no account;
   * installation: it is about all accounts at once, and refused;
   * caller: it goes by the caller's account itself;
   * otherwise: the objects that the request names must be the account's, and the answer is narrowed.
   */
  readonly accounts:
    | "nothing"
    | "installation"
    | "caller"
    | {
        readonly objects?: (request: Request) => ObjectRefs;
        readonly narrow?: Narrow<Answer>;
      };
  /** It changes something, and the audit trail says so. */
  readonly changes?: true;
  /** A browser's session is refused: its answer is a secret, and a stolen session must not make more of itself. */
  readonly keyOnly?: true;
}

export type PermissionsOf<Service extends DescService> = {
  readonly [Name in keyof Service["method"]]: Service["method"][Name] extends DescMethod
    ? Permission<
        MessageShape<Service["method"][Name]["input"]>,
        MessageShape<Service["method"][Name]["output"]>
      >
    : never;
};

/** Of a procedure that is known by its name alone. */
export interface AnyPermission
  extends Pick<Permission<never, never>, "least" | "changes" | "keyOnly"> {
  readonly accounts:
    | "nothing"
    | "installation"
    | "caller"
    | {
        readonly objects?: (request: never) => ObjectRefs;
        readonly narrow?: (
          answer: never,
          seen: SeenObjects,
          context: ServerContext,
        ) => Promise<unknown>;
      };
}

/** By the procedure's name, as `AdminService.method` has it. */
export type AnyPermissions = Readonly<Record<string, AnyPermission | undefined>>;
