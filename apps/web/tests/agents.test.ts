// What people do with agents: let them in, refuse them, set their status, remove them, have them look now. Against the
// fake.

import { readFile } from "node:fs/promises";
import { Code } from "@connectrpc/connect";
import type { Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import { startFakeServer } from "../testing/fake-server.ts";
import { axeFindings } from "./_axe.ts";
import { browserPath, visit, WAIT_MAX_MS } from "./_browser.ts";
import { useFakeInBrowser } from "./_fake-in-browser.ts";

const LIMIT_MS = 90_000;
const PATIENTLY = { timeout: WAIT_MAX_MS, interval: 100 };
const AMSTERDAM = "/agents/01K00000000000000000000001";
const LISBON = "/agents/registrations/01R00000000000000000000001";

describe.skipIf(browserPath() === undefined)("the dashboard", { timeout: LIMIT_MS }, () => {
  const use = useFakeInBrowser(LIMIT_MS);

  const rowNames = (page: Page): Promise<readonly string[]> =>
    page.locator(".agents-table tbody th a").allTextContents();

  const failNext = (method: string, message: string): void =>
    use.fake.admin.fail(method, {
      code: Code.Unavailable,
      appCode: "database_unreachable",
      message,
      times: 1,
    });

  test("an agent's row tells its families, clock, certificate and agreement; the lab's are folded", async () => {
    await using open = await visit(use.browser, `${use.fake.url}/agents`);
    const { page } = open;
    const row = page.getByRole("row").filter({ hasText: "amsterdam" });
    await row.getByText("IPv6 paused").waitFor();
    await row
      .getByRole("img", { name: /^certificate valid from 20.* renewal begins 20/ })
      .waitFor();
    await row.getByText("7 of 7").waitFor();
    await row.getByText("by stream").waitFor();
    expect(await rowNames(page)).toEqual(["amsterdam", "frankfurt", "santiago", "tokyo"]);
    await page.getByRole("button", { name: /^Show the 8\svirtual agents/ }).click();
    await expect.poll(async () => (await rowNames(page)).length, PATIENTLY).toBe(12);
    expect(page.url()).toContain("lab=shown");
  });

  test("the addresses of the monitors page lead here, with what was searched and sorted", async () => {
    await using open = await visit(use.browser, `${use.fake.url}/monitors?sort=-loss`);
    const { page } = open;
    await page.getByRole("heading", { name: /^Agents/ }).waitFor();
    await expect.poll(() => page.url(), PATIENTLY).toBe(`${use.fake.url}/agents?sort=-loss`);
    await expect
      .poll(() => rowNames(page), PATIENTLY)
      .toEqual(["tokyo", "santiago", "frankfurt", "amsterdam"]);
  });

  test("search, sort and filter stand in the address, and what is exported is what is shown", async () => {
    await using open = await visit(use.browser, `${use.fake.url}/agents?q=as64502`);
    const { page } = open;
    await expect.poll(() => rowNames(page), PATIENTLY).toEqual(["santiago"]);
    await page.goto(`${use.fake.url}/agents?status=testing,paused&sort=-name`);
    await expect.poll(() => rowNames(page), PATIENTLY).toEqual(["tokyo", "amsterdam"]);
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("button", { name: "Export CSV" }).click(),
    ]);
    const [head, ...lines] = (await readFile(await download.path(), "utf8")).trim().split("\r\n");
    expect(head).toContain("ipv6_status,own_clock_ns,own_clock_bound_ns,servers_judged");
    expect(lines.map((line) => line.split(",")[3])).toEqual(["tokyo", "amsterdam"]);
  });

  test("a token is made, its command shown once, and its fate told as it comes to pass", async () => {
    await using open = await visit(use.browser, `${use.fake.url}/agents/add`);
    const { page } = open;
    await page.getByLabel("Name").fill("geneva");
    await page.getByLabel("Country").fill("Switzerland");
    await page.getByText("Two letters of ISO 3166").waitFor();
    expect(await page.getByRole("button", { name: "Make a token" }).isDisabled()).toBe(true);
    await page.getByLabel("Country").fill("ch");
    await page.getByLabel("Works for").selectOption("an hour");
    failNext("createEnrolmentToken", "the database is away");
    await page.getByRole("button", { name: "Make a token" }).click();
    await page.getByText(/No token was made: the database is away/).waitFor();
    // What was typed is still there.
    expect(await page.getByLabel("Name").inputValue()).toBe("geneva");
    await page.getByRole("button", { name: "Make a token" }).click();
    const command = page.getByText(/^truechimer agent enroll .*--token tce_/);
    await command.waitFor();
    await page.getByText(/Waiting for the agent; the token works for another (59|1)/).waitFor();
    expect(await axeFindings(page)).toEqual([]);
    await open.context.grantPermissions(["clipboard-read", "clipboard-write"]);
    await page.getByRole("button", { name: "Copy the command" }).click();
    await page.getByRole("button", { name: "Copied" }).waitFor();
    const copied = await page.evaluate(() => navigator.clipboard.readText());
    expect(copied).toBe(await command.textContent());
    const [token] = use.fake.admin.enrolmentTokens();
    use.fake.admin.useToken(token?.id ?? "", "gva-edge");
    await page.getByRole("status").getByRole("link", { name: "gva-edge" }).click();
    await page.getByRole("heading", { level: 1, name: /^gva-edge/ }).waitFor();
    await page.getByText("CH", { exact: false }).first().waitFor();
    await page.goto(`${use.fake.url}/agents/add`);
    await page
      .getByRole("row")
      .filter({ hasText: "geneva" })
      .getByRole("link", { name: "gva-edge" })
      .waitFor();
    expect(await page.getByText(/tce_/).count()).toBe(0);
  });

  test("a token that nobody used is revoked", async () => {
    await using open = await visit(use.browser, `${use.fake.url}/agents/add`);
    const { page } = open;
    await page.getByLabel("Name").fill("bern");
    await page.getByRole("button", { name: "Make a token" }).click();
    await page.getByRole("status").getByRole("button", { name: "Revoke bern" }).click();
    await page.getByText("Revoked: the token opens nothing any more.").waitFor();
    await page
      .getByRole("row")
      .filter({ hasText: "bern" })
      .getByText(/^revoked/)
      .waitFor();
  });

  test("one who waits is told on the overview, approved on its own page, and enrols", async () => {
    await using open = await visit(use.browser, use.fake.url);
    const { page } = open;
    await page.getByRole("link", { name: /^2\sagents wait for approval/ }).click();
    await page.getByRole("link", { name: "Decide on lisbon" }).click();
    await expect.poll(() => page.url(), PATIENTLY).toBe(use.fake.url + LISBON);
    await page.getByText("198.51.100.24, 2001:db8:115::24").waitFor();
    const approve = page.getByRole("region", { name: "Let it in" });
    await approve.getByLabel("Name").fill("lisbon-edge");
    await approve.getByLabel("Country").fill("pt");
    await approve.getByLabel("Begins as").selectOption("active");
    await approve.getByRole("button", { name: "Approve" }).click();
    await page.getByText(/It has its key and certificate\. Decided .* by you\./).waitFor();
    await page.getByRole("link", { name: "lisbon-edge" }).click();
    await page.getByRole("group", { name: "Status of lisbon-edge in IPv6" }).waitFor();
    const active = page
      .getByRole("group", { name: "Status of lisbon-edge in IPv4" })
      .getByRole("button", { name: "active" });
    expect(await active.getAttribute("aria-pressed")).toBe("true");
  });

  test("one who is refused is told why; a decision that failed keeps the reason", async () => {
    await using open = await visit(use.browser, use.fake.url + LISBON);
    const { page } = open;
    const refuse = page.getByRole("region", { name: "Refuse it" });
    expect(await refuse.getByRole("button", { name: "Reject" }).isDisabled()).toBe(true);
    await refuse.getByLabel("Reason").fill("not one of ours");
    failNext("rejectRegistration", "the database is away");
    await refuse.getByRole("button", { name: "Reject" }).click();
    await refuse.getByText(/It still waits: the database is away/).waitFor();
    expect(await refuse.getByLabel("Reason").inputValue()).toBe("not one of ours");
    await refuse.getByRole("button", { name: "Reject" }).click();
    await page.getByText(/Decided .* by you: “not one of ours”\./).waitFor();
    expect(await page.getByRole("button", { name: "Approve" }).count()).toBe(0);
    await page.goto(`${use.fake.url}/agents/add`);
    await page.getByText(/^3 decided/).click();
    await page
      .getByRole("row")
      .filter({ hasText: "lisbon" })
      .getByText("rejected by you")
      .waitFor();
  });

  test("somebody else's decision is told as it is made", async () => {
    await using open = await visit(use.browser, use.fake.url + LISBON);
    const { page } = open;
    await page.getByRole("button", { name: "Approve" }).waitFor();
    await page.evaluate(() =>
      fetch("/truechimer.admin.v1.AdminService/RejectRegistration", {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ id: "01R00000000000000000000001", reason: "came twice" }),
      }),
    );
    await page.getByText(/“came twice”/).waitFor();
    expect(await page.getByRole("button", { name: "Approve" }).count()).toBe(0);
  });

  test("a family's status is set at once, and undone", async () => {
    await using open = await visit(use.browser, use.fake.url + AMSTERDAM);
    const { page } = open;
    const status = page.getByRole("group", { name: "Status of amsterdam in IPv4" });
    const pressed = (): Promise<string | null> =>
      status.locator("[aria-pressed=true]").textContent();
    await status.getByRole("button", { name: "pending" }).click();
    await page.getByText("amsterdam (IPv4) is pending from now on").waitFor();
    await expect.poll(pressed, PATIENTLY).toBe("pending");
    await page.getByText("Finishes and sends the batch in hand").waitFor();
    await page.getByRole("button", { name: "Undo" }).click();
    await expect.poll(pressed, PATIENTLY).toBe("active");
  });

  test("several agents are paused together; the undo gives each family the status that it had", async () => {
    await using open = await visit(use.browser, `${use.fake.url}/agents`);
    const { page } = open;
    await page.getByLabel("Choose amsterdam").check();
    await page.getByLabel("Choose tokyo").check();
    await page.getByRole("toolbar").getByRole("button", { name: "paused" }).click();
    await page.getByText(/2\sagents are paused from now on/).waitFor();
    const families = (name: string): Promise<readonly string[]> =>
      page.getByRole("row").filter({ hasText: name }).locator(".status").allTextContents();
    await expect.poll(() => families("amsterdam"), PATIENTLY).toEqual(["paused", "paused"]);
    await page.getByRole("button", { name: "Undo" }).click();
    await expect.poll(() => families("amsterdam"), PATIENTLY).toEqual(["active", "paused"]);
    await expect.poll(() => families("tokyo"), PATIENTLY).toEqual(["testing"]);
  });

  test("its name and its place are edited, and stay as they were when that fails", async () => {
    await using open = await visit(use.browser, use.fake.url + AMSTERDAM);
    const { page } = open;
    await page.getByRole("button", { name: "Edit…" }).click();
    const dialog = page.getByRole("dialog", { name: "Edit amsterdam" });
    await dialog.getByLabel("Place").fill("Sloterdijk");
    await dialog.getByLabel("Country").fill("Netherlands");
    expect(await dialog.getByRole("button", { name: "Save" }).isDisabled()).toBe(true);
    expect(await axeFindings(page)).toEqual([]);
    await dialog.getByLabel("Country").fill("be");
    await dialog.getByLabel("Name").fill("antwerp");
    failNext("updateAgent", "the database is away");
    await dialog.getByRole("button", { name: "Save" }).click();
    await dialog.getByText(/Nothing was changed: the database is away/).waitFor();
    await dialog.getByRole("button", { name: "Save" }).click();
    await page.getByText("antwerp was changed", { exact: true }).waitFor();
    await page.getByRole("heading", { level: 1, name: /^antwerp/ }).waitFor();
    await page.getByText("Sloterdijk, BE, AS64500 Example Transit").waitFor();
  });

  test("removing asks first, says what it will do, and keeps the agent when it fails", async () => {
    await using open = await visit(use.browser, use.fake.url + AMSTERDAM);
    const { page } = open;
    await page.getByRole("button", { name: "Remove…" }).click();
    const dialog = page.getByRole("dialog", { name: "Remove amsterdam?" });
    await dialog.getByText(/2\smonitors are deleted/).waitFor();
    expect(await axeFindings(page)).toEqual([]);
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "hidden" });
    await page.getByRole("button", { name: "Remove…" }).click();
    failNext("removeAgent", "the database is away");
    await dialog.getByRole("button", { name: "Remove amsterdam" }).click();
    await dialog.getByText(/It is still there: the database is away/).waitFor();
    await dialog.getByRole("button", { name: "Remove amsterdam" }).click();
    await page.getByText("amsterdam was removed").waitFor();
    await expect.poll(() => rowNames(page), PATIENTLY).toEqual(["frankfurt", "santiago", "tokyo"]);
    await page.goto(use.fake.url + AMSTERDAM);
    await page.getByRole("heading", { name: "There is no such agent" }).waitFor();
  });

  test("an agent's page sets each view against the others' and lists its certificates", async () => {
    await using open = await visit(use.browser, `${use.fake.url}/agents`);
    const { page } = open;
    await page.getByRole("link", { name: "frankfurt" }).click();
    await page
      .getByText(/^It watches 12\sservers; of 7 that others see, too, all lie within/)
      .waitFor();
    expect(await page.locator(".watched .strip-mark").count()).toBe(7);
    const certificates = page.getByRole("region", { name: "Certificates" });
    await certificates.getByText("not renewed").waitFor();
    expect(await certificates.getByText(/^replaced$/).count()).toBe(1);
    await page
      .getByRole("row")
      .filter({ hasText: "truth1.lab" })
      .getByRole("link", { name: "19.9" })
      .click();
    await page.getByRole("heading", { name: /^Check/ }).waitFor();
  });

  test("certificates that end and agents that are lost stand among what is about to break", async () => {
    await using open = await visit(use.browser, use.fake.url);
    const { page } = open;
    const outlook = page.getByRole("region", { name: "About to break" });
    await outlook
      .getByRole("link", { name: /^frankfurt: its certificate ends soon and was not renewed/ })
      .waitFor();
    await outlook.getByRole("link", { name: /1\sagent offline: santiago/ }).click();
    await page.getByRole("heading", { level: 1, name: /^santiago/ }).waitFor();
  });

  test("a check on demand draws the answers as they come, then a table", async () => {
    await using open = await visit(use.browser, `${use.fake.url}/servers/5`);
    const { page } = open;
    const section = page.getByRole("region", { name: "Check now" });
    await section.getByLabel("Monitors to ask at most").selectOption("5 monitors");
    await section.getByRole("button", { name: "Check now" }).click();
    await section.getByText(/of 5 answered so far|All 5 answered/).waitFor();
    await section.getByText("All 5 answered.").waitFor();
    await section.getByRole("link", { name: /amsterdam: falseticker, \+2\.0/ }).waitFor();
    expect(await section.locator(".axis-mark").count()).toBe(5);
    expect(await section.locator("tbody tr").count()).toBe(5);
  });

  test("who did not answer stands beside the axis with the reason", async () => {
    await using open = await visit(use.browser, `${use.fake.url}/servers/8`);
    const { page } = open;
    const section = page.getByRole("region", { name: "Check now" });
    await section.getByRole("button", { name: "Check now" }).click();
    await section.getByText(/All 10 answered; 10 without an offset/).waitFor();
    expect(
      await section.getByRole("listitem").filter({ hasText: "no answer in time" }).count(),
    ).toBe(10);
  });

  test("a check on demand that breaks off says why, and what came stays", async () => {
    await using open = await visit(use.browser, `${use.fake.url}/servers/1`);
    const { page } = open;
    const section = page.getByRole("region", { name: "Check now" });
    use.fake.admin.fail("checkNow", {
      code: Code.ResourceExhausted,
      appCode: "limit_exceeded",
      message: "too many checks on demand",
      times: 1,
    });
    await section.getByRole("button", { name: "Check now" }).click();
    await section
      .getByText(/It broke off: too many checks on demand\. Do it in smaller parts/)
      .waitFor();
    await section.getByRole("button", { name: "Check now" }).click();
    await section.getByText("All 10 answered.").waitFor();
  });

  test("traceroutes are one tree: what paths share is one row that names whose they are", async () => {
    await using open = await visit(use.browser, `${use.fake.url}/servers/1`);
    const { page } = open;
    const section = page.getByRole("region", { name: "Check now" });
    await section.getByRole("button", { name: "Traceroute" }).click();
    await section.getByRole("button", { name: "Trace now" }).click();
    await section
      .getByText(
        "10 of 10 paths reach the server; all come in through 192.0.2.254 in AS64496 Example Hosting.",
      )
      .waitFor();
    const shared = section.getByRole("row").filter({ hasText: "192.0.2.254" });
    await shared.getByText("2 ways meet here").waitFor();
    expect(await section.locator(".trace tr.is-monitor").count()).toBe(10);
    await section.getByRole("row").filter({ hasText: "203.0.113.1 " }).first().hover();
    expect(await section.locator(".trace tr.is-on").count()).toBeGreaterThan(2);
    await section.getByText("Show hop by hop").click();
    await section
      .getByText(/203\.0\.113\.40 in AS64502 Example Transit 3 after/)
      .first()
      .waitFor();
  });

  test("nobody waits, nobody watches: the page teaches how an agent is added", async () => {
    await using empty = await startFakeServer({ webRoot: use.webRoot, empty: true });
    await using open = await visit(use.browser, `${empty.url}/agents`);
    const { page } = open;
    await page.getByRole("heading", { name: "Nobody is watching yet" }).waitFor();
    await page.getByText(/^truechimer agent enroll/).waitFor();
    await page.getByRole("link", { name: "Add an agent" }).first().click();
    await page.getByLabel("Name").waitFor();
  });

  test("rows of agents keep their places under the pointer", async () => {
    await using open = await visit(use.browser, `${use.fake.url}/agents`);
    const { page } = open;
    await page.getByRole("link", { name: "frankfurt" }).hover();
    const before = await rowNames(page);
    const made = await page.evaluate(async () => {
      const answer = await fetch("/truechimer.admin.v1.AdminService/CreateEnrolmentToken", {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ name: "aaa" }),
      });
      return ((await answer.json()) as { token: { id: string } }).token.id;
    });
    use.fake.admin.useToken(made, "aaa");
    await expect.poll(async () => (await rowNames(page)).length, PATIENTLY).toBe(before.length + 1);
    expect((await rowNames(page)).slice(0, before.length)).toEqual(before);
  });
});
