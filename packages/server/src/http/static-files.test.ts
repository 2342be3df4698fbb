import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { afterAll, describe, expect, test } from "vitest";
import { acceptedEncoding, loadStaticFiles } from "./static-files.ts";

const root = await mkdtemp(join(tmpdir(), "static files "));
afterAll(async () => await rm(root, { recursive: true }));

const SCRIPT = "console.log(1);".repeat(100);
await mkdir(join(root, "assets"));
await writeFile(join(root, "index.html"), "<!doctype html><title>x</title>");
await writeFile(join(root, "assets/index-B1x9_aQ2.js"), SCRIPT);
await writeFile(join(root, "assets/index-B1x9_aQ2.js.br"), "made before");
await writeFile(join(root, "assets/other-B1x9_aQ3.js"), SCRIPT);
await writeFile(join(root, "favicon.svg"), "<svg/>");

test("until the dashboard is built there are no files", async () => {
  expect(await loadStaticFiles(join(root, "assets"))).toBeUndefined();
  expect(await loadStaticFiles("/nowhere")).toBeUndefined();
});

test("only a name with a hash is kept for ever", async () => {
  const files = await loadStaticFiles(root);
  expect(files?.get("/assets/index-B1x9_aQ2.js")?.cacheControl).toBe(
    "public, max-age=31536000, immutable",
  );
  expect(files?.get("/index.html")?.cacheControl).toBe("no-cache");
  expect(files?.get("/favicon.svg")?.cacheControl).toBe("no-cache");
  expect(files?.get("/index.html")?.contentType).toBe("text/html; charset=utf-8");
  expect([...(files?.keys() ?? [])]).toHaveLength(4);
});

test("what was compressed before is used, the rest is compressed once", async () => {
  const files = await loadStaticFiles(root);
  const made = files?.get("/assets/index-B1x9_aQ2.js");
  expect(Buffer.from((await made?.body("br")) ?? []).toString()).toBe("made before");
  expect(gunzipSync((await made?.body("gzip")) ?? Buffer.of()).toString()).toBe(SCRIPT);
  const other = files?.get("/assets/other-B1x9_aQ3.js");
  const once = await other?.body("br");
  expect(brotliDecompressSync(once ?? Buffer.of()).toString()).toBe(SCRIPT);
  expect(await other?.body("br")).toBe(once);
  expect(files?.get("/favicon.svg")?.compressible).toBe(false);
});

describe("the best encoding that the browser takes", () => {
  test.each([
    { header: "gzip, deflate, br, zstd", encoding: "br" },
    { header: "gzip", encoding: "gzip" },
    { header: "br;q=0, gzip", encoding: "gzip" },
    { header: "br;q=0.5", encoding: "br" },
    { header: "identity", encoding: "identity" },
    { header: undefined, encoding: "identity" },
  ])("$header: $encoding", ({ header, encoding }) => {
    expect(acceptedEncoding(header)).toBe(encoding);
  });
});
