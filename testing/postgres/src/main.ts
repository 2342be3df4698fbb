// The process that owns the test run's PostgreSQL. Prints one line of JSON: {"url"} when it is up, or {"failed"}. Ends,
// and removes everything, when its standard input does: also when the test run was killed. Exit code 1: a test has left
// a database behind.

import { createTestCluster, type TestCluster } from "./test-cluster.ts";

try {
  const cluster = await createTestCluster();
  process.stdin.once("end", () => void end(cluster));
  process.stdin.resume();
  process.stdout.write(`${JSON.stringify({ url: cluster.url })}\n`);
} catch (error) {
  process.stdout.write(`${JSON.stringify({ failed: String(error) })}\n`);
  process.exitCode = 1;
}

async function end(cluster: TestCluster): Promise<void> {
  try {
    await cluster[Symbol.asyncDispose]();
  } catch (error) {
    process.stderr.write(`${String(error)}\n`);
    process.exitCode = 1;
  }
}
