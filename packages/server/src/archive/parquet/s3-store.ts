// The files of an archive in a bucket of a store that speaks S3. A file of more than a few megabytes is sent in parts: it is
// there once the store has put them together.

import { AppError } from "@truechimer/base";
import { S3mini } from "s3mini";
import { createNodeFetch } from "./node-fetch.ts";
import type { ObjectStore, StoredObject } from "./object-store.ts";

export interface S3Settings {
  /** Without a path: "https://s3.example.net". */
  readonly endpoint: string;
  /** Must be there. */
  readonly bucket: string;
  /** What the names of all files begin with, such as "clocks/": absent: nothing. */
  readonly prefix?: string;
  /** Default: "us-east-1", which stores of one place take. */
  readonly region?: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** The bucket as the first part of the path, as most stores but Amazon's want it, or before the host. Default: true. */
  readonly pathStyle?: boolean;
  /** PEM of the root that its certificate leads to. Default: the system's roots. */
  readonly rootPem?: string;
  /** How long one request may take. Default 60 s. */
  readonly timeoutMs?: number;
}

const REGION_DEFAULT = "us-east-1";
const TIMEOUT_MS_DEFAULT = 60_000;
/** The least that stores take as a part is 5 MiB; so much is in memory. */
const PART_BYTES = 8_388_608;
const KEYS_A_PAGE = 1_000;
const CONTENT_TYPE = "application/vnd.apache.parquet";

export function createS3Store(settings: S3Settings): ObjectStore {
  const { prefix = "", bucket } = settings;
  const target = `s3+${new URL(settings.endpoint).origin}/${bucket}/${prefix}`;
  const client = new S3mini({
    endpoint: bucketAddress(settings),
    region: settings.region ?? REGION_DEFAULT,
    accessKeyId: settings.accessKeyId,
    secretAccessKey: settings.secretAccessKey,
    fetch: createNodeFetch({
      rootPem: settings.rootPem,
      timeoutMs: settings.timeoutMs ?? TIMEOUT_MS_DEFAULT,
    }),
  });
  let isPrepared = false;
  const told = async <Value>(work: () => Promise<Value>): Promise<Value> => {
    try {
      return await work();
    } catch (error) {
      throw failure(target, error);
    }
  };
  const list = async (
    from: string,
    {
      after = "",
      to,
      max = Number.POSITIVE_INFINITY,
    }: {
      readonly after?: string | undefined;
      readonly to?: string | undefined;
      readonly max?: number;
    },
  ): Promise<readonly StoredObject[]> => {
    const found: StoredObject[] = [];
    let token: string | undefined;
    do {
      const page = await client.listObjectsPaged(
        "/",
        `${prefix}${from}`,
        Math.min(max, KEYS_A_PAGE),
        token,
        after === "" ? {} : { "start-after": `${prefix}${after}` },
      );
      if (!page) throw missingBucket(target, bucket);
      for (const { Key, Size, LastModified } of page.objects ?? []) {
        const name = Key.slice(prefix.length);
        if (to !== undefined && name >= to) return found;
        if (name > after)
          found.push({
            name,
            bytes: Number.parseInt(String(Size), 10),
            modifiedMs: new Date(LastModified).getTime(),
          });
      }
      token = page.nextContinuationToken;
    } while (token !== undefined && token !== "" && found.length < max);
    return found;
  };
  return {
    target,
    prepare: () =>
      told(async () => {
        if (!isPrepared) await list("", { max: 1 });
        isPrepared = true;
      }),
    list: (from, { after, to } = {}) => told(() => list(from, { after, to })),
    first: (from) => told(async () => (await list(from, { max: 1 }))[0]?.name),
    read: (name, { start, end }) =>
      told(async () => {
        try {
          const answer = await client.getObjectRaw(`${prefix}${name}`, false, start, end);
          return await answer.arrayBuffer();
        } catch (error) {
          if (serviceCode(error) === "NoSuchKey") return undefined;
          throw error;
        }
      }),
    write: (name, bytes, signal) =>
      told(() => send(client, { name: `${prefix}${name}`, bytes, signal })),
    remove: (names) =>
      told(async () => {
        for (const name of names) await client.deleteObject(`${prefix}${name}`);
      }),
    [Symbol.asyncDispose]: async () => undefined,
  };
}

