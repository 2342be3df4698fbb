import { describe, expect, test } from "vitest";
import { createNameResolver } from "./resolve-name.ts";

const never = (): Promise<never> => new Promise(() => undefined);
const patient = new AbortController().signal;

describe("names", () => {
  test("name servers go before the host, which knows the rest", async () => {
    const asked: string[] = [];
    const resolve = createNameResolver({
      askNameServers: (name) => {
        asked.push(`name servers: ${name}`);
        return Promise.resolve(name === "a.example" ? ["192.0.2.1", "2001:db8::1"] : []);
      },
      askHost: (name) => {
        asked.push(`host: ${name}`);
        return Promise.resolve(["192.0.2.9"]);
      },
    });
    const texts = async (name: string): Promise<readonly string[]> =>
      (await resolve(name, patient)).map(({ text }) => text);
    expect(await texts("a.example")).toEqual(["192.0.2.1", "2001:db8::1"]);
    expect(await texts("b.example")).toEqual(["192.0.2.9"]);
    expect(await texts("printer")).toEqual(["192.0.2.9"]);
    expect(asked).toEqual([
      "name servers: a.example",
      "name servers: b.example",
      "host: b.example",
      "host: printer",
    ]);
  });

  test("of this host, without any name server", async () => {
    const addresses = await createNameResolver()("localhost", patient);
    expect(addresses.map(({ text }) => text).some((text) => /^(127\.|::1$)/.test(text))).toBe(true);
  });

  test("the host is asked two questions at once; whoever gives up waits no longer", async () => {
    const answers: (() => void)[] = [];
    const resolve = createNameResolver({
      askNameServers: never,
      askHost: () =>
        new Promise((settle) => {
          answers.push(() => settle(["192.0.2.1"]));
        }),
    });
    const impatience = new AbortController();
    const first = resolve("one", patient);
    const second = resolve("two", impatience.signal);
    const third = resolve("three", impatience.signal);
    const fourth = resolve("four", patient);
    await Promise.resolve();
    expect(answers).toHaveLength(2);
    impatience.abort(new Error("gone"));
    await expect(second).rejects.toThrow("gone");
    await expect(third).rejects.toThrow("gone");
    // The work for the second goes on, so its place is not free yet.
    expect(answers).toHaveLength(2);
    for (const answer of answers.splice(0)) answer();
    expect(await first).toHaveLength(1);
    await expect.poll(() => answers.length).toBe(1);
    answers[0]?.();
    expect(await fourth).toHaveLength(1);
  });

  test("one who has given up before is not begun for", async () => {
    const resolve = createNameResolver({ askNameServers: never, askHost: never });
    await expect(resolve("a.example", AbortSignal.abort(new Error("gone")))).rejects.toThrow(
      "gone",
    );
  });
});
