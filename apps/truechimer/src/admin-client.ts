// The admin API as the commands use it: the address and the key come from the options, the environment, or the running
// control plane's data directory.

import { type Client, ConnectError, createClient, type Transport } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { adminV1, alertsV1, analyticsV1, peopleV1, rulesV1 } from "@truechimer/api";
import { AppError, ERROR_CODES, type ErrorCode } from "@truechimer/base";
import type { CliContext } from "./cli-context.ts";
import type { AddressOptions } from "./command-host.ts";
import { readAuthorities } from "./config/root-file.ts";
import { readSecretFile } from "./config/secret-file.ts";
import { connectionFailure, untrustedPeer } from "./connection-failure.ts";
import { dataDirectoryPath, readAdminAddress } from "./data-directory.ts";

export type AdminClient = Client<typeof adminV1.AdminService>;

/** A question to a local control plane is answered within this, or something is wrong with it. */
const REQUEST_TIMEOUT_MS = 30_000;

export interface AdminAccess {
  readonly url: string;
  readonly key: string;
  /** PEM: the roots that are trusted instead of the system's. Absent: those. */
  readonly authoritiesPem?: string;
}

export async function connectAdmin(
  context: CliContext,
  options: AddressOptions,
): Promise<AdminClient> {
  return createAdminClient(await adminAccess(context, options));
}

export type PeopleClient = Client<typeof peopleV1.PeopleService>;

export async function connectPeople(
  context: CliContext,
  options: AddressOptions,
): Promise<PeopleClient> {
  return createClient(peopleV1.PeopleService, adminTransport(await adminAccess(context, options)));
}

export type AlertsClient = Client<typeof alertsV1.AlertService>;

export async function connectAlerts(
  context: CliContext,
  options: AddressOptions,
): Promise<AlertsClient> {
  return createClient(alertsV1.AlertService, adminTransport(await adminAccess(context, options)));
}

export type AnalyticsClient = Client<typeof analyticsV1.AnalyticsService>;

export async function connectAnalytics(
  context: CliContext,
  options: AddressOptions,
): Promise<AnalyticsClient> {
  const transport = adminTransport(await adminAccess(context, options));
  return createClient(analyticsV1.AnalyticsService, transport);
}

export type RulesClient = Client<typeof rulesV1.RulesService>;

export async function connectRules(
  context: CliContext,
  options: AddressOptions,
): Promise<RulesClient> {
  return createClient(rulesV1.RulesService, adminTransport(await adminAccess(context, options)));
}

export function createAdminClient(access: AdminAccess): AdminClient {
  return createClient(adminV1.AdminService, adminTransport(access));
}

function adminTransport({ url, key, authoritiesPem }: AdminAccess): Transport {
  const transport = createConnectTransport({
    baseUrl: url,
    httpVersion: "1.1",
    ...(authoritiesPem === undefined ? {} : { nodeOptions: { ca: authoritiesPem } }),
    defaultTimeoutMs: REQUEST_TIMEOUT_MS,
    interceptors: [
      (next) => async (request) => {
        request.header.set("Authorization", `Bearer ${key}`);
        return next(request);
      },
    ],
  });
  return withCodedErrors(transport, url);
}

export async function adminAccess(
  context: CliContext,
  options: AddressOptions,
): Promise<AdminAccess> {
  const url = options.url ?? context.env["TRUECHIMER_URL"];
  const keyFile = options.keyFile ?? context.env["TRUECHIMER_KEY_FILE"];
  if (url === undefined) return localAccess(context, options);
  if (keyFile === undefined) {
    throw new AppError("usage", `${url} needs an API key: name its file with --key-file`);
  }
  const authoritiesPem = await trustedAuthorities(context, options, url);
  return {
    url,
    key: await readSecretFile("--key-file", keyFile),
    ...(authoritiesPem === undefined ? {} : { authoritiesPem }),
  };
}

/** The variable is an agent's too, so it may well be set where nothing is asked by TLS; the option says what is meant. */
async function trustedAuthorities(
  context: CliContext,
  { caFile }: AddressOptions,
  url: string,
): Promise<string | undefined> {
  const isTls = /^https:/i.test(url);
  if (caFile !== undefined && !isTls) {
    throw new AppError(
      "usage",
      `--ca-file is for a control plane with TLS, and ${url} has none: give --url an https address, or leave --ca-file away`,
    );
  }
  const named = context.env["TRUECHIMER_CA_FILE"];
  if (caFile !== undefined) return readAuthorities("--ca-file", caFile);
  if (!isTls || named === undefined || named === "") return undefined;
  return readAuthorities("TRUECHIMER_CA_FILE", named);
}

async function localAccess(context: CliContext, options: AddressOptions): Promise<AdminAccess> {
  const path = dataDirectoryPath(options.dataDir ?? context.env["TRUECHIMER_DATA_DIR"]);
  const address = await readAdminAddress(path);
  if (address !== undefined) return address;
  throw new AppError(
    "peer_unreachable",
    `no truechimer runs in ${path}: start one with "truechimer up", or name another with --data-dir or --url`,
  );
}

/** Around the transport and not as an interceptor, whose errors Connect would wrap again. */
function withCodedErrors(transport: Transport, url: string): Transport {
  return {
    unary: async (...call) => {
      try {
        return await transport.unary(...call);
      } catch (error) {
        throw adminError(error, url);
      }
    },
    stream: async (...call) => {
      try {
        return await transport.stream(...call);
      } catch (error) {
        throw untrustedPeer(url, error) ?? error;
      }
    },
  };
}

/** Response header with our own code, finer than Connect's. */
export const ERROR_CODE_HEADER = "truechimer-error-code";

/** The coded error in what Connect throws. Absent code: the error itself. */
export function codedAdminError(error: ConnectError): unknown {
  return errorOfCode(error.metadata.get(ERROR_CODE_HEADER), error.rawMessage, error) ?? error;
}

/** Absent: the code is none of ours. */
export function errorOfCode(
  code: string | null,
  message: string,
  cause?: unknown,
): AppError | undefined {
  return isErrorCode(code) ? new AppError(code, message, { cause }) : undefined;
}

/** What a stream was refused with. */
export function streamError(error: unknown): unknown {
  return error instanceof ConnectError ? codedAdminError(error) : error;
}

/** The API's coded error, or what kept us from reaching it. */
function adminError(error: unknown, url: string): unknown {
  if (!(error instanceof ConnectError)) return error;
  const coded = codedAdminError(error);
  if (coded !== error) return coded;
  return connectionFailure(url, error);
}

function isErrorCode(code: string | null): code is ErrorCode {
  return (ERROR_CODES as readonly (string | null)[]).includes(code);
}
