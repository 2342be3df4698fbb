// From what a person typed to addresses that may be watched.

import {
  type AddressScope,
  addressScope,
  type ErrorCode,
  type IpAddress,
  ok,
  type Result,
  refused,
} from "@truechimer/base";
import type { ServerContext } from "../context.ts";
import { addressName } from "./address-name.ts";
import { parseTarget } from "./parse-target.ts";

export interface ResolvedTarget {
  /** As typed; with the port where it is not 123. */
  readonly name: string;
  readonly address: IpAddress;
  readonly port: number;
}

export interface TargetProblem {
  readonly code: ErrorCode;
  readonly message: string;
}

const NTP_PORT = 123;
const RESOLVE_TIMEOUT_MS = 5_000;
/** A name with more addresses is not one person's server. */
const ADDRESSES_MAX = 16;

type ResolveContext = Pick<ServerContext, "resolveName" | "policy">;

/** All addresses of a name that the policy allows; a refusal when there is none. No name is looked up after the signal. */
export async function resolveTarget(
  context: ResolveContext,
  target: string,
  signal: AbortSignal,
): Promise<Result<readonly ResolvedTarget[], TargetProblem>> {
  const parsed = parseTarget(target);
  if (!parsed.ok) return refused({ code: "bad_address", message: parsed.error });
  const { value } = parsed;
  const { port } = value;
  if (value.kind === "address") {
    const problem = addressProblem(context, value.address);
    if (problem !== undefined) return refused({ code: "address_refused", message: problem });
    return ok([{ name: addressName(value.address.text, port), address: value.address, port }]);
  }
  const addresses = await resolved(context, value.name, signal);
  if (!addresses.ok) return addresses;
  const allowed = addresses.value.filter(
    (address) => addressProblem(context, address) === undefined,
  );
  const [first] = addresses.value;
  if (allowed.length === 0 && first !== undefined) {
    const message = `${value.name}: ${addressProblem(context, first) ?? ""}`;
    return refused({ code: "address_refused", message });
  }
  const name = port === NTP_PORT ? value.name : `${value.name}:${port}`;
  return ok(allowed.slice(0, ADDRESSES_MAX).map((address) => ({ name, address, port })));
}

async function resolved(
  { resolveName }: ResolveContext,
  name: string,
  signal: AbortSignal,
): Promise<Result<readonly IpAddress[], TargetProblem>> {
  const unresolved = (why: string): Result<readonly IpAddress[], TargetProblem> =>
    refused({
      code: "name_unresolved",
      message: `"${name}" has no address (${why}): check the spelling and this host's name service, or add it by address`,
    });
  const timeUp = (): Result<readonly IpAddress[], TargetProblem> =>
    refused({
      code: "name_unresolved",
      message: `"${name}" was not looked up: the names before it took too long; add it again`,
    });
  if (signal.aborted) return timeUp();
  try {
    const limits = [signal, AbortSignal.timeout(RESOLVE_TIMEOUT_MS)];
    const addresses = await resolveName(name, AbortSignal.any(limits));
    return addresses.length === 0 ? unresolved("no records") : ok(addresses);
  } catch (error) {
    if (signal.aborted) return timeUp();
    const code = (error as { readonly code?: unknown }).code;
    return unresolved(typeof code === "string" ? code : "no answer");
  }
}

const REFUSED_ALWAYS: ReadonlySet<AddressScope> = new Set(["multicast", "unspecified", "reserved"]);

/** Why an address may not be watched. Absent: it may. */
function addressProblem(
  { policy }: Pick<ResolveContext, "policy">,
  address: IpAddress,
): string | undefined {
  const scope = addressScope(address);
  if (scope === "public") return undefined;
  if (REFUSED_ALWAYS.has(scope))
    return `${address.text} is a ${scope} address: no server can be there`;
  if (policy.privateTargetsAllowed) return undefined;
  const word = scope.replace("_", "-");
  return `${address.text} is a ${word} address, and this control plane watches public ones alone: set targets.private_allowed = true in its configuration to change that`;
}
