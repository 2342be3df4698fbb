import { expect, test } from "vitest";
import { isJournal } from "./agent-logger.ts";

const stat = (): { dev: number; ino: number } => ({ dev: 8, ino: 1234 });

test.each([
  { name: "without the variable", variables: {}, journal: false },
  { name: "with an empty one", variables: { JOURNAL_STREAM: "" }, journal: false },
  {
    name: "when standard error is the stream",
    variables: { JOURNAL_STREAM: "8:1234" },
    journal: true,
  },
  {
    name: "when standard error was led elsewhere",
    variables: { JOURNAL_STREAM: "8:99" },
    journal: false,
  },
])("$name the log goes to the journal: $journal", ({ variables, journal }) => {
  expect(isJournal(variables, stat)).toBe(journal);
});
