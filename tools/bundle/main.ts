// `npm run bundle`: the agent as a folder that runs without this repository and without node_modules. What is in it, and
// how to install it: apps/truechimer/packaging/README.md, which goes along.

import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { createBundle } from "./create-bundle.ts";
import { hostPlatform, knownPlatforms } from "./native-part.ts";

const USAGE = `usage: npm run bundle [-- --out DIRECTORY] [--platform NAME …]

  --out DIRECTORY   where it goes; default dist/truechimer-agent. What stood there before is replaced.
  --platform NAME   a platform to run on, again for each; default this host's. "all" is ${knownPlatforms().join(", ")}.
                    The native part of another platform is fetched from the registry once, and checked.
`;

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

try {
  await main();
} catch (error) {
  process.stderr.write(`bundle: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      out: { type: "string", default: join(root, "dist", "truechimer-agent") },
      platform: { type: "string", multiple: true, default: [hostPlatform()] },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) {
    process.stdout.write(USAGE);
    return;
  }
  const platforms = values.platform.includes("all") ? knownPlatforms() : values.platform;
  const { bytes } = await createBundle({ root, out: values.out, platforms });
  const kib = Math.round(bytes / 1_024);
  process.stdout.write(
    `${relative(process.cwd(), values.out)}: ${kib} KiB of program, for ${platforms.join(", ")}\n`,
  );
}
