// The page of the alerts, in a real browser against the fake.

import type { Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import { axeFindings } from "./_axe.ts";
import { browserPath, expectNoSidewaysScroll, visit } from "./_browser.ts";
import { useFakeInBrowser } from "./_fake-in-browser.ts";

const LIMIT_MS = 120_000;

describe.skipIf(browserPath() === undefined)("alerts", { timeout: LIMIT_MS }, () => {
  const world = useFakeInBrowser(LIMIT_MS);

  test.each([390, 1280])(
    "an incident is taken on, a channel and a rule are added, at %i pixels",
    async (width) => {
      await using open = await visit(world.browser, `${world.fake.url}/alerts`, { width });
      const { page } = open;
      await page.getByText("One incident is going on.").waitFor();
      const about = page.getByRole("table").first().getByRole("link");
      expect(await about.getAttribute("href")).toMatch(/^\/servers\/\d+$/);
      await page.getByRole("button", { name: "Take on ntp3.lab" }).click();
      await page.getByText("taken by ada").waitFor();
      await page.getByRole("button", { name: "Also what is over" }).click();
      await page.getByRole("rowheader", { name: /agent zurich/ }).waitFor();
      expect(page.url()).toContain("all=yes");

      await page.getByRole("button", { name: "Add a channel" }).click();
      await page.getByLabel("Name of the channel").fill("night");
      await page.getByLabel("Mail server").fill("localhost");
      await page.getByLabel("From").fill("alerts@example.net");
      await page.getByLabel("To, with commas between").fill("a@example.net, b@example.net");
      await page.getByRole("button", { name: "Add the channel" }).click();
      await page.getByText("e-mail to a@example.net, b@example.net").waitFor();

      await page.getByRole("button", { name: "Add a rule" }).click();
      await page.getByRole("button", { name: "Add the rule" }).click();
      await page.getByText(/there is an alert rule "a clock lies" already/).waitFor();
      await page.getByLabel("Begin with").selectOption("no answer");
      await page.getByRole("checkbox", { name: "night" }).check();
      await page.getByRole("button", { name: "Try it against the last 7 days" }).click();
      await page.getByText("It would have told of 3 incidents in 5 messages.").waitFor();
      await page.getByRole("img", { name: "3 incidents over 7 days" }).waitFor();
      expect(await axeFindings(page)).toEqual([]);
      await expectNoSidewaysScroll(page, "alerts");
      await page.getByRole("button", { name: "Add the rule" }).click();
      await page.getByText("servers with verdict:unreachable").waitFor();

      await page.getByRole("button", { name: "Change the rule a clock lies" }).click();
      await page.getByText("Recovery, grouping, quiet hours, escalation").click();
      await page.getByLabel("There are quiet hours").check();
      await page.getByLabel("Time zone, such as Europe/Zurich").fill("Europe/Zurich");
      await page.getByLabel(/Minutes until others are told/).fill("15");
      await page.getByRole("group", { name: "Told then" }).getByLabel("night").check();
      await page.getByLabel("It is watched for").uncheck();
      expect(await axeFindings(page)).toEqual([]);
      await expectNoSidewaysScroll(page, "alerts, a rule is changed");
      await page.getByRole("button", { name: "Change the rule", exact: true }).click();
      await page.getByText("a clock lies (off)").waitFor();

      await page.getByRole("button", { name: "Silence", exact: true }).click();
      await page.getByLabel("That pass (empty: all)").fill("server:ntp3.*");
      await page.getByLabel("Why").fill("new antenna");
      await page.getByRole("button", { name: "Tell nobody" }).click();
      await page.getByText("new antenna, by ada").waitFor();
      await page.getByRole("button", { name: "End the silence of server:ntp3.*" }).click();
      await page.getByText("Nothing is silenced.").waitFor();
      await page.getByRole("button", { name: "Try the channel night" }).click();
      await page.getByText("A test is on its way by night").waitFor();
    },
  );

  test.each([390, 1280])(
    "a webhook and an Alertmanager are added, tried and changed, and a key is told once, at %i pixels",
    async (width) => {
      await using open = await visit(world.browser, `${world.fake.url}/alerts`, { width });
      const { page } = open;
      const hook = `hook${width}`;
      await page.getByRole("button", { name: "Add a channel" }).click();
      await page.getByLabel("By", { exact: true }).selectOption("a signed webhook");
      expect(await page.getByLabel("Name of the channel").inputValue()).toBe("webhook");
      await page.getByLabel("Name of the channel").fill(hook);
      const address = page.getByLabel("Address", { exact: true });
      const add = page.getByRole("button", { name: "Add the channel" });
      await address.fill("ftp://ops.example.net/");
      await add.click();
      expect(await address.evaluate((input: HTMLInputElement) => input.validity.valid)).toBe(false);
      await address.fill("https://me:word@ops.example.net/");
      await add.click();
      await page.getByText(/expected an address without a name or a password/).waitFor();
      await address.fill("https://ops.example.net/alerts");
      await page.getByLabel("A summary").selectOption("every day");
      await expectClean(page, "a webhook is added");
      await add.click();
      await page.getByText(`The key of ${hook}`).waitFor();
      await page.getByText("whsec_bWFkZSBmb3IgdGhpcyBwYWdlIGFsb25l").waitFor();
      await expectClean(page, "a key is told");
      await page.getByRole("button", { name: "I have it" }).click();
      expect(await page.getByText("whsec_").count()).toBe(0);
      await page.getByRole("button", { name: `Try the channel ${hook}` }).click();
      await page.getByText(`A test is on its way by ${hook}`).waitFor();

      await page.getByRole("button", { name: `Change the channel ${hook}` }).click();
      expect(await address.inputValue()).toBe("https://ops.example.net/alerts");
      expect(await page.getByLabel(/^Key \(/).inputValue()).toBe("");
      await address.fill("https://ops.example.net/others");
      await expectClean(page, "a webhook is changed");
      await page.getByRole("button", { name: "Change the channel", exact: true }).click();
      await page.getByText("webhook to https://ops.example.net/others").first().waitFor();
      expect(await page.getByText("whsec_").count()).toBe(0);

      await page.getByRole("button", { name: "Add a channel" }).click();
      await page.getByLabel("By", { exact: true }).selectOption("Prometheus Alertmanager");
      await page.getByLabel("Name of the channel").fill(`am${width}`);
      expect(await page.getByLabel("A summary").count()).toBe(0);
      await page.getByLabel("Address of Alertmanager").fill("http://alertmanager:9093");
      await page.getByLabel("Private and loopback addresses are meant").check();
      await add.click();
      await page.getByText("Alertmanager to http://alertmanager:9093").first().waitFor();
    },
  );
});

async function expectClean(page: Page, where: string): Promise<void> {
  expect(await axeFindings(page)).toEqual([]);
  await expectNoSidewaysScroll(page, where);
}
