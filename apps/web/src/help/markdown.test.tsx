import { expect, test } from "vitest";
import { anchorOf, definedTerm, parseMarkdown } from "./markdown.tsx";

test("a reference page is divided into its blocks", () => {
  const text =
    "# Errors\n\nEach code\nhas a section.\n\n## `port_in_use`\n\n- one\n  goes on\n- two\n\n| a | b |\n|---|---|\n| 1 | 2 \\| 3 |\n\n```sh\nss -ltn\n```\n";
  expect(parseMarkdown(text)).toEqual([
    { kind: "heading", level: 1, text: "Errors" },
    { kind: "paragraph", text: "Each code has a section." },
    { kind: "heading", level: 2, text: "`port_in_use`" },
    { kind: "list", items: ["one goes on", "two"] },
    { kind: "table", head: ["a", "b"], rows: [["1", "2 | 3"]] },
    { kind: "code", text: "ss -ltn" },
  ]);
});

test("a code's heading has the code as its anchor", () => {
  expect(anchorOf("`port_in_use`")).toBe("port_in_use");
  expect(anchorOf("How to read this")).toBe("how-to-read-this");
});

test("a term that a paragraph defines is its anchor", () => {
  expect(definedTerm("**own clock.** An agent's clock minus the fleet's time.")).toBe("own-clock");
  expect(definedTerm("Some **bold** word.")).toBeUndefined();
});
