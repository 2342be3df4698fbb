// What a file of browser tests needs: the built page, a browser for the file, and a fake of its own for each test.

import type { Browser } from "playwright-core";
import { afterAll, beforeAll, beforeEach } from "vitest";
import {
  type FakeServer,
  type FakeServerOptions,
  startFakeServer,
} from "../testing/fake-server.ts";
import { launchBrowser } from "./_browser.ts";
import { builtPage } from "./_built-page.ts";

/** Holds within a test. */
export interface FakeInBrowser {
  readonly browser: Browser;
  readonly fake: FakeServer;
  /** Folder of the built page. */
  readonly webRoot: string;
}

/** To be called in a `describe`. `options`: what each fake begins with. */
export function useFakeInBrowser(
  limitMs: number,
  options: Pick<FakeServerOptions, "dualStack"> = {},
): FakeInBrowser {
  let webRoot: string;
  let browser: Browser;
  let fake: FakeServer;

  beforeAll(async () => {
    webRoot = await builtPage();
    browser = await launchBrowser();
  }, limitMs);

  afterAll(async () => {
    await browser.close();
  }, limitMs);

  beforeEach(async () => {
    fake = await startFakeServer({ webRoot, ...options });
    return async () => {
      await fake[Symbol.asyncDispose]();
    };
  });

  return {
    get browser() {
      return browser;
    },
    get fake() {
      return fake;
    },
    get webRoot() {
      return webRoot;
    },
  };
}
