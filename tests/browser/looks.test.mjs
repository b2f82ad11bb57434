// How it looks to everybody: accessibility in both themes, reflow, and empty and error states.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { openPage, signIn, startForAna } from "./service.mjs";

const AXE = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

let service;
let browser;
let close;
let id;

before(async () => {
  ({ service, browser, close } = await startForAna());
  const long = "averyveryverylongwordwithoutanyplacetobreakit".repeat(8);
  for (const submission of [
    { name: "Ann", text: "Nice article!" },
    { name: long.slice(0, 200), email: `${long.slice(0, 60)}@example.org`, url: `https://${long.slice(0, 60)}.example/${long}`, text: long, page: `https://news.example/${long}`, page_title: long },
    { name: "محمد", text: "شكراً على المقال الرائع", locale: "ar" },
    { name: "Twin", text: "Nice article!" },
    { name: "Spammer", url: "https://cheap.example", ip: "203.0.113.7", page: "https://news.example/a", page_title: "A page", text: "FREE MONEY\u200b at [url=http://spam.example]here[/url] and b\u0430nk http://bit.ly/x call +1 555 123 4567 NOW!!!!!!!!" },
  ]) {
    const { status, body } = await service.post(submission);
    assert.equal(status, 201, JSON.stringify(body));
    id = body.id;
  }
});

after(() => close?.());

const pages = () => ["/queue", `/queue?status=held&comment=${id}`, "/queue?status=rejected&after=0000000000001", "/queue?q=nothing+of+the+kind+score:high", `/comments/${id}`, `/comments/${id}/alike`, "/matching?status=held", "/matching?status=approved", "/standing", "/keys", "/comments/nothing"];

async function violations(page) {
  await page.evaluate(AXE);
  const found = await page.evaluate((tags) => globalThis.axe.run(document, { runOnly: tags }), TAGS);
  return found.violations.map((v) => `${v.id}: ${v.nodes.map((node) => `${node.target} ${node.any[0]?.message ?? ""}`).join("; ")}`);
}

for (const colorScheme of ["light", "dark"]) {
  for (const width of [1280, 390]) {
    test(`axe finds nothing at ${width} px in the ${colorScheme} theme`, async () => {
      const options = { colorScheme, viewport: { width, height: 844 }, bypassCSP: true };
      const outside = await openPage(browser, service, options);
      await outside.goto(`${service.url}/login?bye=1`);
      assert.deepEqual(await violations(outside), [], "/login");
      await signIn(outside, service);
      for (const address of pages()) {
        await outside.goto(service.url + address);
        assert.deepEqual(await violations(outside), [], address);
      }
      await outside.goto(`${service.url}/comments/${id}`);
      await outside.evaluate(() => { for (const field of document.querySelectorAll("[name=revision]")) field.value = "0"; });
      await outside.click("[data-action=approve]");
      await outside.waitForSelector(".sheet");
      assert.deepEqual(await violations(outside), [], "a conflict");
      await outside.goto(`${service.url}/queue`);
      await outside.evaluate(() => { document.getElementById("offline").hidden = false; document.getElementById("again").showModal(); });
      assert.deepEqual(await violations(outside), [], "away, and signing in again");
      await outside.goto(`${service.url}/queue`);
      await outside.keyboard.press("a");
      await outside.keyboard.press("z");
      await outside.waitForFunction(() => !("unsaved" in document.documentElement.dataset));
      await outside.keyboard.press("Control+k");
      assert.deepEqual(await violations(outside), [], "the palette");
      await outside.keyboard.press("Escape");
      await outside.click(".filters > summary");
      assert.deepEqual(await violations(outside), [], "the filters");
      await outside.keyboard.press("Escape");
      await outside.locator(".pick").first().check();
      await outside.keyboard.press("?");
      assert.deepEqual(await violations(outside), [], "after a decision, with the list of keys");
      await outside.context().close();
    });
  }
}

for (const width of [320, 390, 768, 1280]) {
  test(`nothing has to be scrolled sideways at ${width} px`, async () => {
    const page = await openPage(browser, service, { viewport: { width, height: 800 } });
    await page.goto(`${service.url}/login`);
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), "/login");
    await signIn(page, service);
    for (const address of pages()) {
      await page.goto(service.url + address);
      const [needed, given] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
      assert.ok(needed <= given, `${address} needs ${needed} px`);
    }
    await page.context().close();
  });
}

for (const width of [390, 1280]) {
  test(`from right to left nothing is clipped or has to be scrolled at ${width} px`, async () => {
    const page = await openPage(browser, service, { viewport: { width, height: 800 } });
    await signIn(page, service);
    for (const address of pages()) {
      await page.goto(service.url + address);
      await page.evaluate(() => { document.documentElement.dir = "rtl"; });
      const [needed, given] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
      assert.ok(needed <= given, `${address} needs ${needed} px`);
      const outside = await page.locator("main :is(h1, h2, h3, p, label, button):visible").evaluateAll((all) => all.filter((e) => {
        const box = e.getBoundingClientRect();
        return box.width > 1 && (box.left < -1 || box.right > innerWidth + 1) && !e.closest(".wide, .scrolls, .views, .reasons, pre, table");
      }).map((e) => e.outerHTML.slice(0, 80)));
      assert.deepEqual(outside, [], address);
    }
    await page.goto(`${service.url}/queue`);
    await page.evaluate(() => { document.documentElement.dir = "rtl"; });
    if (width === 1280) {
      const [list, pane] = await page.evaluate(() => [document.querySelector(".list"), document.querySelector(".pane")].map((e) => e.getBoundingClientRect().left));
      assert.ok(list > pane, "the list is on the right");
    }
    await page.context().close();
  });
}

test("targets are large enough for a thumb on a phone", async () => {
  const page = await openPage(browser, service, { viewport: { width: 390, height: 844 }, hasTouch: true });
  await signIn(page, service);
  const small = await page.locator(".actions button").evaluateAll((all) => all.map((e) => e.getBoundingClientRect()).filter((box) => box.height < 44 || box.width < 44).length);
  assert.equal(small, 0);
  const tiny = await page.locator("button:visible, a:visible, input:visible, select:visible").evaluateAll((all) => all
    .filter((e) => !e.matches(".skip")).map((e) => [e.outerHTML.slice(0, 60), e.getBoundingClientRect()]).filter(([, box]) => box.height < 24 || box.width < 24).map(([html]) => html));
  assert.deepEqual(tiny, []);
  await page.context().close();
});
