// The built dashboard, held in memory: only files that were there at the start are ever served, so no request can name
// a path of the disk.

import { createHash } from "node:crypto";
import { readdir, readFile, stat } from "node:fs/promises";
import { extname, join } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";

const FILES_MAX = 2_000;
const FILE_BYTES_MAX = 16 * 1024 * 1024;
/** Smaller bodies gain nothing from compression. */
const COMPRESS_BYTES_MIN = 512;
const BROTLI_QUALITY = 9;

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".json": "application/json; charset=utf-8",
  ".map": "application/json; charset=utf-8",
  ".webmanifest": "application/manifest+json; charset=utf-8",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".ico": "image/x-icon",
  ".txt": "text/plain; charset=utf-8",
  ".woff2": "font/woff2",
};
const COMPRESSIBLE = /^(text\/|application\/(json|manifest)|image\/svg)/;

/** A bundler's name with the hash of its content, such as `assets/index-B1x9_aQ2.js`: it never changes. */
const HASHED_NAME = /[-.][A-Za-z0-9_-]{8,}\.[a-z0-9]+$/;

export type Encoding = "br" | "gzip" | "identity";

export interface StaticFile {
  readonly contentType: string;
  readonly cacheControl: string;
  readonly etag: string;
  body(encoding: Encoding): Promise<Uint8Array>;
  /** Whether it is worth to ask for another encoding than `identity`. */
  readonly compressible: boolean;
}

/** By URL path, with a leading slash. */
export type StaticFiles = ReadonlyMap<string, StaticFile>;

/** Absent: there is no dashboard at `root` yet. */
export async function loadStaticFiles(root: string): Promise<StaticFiles | undefined> {
  const index = await stat(join(root, "index.html")).catch(() => undefined);
  if (index?.isFile() !== true) return undefined;
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).slice(0, FILES_MAX);
  const loaded = new Map<string, StaticFile>();
  const compressed = new Map<string, Uint8Array>();
  for (const entry of files) {
    const path = join(entry.parentPath, entry.name);
    const bytes = await readFile(path);
    if (bytes.length > FILE_BYTES_MAX) continue;
    const url = `/${path.slice(root.length).replaceAll("\\", "/").replace(/^\/+/, "")}`;
    if (/\.(br|gz)$/.test(url)) compressed.set(url, bytes);
    else loaded.set(url, staticFile(url, bytes, compressed));
  }
  return loaded;
}

/** The best encoding that the browser accepts. */
export function acceptedEncoding(header: string | undefined): Encoding {
  const accepted = (header ?? "").toLowerCase();
  const allows = (name: string): boolean =>
    new RegExp(`(^|[,\\s])${name}(?!\\s*;\\s*q=0(\\.0*)?\\s*(,|$))`).test(accepted);
  if (allows("br")) return "br";
  return allows("gzip") ? "gzip" : "identity";
}

function staticFile(
  url: string,
  bytes: Uint8Array,
  precompressed: ReadonlyMap<string, Uint8Array>,
): StaticFile {
  const contentType = CONTENT_TYPES[extname(url)] ?? "application/octet-stream";
  const compressible = COMPRESSIBLE.test(contentType) && bytes.length >= COMPRESS_BYTES_MIN;
  const made = new Map<Encoding, Promise<Uint8Array>>();
  const encoded = (encoding: Encoding): Promise<Uint8Array> => {
    const stored = precompressed.get(`${url}.${encoding === "br" ? "br" : "gz"}`);
    if (stored !== undefined) return Promise.resolve(stored);
    return encoding === "br"
      ? promisify(brotliCompress)(bytes, {
          params: { [constants.BROTLI_PARAM_QUALITY]: BROTLI_QUALITY },
        })
      : promisify(gzip)(bytes);
  };
  return {
    contentType,
    compressible,
    cacheControl: HASHED_NAME.test(url) ? "public, max-age=31536000, immutable" : "no-cache",
    etag: `"${createHash("sha256").update(bytes).digest("base64url").slice(0, 27)}"`,
    body: (encoding) => {
      if (encoding === "identity" || !compressible) return Promise.resolve(bytes);
      const known = made.get(encoding) ?? encoded(encoding);
      made.set(encoding, known);
      return known;
    },
  };
}
