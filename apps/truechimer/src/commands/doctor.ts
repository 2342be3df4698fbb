// `truechimer doctor`: what is wrong with an installation, and what to do.

import {
  type CommandHost,
  examples,
  type OutputOptions,
  withOutputOptions,
} from "../command-host.ts";

export interface DoctorOptions extends OutputOptions {
  readonly config?: string;
  readonly dataDir?: string;
}

export function registerDoctor({ program, context, finish }: CommandHost): void {
  withOutputOptions(program.command("doctor"))
    .description("look at the whole installation, and say what to do")
    .option("--data-dir <directory>", "data directory of `truechimer up`; default .truechimer")
    .option("--config <file>", "configuration file, such as one with database.url_file")
    .addHelpText(
      "after",
      `${examples(
        ["truechimer doctor", "of `truechimer up` on this host"],
        [
          "truechimer doctor --config /etc/truechimer/server.toml",
          "of a control plane on your own PostgreSQL",
        ],
      )}
It looks at Node, the data directory, the secrets in it, the disk, the health of the process, the database with its schema,
settings and connections, processes, loops, scores, partitions, certificates, the age of the last backup, time stamps, and
this host's clock. It changes nothing. An agent elsewhere has its own: truechimer-agent doctor.

Exit codes: 0 nothing worse than a warning, 1 a problem, 2 usage, 3 the database cannot be reached.
`,
    )
    .action(async (options: DoctorOptions) => {
      const { runInstallationDoctor } = await import("../doctor/run-installation-doctor.ts");
      finish(await runInstallationDoctor(context, options));
    });
}
