// Debian's Chromium, without its windows where that is installed, or the one that CHROMIUM names.

import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";

const PLACES = [
  "/usr/bin/chromium-headless-shell",
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
];

export function browserPath(): string | undefined {
  const named = process.env["CHROMIUM"];
  return [...(named === undefined ? [] : [named]), ...PLACES].find((path) => existsSync(path));
}

export function launchBrowser(): Promise<Browser> {
  // Its own sandbox does not work as root or in most containers; it only sees pages of our own.
  return chromium.launch({ executablePath: browserPath() ?? "", args: ["--no-sandbox"] });
}
