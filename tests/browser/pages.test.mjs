// The pages beside the queue: accessibility in both themes, reflow, and the way through them without JavaScript.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { ANA, openPage, setUp, signIn, startForAna, startService } from "./service.mjs";

const AXE = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
const PAGES = ["/stats", "/policy", "/audit", "/audit?view=service", "/audit?since=soon", "/sites", "/users", "/webhooks", "/account", "/try", "/docs", "/setup/site", "/setup/strictness", "/invite/nobody"];

let service;
let browser;
let close;

before(async () => {
  ({ service, browser, close } = await startForAna());
  for (const text of ["The lake was lovely", "FREE MONEY at http://bit.ly/abc NOW!!!!!!!!", "averyverylongwordwithoutanyplacetobreak".repeat(8)]) {
    const { status, body } = await service.post({ name: "Ann", text });
    assert.equal(status, 201, JSON.stringify(body));
  }
  const page = await openPage(browser, service);
  await signIn(page, service);
  await page.click("button.approve");
  await page.context().close();
});

after(() => close?.());

async function violations(page) {
  await page.evaluate(AXE);
  const found = await page.evaluate((tags) => globalThis.axe.run(document, { runOnly: tags }), TAGS);
  return found.violations.map((v) => `${v.id}: ${v.nodes.map((node) => `${node.target} ${node.any[0]?.message ?? ""}`).join("; ")}`);
}

async function nothingBad(page) {
  assert.deepEqual(page.bad, []);
  assert.deepEqual(await page.evaluate(() => globalThis.violations), []);
}

for (const colorScheme of ["light", "dark"]) {
  for (const width of [1280, 390]) {
    test(`axe finds nothing on the pages beside the queue at ${width} px in the ${colorScheme} theme`, async () => {
      const page = await openPage(browser, service, { colorScheme, viewport: { width, height: 844 }, bypassCSP: true });
      await signIn(page, service);
      for (const address of PAGES) {
        await page.goto(service.url + address);
        assert.deepEqual(await violations(page), [], address);
        const [needed, given] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
        assert.ok(needed <= given, `${address} needs ${needed} px`);
      }
      await page.goto(`${service.url}/policy`);
      await page.fill("[name=patterns]", "1 fine\n2 (");
      await page.fill("#try_text", "FREE MONEY at http://bit.ly/abc");
      await page.click("[value=check]");
      assert.deepEqual(await violations(page), [], "a policy with a mistake");
      await page.fill("[name=patterns]", "5 lovely");
      await page.click("[value=check]");
      assert.deepEqual(await violations(page), [], "a replay");
      await page.context().close();
    });
  }
}

for (const colorScheme of ["light", "dark"]) {
  test(`axe finds nothing on the first run in the ${colorScheme} theme`, async () => {
    const fresh = await startService();
    const page = await openPage(browser, fresh, { colorScheme, viewport: { width: 390, height: 844 }, bypassCSP: true });
    await page.goto(`${fresh.url}/setup`);
    assert.deepEqual(await violations(page), [], "/setup");
    await setUp(page, fresh);
    assert.deepEqual(await violations(page), [], "an empty queue");
    await page.context().close();
    await fresh.close();
  });
}

test("nothing has to be scrolled sideways at 320 px", async () => {
  const page = await openPage(browser, service, { viewport: { width: 320, height: 800 } });
  await signIn(page, service);
  for (const address of PAGES) {
    await page.goto(service.url + address);
    const [needed, given] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
    assert.ok(needed <= given, `${address} needs ${needed} px`);
  }
  await page.context().close();
});

test("a rule is changed, told in the audit and taken back, without JavaScript", async () => {
  const page = await openPage(browser, service, { javaScriptEnabled: false });
  await signIn(page, service);
  await page.click("nav.sections a[href='/policy']");
  await page.fill("[name=words]", "zebra");
  await page.click("[value=check]");
  assert.match(await page.textContent("#difference + ul, .diff"), /words: zebra/);
  await page.fill("#reason", "stripes");
  await page.click("[value=save]");
  assert.match(await page.textContent("[role=status]"), /Version 1 is in force/);
  await page.fill("[name=words]", "");
  await page.fill("#reason", "no stripes");
  await page.click("[value=save]");
  await page.click("form[action='/policy/rollback'] button");
  assert.match(await page.inputValue("[name=words]"), /zebra/);
  await page.goto(`${service.url}/audit?view=service`);
  assert.match(await page.textContent("main"), /rules saved/);
  assert.deepEqual(page.bad, []);
  await page.context().close();
});

test("a text is tried while it is typed, and the picture needs neither script nor inline style", async () => {
  const page = await openPage(browser, service);
  await signIn(page, service);
  await page.goto(`${service.url}/policy`);
  await page.fill("#try_text", "FREE MONEY at http://bit.ly/abc NOW!!!!!!!!");
  await page.waitForSelector("#tried .badge");
  assert.match(await page.textContent("#tried"), /short_link/);
  await page.goto(`${service.url}/stats`);
  assert.ok(await page.locator(".plot svg").count() >= 5);
  await nothingBad(page);
  await page.context().close();
});

test("an invited person enters with a second language and their own theme", async () => {
  const page = await openPage(browser, service);
  await signIn(page, service);
  await page.goto(`${service.url}/users`);
  await page.click("form[action='/users/invite'] button");
  const link = (await page.textContent("#invite-link")).trim();
  const other = await openPage(browser, service, { locale: "de-DE" });
  await other.goto(link);
  assert.match(await other.textContent("h1"), /eingeladen/);
  await other.fill("#name", "Bo");
  await other.fill("#email", "bo@example.org");
  await other.fill("#password", "another long secret");
  await other.click("button.primary");
  await other.waitForURL("**/queue");
  await other.goto(`${service.url}/account`);
  await other.check("[value=dark]");
  await other.fill("#zone", "Europe/Berlin");
  await other.click("form[action='/account/choices'] button");
  assert.equal(await other.getAttribute("html", "data-theme"), "dark");
  assert.equal(await other.evaluate(() => getComputedStyle(document.documentElement).colorScheme), "dark");
  await nothingBad(other);
  await other.context().close();
  await page.context().close();
});

test("the first run leads to a queue in three pages", async () => {
  const fresh = await startService();
  const page = await openPage(browser, fresh);
  await page.goto(fresh.url);
  await page.fill("#code", fresh.code);
  await page.fill("#name", ANA.name);
  await page.fill("#email", ANA.email);
  await page.fill("#password", ANA.password);
  await page.click("button.primary");
  await page.fill("#name", "My blog");
  await page.fill("#url", "https://blog.example");
  await page.click("button.primary");
  const key = (await page.textContent("#new-key")).trim();
  const answer = await fetch(`${fresh.url}/v1/comments`, {
    method: "POST", headers: { authorization: `Bearer ${key}`, "content-type": "application/json" }, body: JSON.stringify({ text: "hello from the first run" }),
  });
  assert.equal(answer.status, 201);
  await page.waitForSelector("[data-received]");
  await page.click("a.primary");
  await page.check("[name=samples]");
  await page.click("button.primary");
  await page.waitForURL("**/queue");
  assert.ok(await page.locator("[data-comment-id]").count() > 10);
  await nothingBad(page);
  await page.context().close();
  await fresh.close();
});
