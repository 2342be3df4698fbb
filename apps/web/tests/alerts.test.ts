// The page of the alerts, in a real browser against the fake.

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

      await page.getByRole("button", { name: "Add e-mail" }).click();
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
});
