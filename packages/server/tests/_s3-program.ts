// An S3 server as a process of its own: `node _s3-program.ts DIRECTORY PORT BUCKET…`. It says its port once it listens, and ends
// with its standard input. Its only account is S3RVER, with the secret S3RVER.

import { createRequire } from "node:module";

interface S3rverOptions {
  readonly directory: string;
  readonly address: string;
  readonly port: number;
  readonly silent: boolean;
  readonly vhostBuckets: boolean;
  readonly configureBuckets: readonly {
    readonly name: string;
    readonly configs: readonly never[];
  }[];
}

interface S3rver {
  run(): Promise<{ readonly port: number }>;
}

interface SignedRequest {
  readonly uri: string;
}

type StringToSign = (request: SignedRequest, signature: unknown) => string;

// It comes without types.
const load = createRequire(import.meta.url);
const Server = load("@20minutes/s3rver") as new (options: S3rverOptions) => S3rver;
const signatures = load("@20minutes/s3rver/lib/signature/v4.js") as {
  getStringToSign: StringToSign;
};

// It makes the path that was signed anew, and drops the slash behind a bucket; what counts is the path as it was sent (Amazon S3,
// Signature Version 4, canonical URI). Our client's questions for a list have that slash.
const { getStringToSign } = signatures;
signatures.getStringToSign = (request, signature) => {
  const isBucket = request.uri.lastIndexOf("/") === 0;
  return getStringToSign(
    { ...request, uri: isBucket ? `${request.uri}/` : request.uri },
    signature,
  );
};

const [directory = "", port = "0", ...buckets] = process.argv.slice(2);
const server = new Server({
  directory,
  address: "127.0.0.1",
  port: Number(port),
  silent: true,
  vhostBuckets: false,
  configureBuckets: buckets.map((name) => ({ name, configs: [] })),
});
const address = await server.run();
process.stdout.write(`${address.port}\n`);
process.stdin.resume().once("end", () => process.exit(0));
