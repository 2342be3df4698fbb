import { expect, test } from "vitest";
import { describeDatabaseUrl } from "./database-url.ts";

test.each([
  { url: "postgres://user:secret@db.example:6543/name", text: "db.example:6543/name" },
  { url: "postgresql://db.example/name", text: "db.example:5432/name" },
  {
    url: "postgres://user:secret@[2001:db8::1]/name?sslmode=require",
    text: "[2001:db8::1]:5432/name",
  },
  { url: "postgres:///name?host=/run/postgresql", text: "/run/postgresql:5432/name" },
])("$url is shown as $text", ({ url, text }) => {
  expect(describeDatabaseUrl(url)).toBe(text);
});

test.each(["", "name", "http://user:secret@host/name", "postgres//x:secret@y"])(
  "%j is refused without being repeated",
  (url) => {
    expect(() => describeDatabaseUrl(url)).toThrow(
      /not of the form postgres:\/\/user:password@host/,
    );
    expect(() => describeDatabaseUrl(url)).not.toThrow(/secret/);
  },
);
