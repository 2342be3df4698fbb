// axe finds nothing on any page of agents, people, rules and help, light and dark, wide and narrow; nothing scrolls sideways;
// nothing breaks the policy.

import { describe, expect, test } from "vitest";
import { startFakeServer } from "../testing/fake-server.ts";
import { axeFindings } from "./_axe.ts";
import { browserPath, type Visit, visit } from "./_browser.ts";
import { builtPage } from "./_built-page.ts";
import { expectGoodInEveryLayout } from "./_every-layout.ts";
import { heading, type PageCase, useOnePage } from "./_pages.ts";

const LIMIT_MS = 120_000;

const PAGES: readonly PageCase[] = [
  { name: "agents", path: "/agents?lab=shown", ready: heading(/^Agents/) },
  {
    name: "an agent",
    path: "/agents/01K00000000000000000000001",
    ready: (page) => page.getByText(/^It watches 12/).waitFor(),
  },
  { name: "adding an agent", path: "/agents/add", ready: heading("With a one-time token") },
  {
    name: "a registration",
    path: "/agents/registrations/01R00000000000000000000001",
    ready: heading("Let it in"),
  },
  {
    name: "a rejected registration",
    path: "/agents/registrations/01R00000000000000000000004",
    ready: heading("unknown-vps"),
  },
  { name: "no agent", path: "/agents/nobody", ready: heading("There is no such agent") },
  { name: "what if", path: "/what-if", ready: heading("In force so far") },
  { name: "operations", path: "/operations", ready: heading("Operations") },
  { name: "people", path: "/people", ready: heading("API keys") },
  { name: "the audit trail", path: "/audit", ready: (page) => page.getByText("watched").waitFor() },
  {
    name: "a one-time link",
    path: "/welcome#tcl_link-number-1",
    ready: heading("Welcome, linus"),
  },
  { name: "no one-time link", path: "/welcome", ready: heading("Nothing to open") },
  { name: "errors reference", path: "/help/errors", ready: heading(/Errors/) },
  { name: "no page", path: "/nowhere", ready: heading("There is no such page") },
];

describe.skipIf(browserPath() === undefined)("every page", { timeout: LIMIT_MS }, () => {
  const use = useOnePage(LIMIT_MS);

  test.each(PAGES)("$name", async ({ name, path, ready }) => {
    await use.page.goto(use.fake.url + path);
    await ready(use.page);
    await expectGoodInEveryLayout(use.page, name);
  });

  test("without a session there is one page, and it satisfies axe", async () => {
    await using fake = await startFakeServer({ webRoot: await builtPage() });
    fake.admin.sessionNeeded = true;
    await using open: Visit = await visit(use.browser, fake.url);
    await heading("This dashboard needs a session")(open.page);
    expect(await axeFindings(open.page)).toEqual([]);
    await open.page.getByLabel("Address or key").fill("no key");
    await open.page.getByRole("button", { name: "Enter" }).click();
    await open.page.getByText(/That is no key/).waitFor();
    await open.page.getByLabel("Address or key").fill(`${fake.url}/?key=right-key-0123`);
    await open.page.getByRole("button", { name: "Enter" }).click();
    await heading(/servers agree/)(open.page);
  });
});
