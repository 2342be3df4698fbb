// What people do with the dashboard, by role and by key, against the fake.

import { readFile } from "node:fs/promises";
import { durationFromMs, timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Code } from "@connectrpc/connect";
import { adminV1 } from "@truechimer/api";
import type { Page } from "playwright-core";
import { describe, expect, test, vi } from "vitest";
import { startFakeServer } from "../testing/fake-server.ts";
import { axeFindings } from "./_axe.ts";
import { browserPath, visit, WAIT_MAX_MS } from "./_browser.ts";
import { useFakeInBrowser } from "./_fake-in-browser.ts";

const LIMIT_MS = 90_000;
const LOST_TOLD_WITHIN_MS = 5_000;
const PATIENTLY = { timeout: WAIT_MAX_MS, interval: 100 };

describe.skipIf(browserPath() === undefined)("the dashboard", { timeout: LIMIT_MS }, () => {
  const use = useFakeInBrowser(LIMIT_MS);

  const rowNames = (page: Page): Promise<readonly string[]> =>
    page.locator(".servers-table tbody th a").allTextContents();

  test("the offset axis shows every server: those that lie by name, those without an offset beside it", async () => {
    await using open = await visit(use.browser, use.fake.url);
    const { page } = open;
    const axis = page.getByRole("figure", { name: /Offsets of all servers/ });
    await axis.getByRole("link", { name: /ahead2s\.lab: falseticker, \+2\.0/ }).waitFor();
    await axis.getByRole("link", { name: "silent.lab" }).waitFor();
    expect(await axis.locator(".axis-picture a, .axis-tray a").count()).toBe(12);
  });

  test("while the history comes into memory a banner says how far it is, and goes away by itself", async () => {
    const history = {
      state: adminV1.LoadState.HOT_LOADING,
      rows: 250_000n,
      rowsExpected: 1_000_000n,
      rowsPerSecond: 100_000,
      timeLeft: durationFromMs(7_500),
    };
    use.fake.admin.tellSystem({ history });
    await using open = await visit(use.browser, use.fake.url);
    const { page } = open;
    const bar = page.getByRole("progressbar", { name: "History in memory" });
    await bar.waitFor();
    expect([await bar.getAttribute("value"), await bar.getAttribute("max")]).toEqual([
      "250000",
      "1000000",
    ]);
    await page.getByText(/comes into memory: 250.000 of about 1.000.000 results/).waitFor();
    // Past the first phase it is still loading: each word of the real header but the ends.
    use.fake.admin.tellSystem({
      history: { ...history, state: adminV1.LoadState.FILLING, rows: 900_000n },
    });
    await page.getByText(/900.000 of about 1.000.000 results/).waitFor();
    use.fake.admin.tellSystem({
      history: { ...history, state: adminV1.LoadState.COMPLETE, rows: 1_000_000n },
    });
    await bar.waitFor({ state: "detached" });
    expect(await page.getByText(/comes into memory/).count()).toBe(0);
  });

  test("results that no longer come in are told on every page, with both clocks", async () => {
    use.fake.admin.tellSystem({
      ingest: {
        state: adminV1.IngestState.STALLED,
        lastStoredAt: timestampFromMs(Date.now() - 600_000),
        lastReceivedAt: timestampFromMs(Date.now() - 2_000),
      },
    });
    await using open = await visit(use.browser, use.fake.url);
    const { page } = open;
    await page.getByText(/No result has been stored for 1\d.min/).waitFor();
    await page.goto(`${use.fake.url}/operations`);
    await page.getByText(/No result has been stored for/).waitFor();
    await page.getByText("are not stored").waitFor();
  });

  test("arrow keys walk along the axis as one tab stop, Enter opens the server", async () => {
    await using open = await visit(use.browser, use.fake.url);
    const { page } = open;
    const marks = page.locator(".axis-mark");
    await marks.first().waitFor();
    await marks.first().focus();
    await page.keyboard.press("End");
    await expect
      .poll(() => page.locator(":focus").getAttribute("aria-label"), PATIENTLY)
      .toMatch(/ahead2s/);
    expect(await page.locator(".axis-mark[tabindex='0']").count()).toBe(1);
    await page.locator(".card").getByText("falseticker").waitFor();
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { level: 1, name: /ahead2s\.lab/ }).waitFor();
  });

  test("search, sort and filter stand in the address, and an address gives the same view", async () => {
    await using open = await visit(use.browser, `${use.fake.url}/servers`);
    const { page } = open;
    await page
      .getByRole("columnheader", { name: /Server/ })
      .getByRole("button")
      .click();
    await expect.poll(() => page.url(), PATIENTLY).toContain("sort=name");
    await page.getByRole("button", { name: "truechimer" }).click();
    await page.keyboard.press("/");
    await page.keyboard.type("truth");
    await expect
      .poll(() => rowNames(page), PATIENTLY)
      .toEqual(["truth1.lab", "truth2.lab", "truth3.lab"]);
    const address = page.url();
    expect(address).toContain("verdict=truechimer");
    expect(address).toContain("q=truth");
    await using other = await visit(use.browser, address);
    await expect
      .poll(() => rowNames(other.page), PATIENTLY)
      .toEqual(["truth1.lab", "truth2.lab", "truth3.lab"]);
  });

  test("what is exported is what is shown", async () => {
    await using open = await visit(
      use.browser,
      `${use.fake.url}/servers?verdict=falseticker&cols=offset`,
    );
    const { page } = open;
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("button", { name: "Export CSV" }).click(),
    ]);
    expect(download.suggestedFilename()).toMatch(/^truechimer-servers-.*\.csv$/);
    const lines = (await readFile(await download.path(), "utf8")).trim().split("\r\n");
    expect(lines[0]).toBe("state,verdict,verdict_reason,name,offset_ns,bound_ns");
    expect(lines.slice(1).every((line) => line.includes("falseticker"))).toBe(true);
  });

  test("adding many tells what was refused, keeps it in the form, and can be taken back", async () => {
    await using open = await visit(use.browser, `${use.fake.url}/servers`);
    const { page } = open;
    await page.getByRole("button", { name: "Add servers" }).click();
    await page.getByLabel(/One server a line/).fill("ntp.example.net\nno-such.invalid\nbad host");
    await page.getByRole("button", { name: "Add 3 servers" }).click();
    await page.getByText("no-such.invalid has no address", { exact: false }).waitFor();
    expect(await page.getByLabel(/One server a line/).inputValue()).toBe(
      "no-such.invalid\nbad host",
    );
    await page.getByRole("link", { name: "name_unresolved" }).waitFor();
    await page.getByRole("button", { name: "Close" }).click();
    await page.getByRole("link", { name: "ntp.example.net" }).waitFor();
    await page.getByRole("status").getByRole("button", { name: "Undo" }).click();
    await expect.poll(() => rowNames(page), PATIENTLY).not.toContain("ntp.example.net");
  });

  test("a refused addition keeps what was typed and says why", async () => {
    use.fake.admin.fail("addServers", {
      code: Code.Unavailable,
      appCode: "database_unreachable",
      message: "the database is away",
    });
    await using open = await visit(use.browser, `${use.fake.url}/servers`);
    const { page } = open;
    await page.getByRole("button", { name: "Add servers" }).click();
    await page.getByLabel(/One server a line/).fill("ntp.example.net");
    await page.getByRole("button", { name: "Add 1 server" }).click();
    await page.getByText(/Nothing was added: the database is away/).waitFor();
    expect(await page.getByLabel(/One server a line/).inputValue()).toBe("ntp.example.net");
  });

  test("chosen servers are paused together and resumed by undo", async () => {
    await using open = await visit(use.browser, `${use.fake.url}/servers?q=truth`);
    const { page } = open;
    await page.getByLabel("Choose truth1.lab").check();
    await page.getByLabel("Choose truth2.lab").check();
    await page.getByRole("toolbar").getByRole("button", { name: "Pause" }).click();
    await page.getByText(/2\spaused|2\sservers paused/).waitFor();
    await expect
      .poll(() => page.locator(".is-verdict", { hasText: "paused" }).count(), PATIENTLY)
      .toBe(2);
    await page.getByRole("button", { name: "Undo" }).click();
    await expect
      .poll(() => page.locator(".is-verdict", { hasText: "paused" }).count(), PATIENTLY)
      .toBe(0);
  });

  test("rows keep their places under the pointer", async () => {
    await using open = await visit(use.browser, `${use.fake.url}/servers`);
    const { page } = open;
    await page.getByRole("link", { name: "truth1.lab" }).hover();
    const before = await rowNames(page);
    // Somebody else pauses the first one: its verdict column changes, its place does not while we point.
    await page.evaluate(() =>
      fetch("/truechimer.admin.v1.AdminService/AddServers", {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ targets: ["aaa.example.net"] }),
      }),
    );
    await expect.poll(async () => (await rowNames(page)).length, PATIENTLY).toBe(before.length + 1);
    expect((await rowNames(page)).slice(0, before.length)).toEqual(before);
  });

  test("dragging over a chart zooms, the range stands in the address, Escape shows all again", async () => {
    await using open = await visit(use.browser, `${use.fake.url}/servers/6`);
    const { page } = open;
    await page.getByText(/between .* and/).waitFor();
    const chart = page.locator("[data-panel=offset] .u-over");
    await chart.scrollIntoViewIfNeeded();
    const box = await chart.boundingBox();
    if (box === null) throw new Error("the chart has no place");
    await page.mouse.move(box.x + box.width * 0.4, box.y + 60);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.6, box.y + 60, { steps: 4 });
    await page.mouse.up();
    await expect.poll(() => page.url(), PATIENTLY).toMatch(/from=2\d{3}-.*&to=2\d{3}-/);
    await page.getByText(/^4\sh\s[45]\d\smin, 12/).waitFor();
    await page.getByRole("group", { name: /Time charts/ }).focus();
    await page.keyboard.press("Escape");
    await expect.poll(() => page.url(), PATIENTLY).not.toContain("from=");
  });

  test("the wheel zooms at the pointer", async () => {
    await using open = await visit(use.browser, `${use.fake.url}/servers/6`);
    const { page } = open;
    await page.getByText(/between .* and/).waitFor();
    const chart = page.locator("[data-panel=score] .u-over");
    await chart.scrollIntoViewIfNeeded();
    await chart.hover();
    await expect
      .poll(
        async () => {
          await page.mouse.wheel(0, -200);
          return page.url();
        },
        { ...PATIENTLY, interval: 800 },
      )
      .toContain("from=");
  });

  test("keys move the crosshair along a line, say what is there, and open the check", async () => {
    await using open = await visit(use.browser, `${use.fake.url}/servers/4?range=1h`);
    const { page } = open;
    await page.getByText(/between .* and/).waitFor();
    await page.getByRole("group", { name: /Time charts/ }).focus();
    await page.keyboard.press("ArrowLeft");
    await page.keyboard.press("ArrowLeft");
    await page
      .getByRole("status")
      .filter({ hasText: /amsterdam, 20.*offset \+40/ })
      .waitFor({ state: "attached" });
    await page.keyboard.press("ArrowDown");
    await page
      .getByRole("status")
      .filter({ hasText: /chicago, 20/ })
      .waitFor({ state: "attached" });
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { level: 1, name: /^Check/ }).waitFor();
    await page.getByRole("link", { name: "chicago" }).waitFor();
  });

  test("a check is told down to the packet: pointing at a field shows its bytes", async () => {
    await using open = await visit(use.browser, `${use.fake.url}/servers/11`);
    const { page } = open;
    await page.locator(".checks tbody a").first().click();
    await page.getByText("Failed: not synchronised (leap 3)").waitFor();
    await page
      .getByRole("listitem")
      .filter({ hasText: "fail" })
      .filter({ hasText: "The clock is synchronised" })
      .waitFor();
    await page.getByRole("button", { name: "transmit time stamp" }).hover();
    expect(await page.locator(".byte.is-shown").count()).toBe(8);
    const first = page.url();
    await page.keyboard.press("[");
    await expect.poll(() => page.url(), PATIENTLY).not.toBe(first);
  });

  test("an interleaved exchange is drawn with the one that brought its T3, and says whose stamps it has", async () => {
    await using open = await visit(use.browser, `${use.fake.url}/servers/1`);
    const { page } = open;
    await page.locator(".checks tbody a").first().click();
    await page.getByRole("button", { name: /^Sample 2 .*interleaved, counted/ }).waitFor();
    await page.getByRole("img", { name: /T3 came with the next answer/ }).waitFor();
    await page.getByText("brings T3").waitFor();
    const whole = page.getByRole("region", { name: "Worked out" });
    await whole.getByText(/T1, T2 and T4 are those of/).waitFor();
    await whole.getByRole("link", { name: "sample 1" }).click();
    await whole.getByText(/^basic: T3 is from before/).waitFor();
    expect(await page.locator(".exchange-carrier").count()).toBe(0);
  });

  test("keys go to pages and list themselves, and do nothing while somebody types", async () => {
    await using open = await visit(use.browser, use.fake.url);
    const { page } = open;
    await page.getByRole("heading", { level: 1 }).waitFor();
    await page.keyboard.press("g");
    await page.keyboard.press("a");
    await page.getByRole("heading", { name: /^Agents/ }).waitFor();
    await page.keyboard.press("?");
    await page.getByRole("heading", { name: "Keys", exact: true }).waitFor();
    await page.keyboard.press("Escape");
    await page.keyboard.press("g");
    await page.keyboard.press("p");
    await page.getByRole("heading", { name: "Operations" }).waitFor();
    await page.keyboard.press("/");
    await page.getByRole("combobox", { name: "Search servers" }).waitFor();
    await expect
      .poll(() => page.evaluate(() => document.activeElement?.tagName), PATIENTLY)
      .toBe("INPUT");
    await page.keyboard.type("ga");
    expect(new URL(page.url()).pathname).toBe("/servers");
  });

  test("a server's paths are kept by a switch, and drawn", async () => {
    await using open = await visit(use.browser, `${use.fake.url}/servers/1`);
    const { page } = open;
    const button = page.getByRole("button", { name: "Keep paths" });
    await button.waitFor();
    expect(await button.getAttribute("aria-pressed")).toBe("false");
    await button.click();
    await expect.poll(() => button.getAttribute("aria-pressed"), PATIENTLY).toBe("true");
    const paths = page.getByRole("group", { name: "Paths to the server" });
    await paths.getByRole("row").first().waitFor();
    await button.click();
    await expect.poll(() => button.getAttribute("aria-pressed"), PATIENTLY).toBe("false");
  });

  test("operations tell the limits, those that turned somebody away first", async () => {
    await using open = await visit(use.browser, `${use.fake.url}/operations`);
    const rows = open.page.locator(".limits-table tbody tr");
    await rows.first().waitFor();
    const texts = await rows.allTextContents();
    expect(texts[0]).toMatch(/^login failures.*100\sfailures\sin\s10\smin.*12$/);
    expect(texts.at(-1)).toMatch(/32\sat\sonce/);
  });

  test("operations tell how far the scorers are, and who does which part of their work", async () => {
    await using open = await visit(use.browser, `${use.fake.url}/operations`);
    const section = open.page.getByRole("region", { name: "Scorers" });
    await section.getByRole("row").first().waitFor();
    const rows = await section.getByRole("row").allTextContents();
    expect(rows).toContain("everypaused0–none waits");
    expect(rows.find((row) => row.startsWith("recentmedian"))).toMatch(
      /^recentmedianactive12400\sms$/,
    );
    expect(rows.find((row) => row.startsWith("no process has them"))).toMatch(/^.*12–1512400\sms$/);
    await section.getByText("1 server could not be scored").waitFor();
  });

  test("a loop is run at a press, and one that runs is left alone", async () => {
    await using open = await visit(use.browser, `${use.fake.url}/operations`);
    const { page } = open;
    await page.getByRole("button", { name: "Run now: partitions" }).click();
    await page.getByText("partitions runs now").waitFor();
    await page.getByRole("button", { name: "Run now: retention" }).click();
    await page.getByText("retention is running already").waitFor();
  });

  test("a lost connection is told within five seconds and healed without a reload", async () => {
    await using open = await visit(use.browser, use.fake.url);
    const { page } = open;
    await page.getByRole("heading", { level: 1 }).waitFor();
    await page.evaluate(() => Object.assign(globalThis, { sameDocument: true }));
    const goneAt = Date.now();
    await use.fake.goAway();
    await page.getByText(/Connection lost/).waitFor();
    expect(Date.now() - goneAt).toBeLessThan(LOST_TOLD_WITHIN_MS);
    // What was known stays on the page.
    await page.getByRole("heading", { level: 1, name: /servers agree/ }).waitFor();
    await use.fake.comeBack();
    await page.getByText(/Connected again after/).waitFor();
    expect(await page.evaluate(() => "sameDocument" in globalThis)).toBe(true);
  });

  test("a failure carries its code, a remedy and a link to the reference", async () => {
    use.fake.admin.fail("listAgents", {
      code: Code.Internal,
      appCode: "internal",
      message: "something broke",
    });
    await using open = await visit(use.browser, `${use.fake.url}/agents`);
    const { page } = open;
    await page.getByRole("alert").getByText("something broke").waitFor();
    use.fake.admin.fail("listAgents", undefined);
    await page.getByRole("button", { name: "Try again" }).click();
    await page.getByRole("heading", { name: /^Agents/ }).waitFor();
  });

  test("times are UTC until local time is chosen, and the browser remembers it", async () => {
    await using open = await visit(use.browser, use.fake.url);
    const { page } = open;
    await page.getByRole("button", { name: /UTC/ }).click();
    await page.getByRole("button", { name: /local/ }).waitFor();
    await page.reload();
    await page.getByRole("button", { name: /local/ }).waitFor();
  });

  test("an empty fleet is taught how to begin", async () => {
    await using empty = await startFakeServer({ webRoot: use.webRoot, empty: true });
    await using open = await visit(use.browser, empty.url);
    await open.page.getByRole("heading", { name: "No clock is being watched yet" }).waitFor();
    await open.page.getByRole("button", { name: "Add servers" }).click();
    await open.page.getByLabel(/One server a line/).waitFor();
  });

  test("a thousand servers are a density with the outliers as marks", async () => {
    await using many = await startFakeServer({ webRoot: use.webRoot, servers: 1_000 });
    await using open = await visit(use.browser, many.url);
    await open.page.locator(".axis-density").waitFor();
    const marks = await open.page.locator(".axis-mark").count();
    expect(marks).toBeGreaterThan(10);
    expect(marks).toBeLessThanOrEqual(200);
  });

  test("on a narrow screen navigation is below and a server is three facts", async () => {
    await using open = await visit(use.browser, `${use.fake.url}/servers`, {
      width: 390,
      touch: true,
    });
    const { page } = open;
    const row = page.getByRole("row").filter({ hasText: "fast40.lab" });
    await row.waitFor();
    expect(await row.locator("td:visible, th:visible").count()).toBe(3);
    const navigation = await page.getByRole("navigation", { name: "Pages" }).boundingBox();
    expect(navigation?.y).toBeGreaterThan(700);
  });

  test("on a narrow screen five ways are below, and the others behind the last of them", async () => {
    await using open = await visit(use.browser, use.fake.url, { width: 390, touch: true });
    const { page } = open;
    const links = page.getByRole("navigation", { name: "Pages" }).getByRole("link");
    await expect
      .poll(() => links.allTextContents())
      .toEqual(["Overview", "Servers", "Agents", "Alerts"]);
    await page.getByRole("button", { name: "More" }).click();
    expect((await links.allTextContents()).slice(4)).toEqual([
      "Live",
      "Analytics",
      "Operations",
      "People",
    ]);
    expect(await axeFindings(page)).toEqual([]);
    await links.filter({ hasText: "Operations" }).click();
    await page.getByRole("heading", { level: 1, name: "Operations" }).waitFor();
    await expect.poll(() => links.count()).toBe(4);
    await page.setViewportSize({ width: 1280, height: 900 });
    expect(await links.count()).toBe(8);
    expect(await page.getByRole("button", { name: "More" }).isVisible()).toBe(false);
  });

  test.each([390, 320])(
    "at %d pixels no number among the facts goes over two lines",
    async (width) => {
      await using open = await visit(use.browser, `${use.fake.url}/servers/4`, { width });
      const { page } = open;
      await page.getByText(/between .* and/).waitFor();
      const lines = await page.locator(".facts dd .number").evaluateAll((numbers) =>
        numbers.flatMap((number) =>
          [...number.childNodes].map((node) => {
            const range = document.createRange();
            range.selectNodeContents(node);
            return new Set([...range.getClientRects()].map(({ top }) => Math.round(top))).size;
          }),
        ),
      );
      expect(lines.length).toBeGreaterThan(3);
      expect(Math.max(...lines)).toBe(1);
    },
  );

  test("the first page needs less than 250 kB of compressed script", async () => {
    const { gzipSync } = await import("node:zlib");
    await using open = await visit(use.browser, use.fake.url);
    await open.page.getByRole("heading", { level: 1, name: /servers agree/ }).waitFor();
    const scripts = await open.page.evaluate(() =>
      performance
        .getEntriesByType("resource")
        .map((entry) => entry.name)
        .filter((name) => name.endsWith(".js")),
    );
    let total = 0;
    for (const url of scripts) {
      total += gzipSync(Buffer.from(await (await fetch(url)).arrayBuffer())).length;
    }
    expect(scripts.length).toBeGreaterThan(0);
    expect(total).toBeLessThan(250_000);
  });

  test("nothing is asked of another host", async () => {
    await using open = await visit(use.browser, "about:blank");
    const asked = vi.fn<(url: string) => void>();
    open.page.on("request", (request) => asked(new URL(request.url()).origin));
    await open.page.goto(`${use.fake.url}/servers/1`);
    await open.page.getByText(/between .* and/).waitFor();
    expect(new Set(asked.mock.calls.map(([origin]) => origin))).toEqual(new Set([use.fake.url]));
  });
});
