// A moderator's first day: setup, comments through the API, deciding by keys, by buttons, and without JavaScript.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { ANA, openPage, sentence, setUp, signIn, startBrowser, startService } from "./service.mjs";

let service;
let browser;
/** The ids of the comments, oldest first, as the queue lists them while nothing else tells them apart. */
let ids;

before(async () => {
  service = await startService();
  browser = await startBrowser();
});

after(async () => {
  await browser?.close();
  await service?.close();
});

const status = (page, id) => page.locator(`[data-comment-id="${id}"]`).getAttribute("data-status");
const shown = (page, id) => page.waitForSelector(`[data-detail="${id}"]`);
const counts = async (page) => Object.fromEntries(await page.locator("[data-count]").evaluateAll((all) => all.map((e) => [e.dataset.count, Number(e.textContent)])));

/** Waits until every decision is saved; the script keeps the number of those that are not. */
const settled = (page) => page.waitForFunction(() => document.readyState === "complete" && !("unsaved" in document.documentElement.dataset));

async function nothingBad(page) {
  assert.deepEqual(page.bad, []);
  assert.deepEqual(await page.evaluate(() => globalThis.violations), []);
}

/** What the server says, asked anew. */
async function reread(page, id) {
  const answer = await page.request.get(`${service.url}/comments/${id}`);
  return (await answer.text()).match(/class="badge (\w+)"/)[1];
}

test("setup makes the first administrator and waits for the first comment", async () => {
  const page = await openPage(browser, service);
  await page.goto(service.url);
  assert.equal(new URL(page.url()).pathname, "/setup");
  await setUp(page, service);
  assert.match(await page.textContent("main"), /Waiting for the first comment/);
  assert.match(await page.textContent(".who"), new RegExp(ANA.name));
  await nothingBad(page);
  await page.context().close();
});

test("comments that the website sends stand in the queue, what waits longest first", async () => {
  ids = [];
  for (let n = 1; n <= 12; n += 1) {
    const { status, body } = await service.post({ name: `Author ${n}`, email: `author${n}@example.org`, text: `Comment number ${n} of its own words: ${sentence(n)}`, page: "https://news.example/a/42" });
    assert.equal(status, 201, JSON.stringify(body));
    if (body.status === "held") ids.push(body.id);
  }
  assert.ok(ids.length >= 10, "the test needs held comments");
  const page = await openPage(browser, service);
  await signIn(page, service);
  const listed = await page.locator("[data-comment-id]").evaluateAll((rows) => rows.map((row) => row.dataset.commentId));
  assert.deepEqual(listed, ids);
  await shown(page, ids[0]);
  await nothingBad(page);
  await page.context().close();
});

test("keys decide, move and take back, and nothing on the page shifts", async () => {
  const page = await openPage(browser, service);
  await signIn(page, service);
  await settled(page);
  const before = await counts(page);

  await page.keyboard.press("a");
  await shown(page, ids[1]);
  assert.equal(await status(page, ids[0]), "approved");
  assert.match(await page.textContent("#said"), /^Approved “Comment number/);
  await page.keyboard.press("r");
  await shown(page, ids[2]);
  assert.equal(await status(page, ids[1]), "rejected");
  await page.keyboard.press("h");
  await shown(page, ids[3]);
  await page.keyboard.press("3");
  await shown(page, ids[4]);
  assert.match(await page.textContent(`[data-comment-id="${ids[3]}"] [data-verdict]`), /off-topic/);
  assert.deepEqual(await counts(page), { ...before, held: before.held - 3, approved: before.approved + 1, rejected: before.rejected + 2 });
  await page.keyboard.press("j");
  await shown(page, ids[5]);
  await page.keyboard.press("k");
  await shown(page, ids[4]);
  await settled(page);
  assert.deepEqual(await Promise.all([0, 1, 2, 3].map((n) => reread(page, ids[n]))), ["approved", "rejected", "held", "rejected"]);

  for (const n of [3, 2, 1, 0]) {
    await page.keyboard.press("z");
    await shown(page, ids[n]);
  }
  await settled(page);
  assert.deepEqual(await counts(page), before);
  assert.deepEqual(await Promise.all([0, 1, 2, 3].map((n) => reread(page, ids[n]))), ["held", "held", "held", "held"]);
  assert.match(await page.textContent("#said"), /^Taken back/);
  assert.equal(await page.evaluate(() => globalThis.shift), 0, "layout shift");
  await nothingBad(page);
  await page.context().close();
});

