import { expect, test } from "vitest";
import { browserWords } from "./browser-words.ts";

test.each([
  {
    agent: "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    words: "Firefox, Linux",
  },
  {
    agent:
      "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0",
    words: "Edge, Windows",
  },
  {
    agent:
      "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36",
    words: "Chrome, Android",
  },
  {
    agent:
      "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1",
    words: "Safari, iOS",
  },
  { agent: "curl/8.14.1", words: "curl/8.14.1" },
  { agent: "", words: "unknown" },
])("$words", ({ agent, words }) => {
  expect(browserWords(agent)).toBe(words);
});
