// Where data that takes long to make is kept for the next run: 12 GB of it at the full size of a pool.

import { chmod, mkdir } from "node:fs/promises";
import { join } from "node:path";

const KEPT_IN = process.env["TRUECHIMER_BENCH_DIR"] ?? "/var/tmp/truechimer-bench";

/** Made, and open to the account that PostgreSQL runs under. */
export async function keptDirectory(name: string): Promise<string> {
  const directory = join(KEPT_IN, name);
  await mkdir(directory, { recursive: true });
  await chmod(KEPT_IN, 0o711);
  await chmod(directory, 0o711);
  return directory;
}