test("a hundred quick keys are all saved, in order", async () => {
  const page = await openPage(browser, service);
  await signIn(page, service);
  await settled(page);
  for (let n = 0; n < 4; n += 1) {
    for (const key of "arararz") await page.keyboard.press(key);
    for (let back = 0; back < 5; back += 1) await page.keyboard.press("z");
    await settled(page);
  }
  const listed = await page.locator("[data-comment-id]").evaluateAll((rows) => rows.map((row) => [row.dataset.commentId, row.dataset.status]));
  for (const [id, painted] of listed) assert.equal(await reread(page, id), painted, id);
  assert.equal(await page.evaluate(() => globalThis.shift), 0, "layout shift");
  await nothingBad(page);
  await page.context().close();
});

test("keys stay out of fields, of the browser's own shortcuts, and can be switched off", async () => {
  const page = await openPage(browser, service);
  await signIn(page, service);
  await settled(page);
  const first = await page.locator("[data-selected]").getAttribute("data-comment-id");
  await page.keyboard.press("Control+a");
  assert.equal(await status(page, first), "held");
  await page.keyboard.press("?");
  await page.waitForSelector("dialog[open]");
  await page.keyboard.press("a");
  assert.equal(await status(page, first), "held");
  await page.uncheck("#keys-on");
  await page.keyboard.press("Escape");
  await page.keyboard.press("a");
  await page.reload();
  await page.keyboard.press("a");
  assert.equal(await reread(page, first), "held");
  await nothingBad(page);
  await page.context().close();
});

test("buttons decide, and focus stays where the hand is", async () => {
  const page = await openPage(browser, service);
  await signIn(page, service);
  await settled(page);
  const rows = await page.locator("[data-comment-id]").evaluateAll((all) => all.map((row) => row.dataset.commentId));
  await page.click("button.approve");
  await shown(page, rows[1]);
  assert.equal(await page.evaluate(() => document.activeElement.dataset.action), "approve");
  await page.click('button.reason[value="toxic"]');
  await shown(page, rows[2]);
  await settled(page);
  assert.deepEqual([await reread(page, rows[0]), await reread(page, rows[1])], ["approved", "rejected"]);
  await page.click("button.undo");
  await shown(page, rows[1]);
  await page.click("button.undo");
  await shown(page, rows[0]);
  await settled(page);
  assert.deepEqual([await reread(page, rows[0]), await reread(page, rows[1])], ["held", "held"]);
  await nothingBad(page);
  await page.context().close();
});

test("a decision about what somebody else decided opens its row again and says who was faster", async () => {
  const [one, two] = [await openPage(browser, service), await openPage(browser, service)];
  // Without news of what colleagues do, as when two press a key in the same second.
  await two.route("**/live", (route) => route.abort());
  await signIn(one, service);
  await signIn(two, service);
  await settled(one);
  await settled(two);
  const id = await one.locator("[data-selected]").getAttribute("data-comment-id");
  await one.keyboard.press("a");
  await settled(one);
  await two.keyboard.press("r");
  await two.waitForFunction(() => document.getElementById("said").textContent.startsWith("Not saved"));
  assert.match(await two.textContent("#said"), /Ana Example approved this \d+ s ago\. K keeps it, O overrules\./);
  assert.equal(await status(two, id), "approved");
  assert.equal(await reread(two, id), "approved");
  await one.keyboard.press("z");
  await settled(one);
  assert.equal(await reread(one, id), "held");
  await nothingBad(one);
  // The browser itself notes the 409 in its console.
  assert.deepEqual(two.bad.filter((line) => !line.includes("409") && !line.includes("ERR_FAILED")), []);
  await one.context().close();
  await two.context().close();
});

test("a decision that the server refuses opens its row again and says so", async () => {
  const page = await openPage(browser, service);
  await signIn(page, service);
  await settled(page);
  const id = await page.locator("[data-selected]").getAttribute("data-comment-id");
  await page.route("**/decision", (route) => route.fulfill({ status: 500, json: { detail: "Something broke." } }));
  await page.keyboard.press("a");
  await page.waitForFunction(() => document.getElementById("said").textContent.startsWith("Not saved"));
  assert.equal(await status(page, id), "held");
  assert.match(await page.textContent("#said"), /Something broke/);
  await page.unroute("**/decision");
  await page.keyboard.press("k");
  await page.keyboard.press("k");
  await shown(page, id);
  await page.keyboard.press("a");
  await settled(page);
  assert.equal(await reread(page, id), "approved");
  await page.keyboard.press("z");
  await settled(page);
  assert.equal(await reread(page, id), "held");
  await page.context().close();
});

