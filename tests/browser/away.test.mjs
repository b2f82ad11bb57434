// What moderators notice of trouble, and of words that hurt: a server that is away, a session that ended, a veil.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { ANA, openPage, sentence, setUp, signIn, startForAna, startService } from "./service.mjs";

let service;
let browser;
let close;

before(async () => {
  ({ service, browser, close } = await startForAna());
  for (let n = 0; n < 40; n += 1) assert.equal((await service.post({ name: `Author ${n}`, text: `${sentence(n, 16)} ${n}` })).status, 201);
});

after(() => close?.());

const settled = (page) => page.waitForFunction(() => document.readyState === "complete" && !("unsaved" in document.documentElement.dataset));
const statuses = (page) => page.locator("[data-comment-id]").evaluateAll((all) => all.map((row) => [row.dataset.commentId, row.dataset.status]));
const fetchedAhead = (page) => page.waitForFunction(() => performance.getEntriesByType("resource").filter(({ name }) => /\/comments\/\w+\?/.test(name)).length >= 20);

async function reread(page, id) {
  const answer = await page.request.get(`${service.url}/comments/${id}`);
  return (await answer.text()).match(/class="badge (\w+)"/)[1];
}

test("without a server decisions are kept, twenty at most, and are sent in order when it is back", async () => {
  const page = await openPage(browser, service);
  await signIn(page, service);
  await settled(page);
  await fetchedAhead(page);
  await page.context().setOffline(true);
  for (let n = 0; n < 19; n += 1) await page.keyboard.press(n % 2 ? "r" : "a");
  await page.waitForSelector("#offline:not([hidden])");
  await page.keyboard.press("a");
  await page.keyboard.press("a");
  assert.match(await page.textContent("#said"), /^20 decisions are not saved yet/);
  const painted = (await statuses(page)).slice(0, 20);
  assert.deepEqual(painted.map(([, status]) => status).slice(0, 4), ["approved", "rejected", "approved", "rejected"]);
  assert.equal(await page.evaluate(() => globalThis.shift), 0, "layout shift");
  await page.context().setOffline(false);
  await settled(page);
  assert.equal(await page.locator("#offline").isHidden(), true);
  for (const [id, status] of painted) assert.equal(await reread(page, id), status);
  assert.deepEqual(await page.evaluate(() => globalThis.violations), []);
  await page.context().close();
});

test("when the session has ended, one signs in again in place and nothing is lost", async () => {
  const page = await openPage(browser, service);
  await signIn(page, service);
  await settled(page);
  const [[first], [second]] = await statuses(page);
  await page.fill("#note", "half a thought");
  await page.locator("#heading").focus();
  await page.context().clearCookies();
  await page.keyboard.press("a");
  await page.waitForSelector("#again[open]");
  assert.equal(await page.locator(`[data-comment-id="${first}"]`).getAttribute("data-status"), "approved", "it is painted already");
  await page.keyboard.type("not the password");
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => document.getElementById("again-mistake").textContent !== "");
  await page.fill("#again-password", ANA.password);
  await page.keyboard.press("Enter");
  await page.waitForSelector("#again:not([open])", { state: "attached" });
  await settled(page);
  assert.equal(await reread(page, first), "approved");
  await page.keyboard.press("r");
  await settled(page);
  assert.equal(await reread(page, second), "rejected");
  assert.deepEqual(await page.evaluate(() => globalThis.violations), []);
  await page.context().close();
});

test("strong language stays veiled in list, pane and range until it is asked for", async () => {
  const judged = await startService({ model: true });
  const page = await openPage(browser, judged);
  await setUp(page, judged);
  await page.goto(`${judged.url}/setup/strictness`);
  await page.check("[value=careful]");
  await page.click("button.primary");
  assert.equal((await judged.post({ name: "Rude", text: "You fucking moron, shut up and die, you worthless piece of shit" })).status, 201);
  const blur = (selector) => page.locator(selector).first().evaluate((element) => getComputedStyle(element).filter);
  await page.goto(`${judged.url}/queue`);
  assert.deepEqual([await blur(".text"), await blur(".row-text")], ["none", "none"]);
  await page.goto(`${judged.url}/account`);
  await page.check("[name=veil]");
  await page.click("form[action='/account/choices'] button");
  await page.goto(`${judged.url}/matching`);
  assert.match(await blur(".member-text"), /blur/);
  await page.goto(`${judged.url}/queue`);
  assert.match(await blur(".row-text"), /blur/);
  assert.match(await blur(".text"), /blur/);
  await page.keyboard.press("v");
  assert.equal(await blur(".text"), "none");
  assert.deepEqual(page.bad, []);
  await page.context().close();
  await judged.close();
});