function bucketAddress({ endpoint, bucket, pathStyle = true }: S3Settings): string {
  const url = new URL(endpoint);
  return pathStyle ? `${url.origin}/${bucket}` : `${url.protocol}//${bucket}.${url.host}`;
}

interface Sent {
  readonly name: string;
  readonly bytes: Iterable<Uint8Array> | AsyncIterable<Uint8Array>;
  readonly signal: AbortSignal;
}

async function send(client: S3mini, { name, bytes, signal }: Sent): Promise<void> {
  const parts = inParts(bytes);
  const first = await parts.next();
  const second = first.done === true ? first : await parts.next();
  signal.throwIfAborted();
  if (second.done === true) {
    const only = first.done === true ? new Uint8Array() : first.value;
    await client.putObject(name, only, CONTENT_TYPE);
    return;
  }
  const uploadId = await client.getMultipartUploadId(name, CONTENT_TYPE);
  try {
    const sent = [];
    for (let next = first; next.done !== true; ) {
      signal.throwIfAborted();
      sent.push(await client.uploadPart(name, uploadId, next.value, sent.length + 1));
      next = sent.length === 1 ? second : await parts.next();
    }
    const { etag } = await client.completeMultipartUpload(name, uploadId, sent);
    // A store may begin with a good status, and end with an error.
    if (typeof etag !== "string" || etag === "") throw new Error("the parts were not put together");
  } catch (error) {
    await client.abortMultipartUpload(name, uploadId).catch(() => undefined);
    throw error;
  }
}

/** Pieces of one size, but for the last. */
async function* inParts(
  bytes: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
): AsyncGenerator<Buffer, void> {
  let pieces: Uint8Array[] = [];
  let length = 0;
  for await (const piece of bytes) {
    pieces.push(piece);
    length += piece.byteLength;
    if (length < PART_BYTES) continue;
    yield Buffer.concat(pieces);
    pieces = [];
    length = 0;
  }
  if (length > 0) yield Buffer.concat(pieces);
}

function missingBucket(target: string, bucket: string): AppError {
  return new AppError(
    "archive_refused",
    `${target} has no bucket ${bucket}: make it, or correct archive.s3_bucket`,
  );
}

function serviceCode(error: unknown): string | undefined {
  return (error as { readonly serviceCode?: string }).serviceCode;
}

const REMEDIES: Readonly<Record<string, string>> = {
  NoSuchBucket: "make the bucket, or correct archive.s3_bucket",
  InvalidAccessKeyId: "correct archive.s3_access_key_id",
  SignatureDoesNotMatch:
    "correct the secret in archive.s3_secret_key_file, and see archive.s3_region",
  AccessDenied: "let this key list the bucket, and read, write and delete its objects",
  AuthorizationHeaderMalformed: "correct archive.s3_region",
  RequestTimeTooSkewed: "correct this host's clock",
  QuotaExceeded: "make room; what is not written waits in the database",
  XMinioStorageFull: "make room; what is not written waits in the database",
  InsufficientStorage: "make room; what is not written waits in the database",
};
/** And those above are failures of the store, which may be over by the next try. */
const SERVER_ERROR = 500;
const TOO_MANY_REQUESTS = 429;
const OUT_OF_SPACE = 507;

/** What the store said at length stays out: it repeats what it was sent, down to the key. */
function failure(target: string, error: unknown): unknown {
  if (error instanceof AppError) return error;
  const { status, name } = error as { readonly status?: number; readonly name?: string };
  if (name === "AbortError") return error;
  const code = serviceCode(error) ?? "an unnamed error";
  if (status === undefined) {
    const { code: systemCode } = error as { readonly code?: unknown };
    const cause = new Error(typeof systemCode === "string" ? systemCode : (name ?? "no answer"));
    return new AppError("peer_unreachable", `the archive at ${target} does not answer`, { cause });
  }
  const isAway =
    status === TOO_MANY_REQUESTS || (status >= SERVER_ERROR && status !== OUT_OF_SPACE);
  if (isAway && REMEDIES[code] === undefined) {
    return new AppError(
      "peer_unreachable",
      `the archive at ${target} answers with ${status} (${code}): it is tried again`,
    );
  }
  return new AppError(
    "archive_refused",
    `the archive at ${target} answers with ${status} (${code}): ${REMEDIES[code] ?? "its own log says more"}`,
  );
}