test("everything works without JavaScript", async () => {
  const page = await openPage(browser, service, { javaScriptEnabled: false });
  await page.goto(`${service.url}/login`);
  await page.fill("#email", ANA.email);
  await page.fill("#password", "not my password");
  await page.click("button.primary");
  assert.match(await page.textContent("main"), /E-mail address or password is wrong/);
  assert.equal(await page.inputValue("#email"), ANA.email);
  await page.fill("#password", ANA.password);
  await page.click("button.primary");
  await page.waitForURL("**/queue");

  const rows = await page.locator("[data-comment-id]").evaluateAll((all) => all.map((row) => row.dataset.commentId));
  await page.click(`[data-comment-id="${rows[1]}"] a`);
  await shown(page, rows[1]);
  await page.click("button.approve");
  await shown(page, rows[2]);
  assert.match(await page.textContent("#said"), /^Approved/);
  await page.click('button.reason[value="off-topic"]');
  await shown(page, rows[3]);
  await page.click("button.hold");
  await shown(page, rows[4]);
  assert.match(await page.textContent("#said"), /stays held/);
  assert.deepEqual([await reread(page, rows[1]), await reread(page, rows[2]), await reread(page, rows[3])], ["approved", "rejected", "held"]);

  await page.click(".tabs a >> text=Rejected");
  await page.click(`[data-comment-id="${rows[2]}"] a`);
  await page.click("button.hold");
  assert.match(await page.textContent("#said"), /^Held/);
  await page.click("button.undo");
  assert.match(await page.textContent("#said"), /Taken back: .* is rejected again/);
  await page.goto(`${service.url}/comments/${rows[2]}`);
  assert.match(await page.textContent(".history"), /took a decision back: rejected again/);
  await page.click("button.approve");
  await page.click("button:text('Sign out')");
  assert.match(await page.textContent("main"), /You are signed out/);
  assert.deepEqual(page.bad.filter((line) => !line.includes("422")), []);
  await page.context().close();
});

test("a rule is tried on what was decided, saved, felt by the next comment, and the day is exported", async () => {
  const page = await openPage(browser, service);
  await signIn(page, service);
  await page.keyboard.press("g");
  await page.keyboard.press("p");
  await page.waitForURL("**/policy");
  await page.fill("[name=words]", "marble");
  await page.fill("#try_text", "A marble staircase");
  await page.waitForSelector("#tried .badge");
  assert.match(await page.textContent("#tried"), /listed_word/);
  await page.click("[value=check]");
  assert.match(await page.textContent("main"), /Of the last 12 comments, \d+ would/);
  assert.match(await page.textContent(".diff"), /words: marble/);
  await page.fill("#reason", "Marble is what they sell");
  await page.click("[value=save]");
  assert.match(await page.textContent("[role=status]"), /Version 1 is in force/);
  // Policies are looked for four times a second.
  let codes = [];
  for (let tries = 0; tries < 40 && !codes.includes("listed_word"); tries += 1) {
    codes = (await service.post({ name: "Late", text: `A marble staircase, number ${tries}` })).body.reasons.map(({ code }) => code);
  }
  assert.ok(codes.includes("listed_word"), codes.join());

  await page.goto(`${service.url}/audit`);
  const [csv] = await Promise.all([page.waitForEvent("download"), page.click("a:text('CSV')")]);
  assert.equal(csv.suggestedFilename(), "audit.csv");
  const lines = (await readFile(await csv.path(), "utf8")).trim().split("\n");
  assert.match(lines[0], /^at,id,site,comment/);
  assert.ok(lines.some((line) => /,decided,.*Ana Example,held,approved/.test(line)), lines.slice(0, 3).join("\n"));
  assert.ok(lines.some((line) => /,undone,/.test(line)));
  const jsonl = await (await page.request.get(`${service.url}/audit/export/jsonl?kind=decided`)).text();
  assert.ok(jsonl.trim().split("\n").every((line) => JSON.parse(line).kind === "decided"));
  await page.goto(`${service.url}/audit?view=service`);
  assert.match(await page.textContent("main"), /rules saved/);
  await nothingBad(page);
  await page.context().close();
});
