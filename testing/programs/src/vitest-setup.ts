// Before each test file, in its process. Where coverage is measured, the runner takes away the cache of compiled modules,
// which the counting would suffer from; programs that tests start are not counted, and have theirs.

const directory = process.env["TRUECHIMER_TESTS_COMPILED"];
if (directory !== undefined) {
  delete process.env["NODE_DISABLE_COMPILE_CACHE"];
  process.env["NODE_COMPILE_CACHE"] = directory;
}
