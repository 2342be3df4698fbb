// The text of a file to import, within limits.

import { createReadStream } from "node:fs";
import { AppError } from "@truechimer/base";

/** The longest list of servers that one import takes (IMPORT_SERVERS_MAX) fits several times over. */
const FILE_BYTES_MAX = 4_194_304;
/** Twenty a server. */
const LINES_MAX = 200_000;

/** `-` is the standard input. A device or a pipe without an end is read up to the limit alone. */
export async function readImportFile(
  file: string,
  stdin: (() => AsyncIterable<Uint8Array>) | undefined,
): Promise<string> {
  const named = file === "-" ? "the standard input" : file;
  const unreadable = (problem: string, cause?: unknown): AppError =>
    new AppError("config_unreadable", `${named} ${problem}`, { cause });
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const chunk of file === "-" ? (stdin?.() ?? []) : createReadStream(file)) {
      chunks.push(chunk as Uint8Array);
      bytes += (chunk as Uint8Array).length;
      if (bytes > FILE_BYTES_MAX) break;
    }
  } catch (cause) {
    throw unreadable("cannot be read: check the path and that this account may read it", cause);
  }
  if (bytes > FILE_BYTES_MAX) {
    throw unreadable(`has more than ${FILE_BYTES_MAX} bytes: is it the right file?`);
  }
  const text = new TextDecoder().decode(Buffer.concat(chunks));
  if (text.includes("\0")) {
    throw unreadable("is no text in UTF-8: is it the right file? Save it as UTF-8 otherwise");
  }
  const lines = text.split(/\r\n|\n|\r/).length;
  if (lines > LINES_MAX) throw unreadable(`has ${lines} lines: at most ${LINES_MAX} are read`);
  return text;
}
