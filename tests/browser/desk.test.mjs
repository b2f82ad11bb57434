// The moderators' working screen: searching, many at once, campaigns, colleagues, keys of one's own. One working day from the
// first comment to the last.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { ANA, openPage, sentence, signIn, startForAna } from "./service.mjs";

const BO = { name: "Bo Berg", email: "bo@example.org", password: "another good sentence" };

let service;
let browser;
let close;

before(async () => {
  ({ service, browser, close } = await startForAna());
  await service.colleague(BO);
});

after(() => close?.());

const settled = (page) => page.waitForFunction(() => document.readyState === "complete" && !("unsaved" in document.documentElement.dataset));
const listed = (page) => page.locator("[data-comment-id]").evaluateAll((all) => all.map((row) => row.dataset.commentId));
const statuses = (page) => page.locator("[data-comment-id]").evaluateAll((all) => all.map((row) => row.dataset.status));
const shown = (page, id) => page.waitForSelector(`[data-detail="${id}"]`);
const status = (page, id) => page.locator(`[data-comment-id="${id}"]`).getAttribute("data-status");

async function send(submission) {
  const { status: code, body } = await service.post(submission);
  assert.equal(code, 201, JSON.stringify(body));
  return body.id;
}

async function reread(page, id) {
  const answer = await page.request.get(`${service.url}/comments/${id}`);
  return (await answer.text()).match(/class="badge (\w+)"/)[1];
}

async function nothingBad(page) {
  assert.deepEqual(page.bad, []);
  assert.deepEqual(await page.evaluate(() => globalThis.violations), []);
}

async function open(options, who = ANA) {
  const page = await openPage(browser, service, options);
  await signIn(page, service, who);
  return page;
}

/** The index is filled behind the commit. */
async function searched(page, search, n) {
  for (let tries = 0; tries < 100; tries += 1) {
    await page.goto(`${service.url}/queue?status=any&q=${encodeURIComponent(search)}`);
    const found = await listed(page);
    if (found.length === n) return found;
  }
  throw new Error(`${search} did not find ${n}`);
}

test("triage of 200 comments by keyboard: the next one is there at once and nothing moves", async () => {
  for (let n = 0; n < 200; n += 1) await send({ name: `Author ${n}`, email: `author${n}@example.org`, text: `${sentence(n, 16)} ${n}` });
  const page = await open();
  await settled(page);
  const times = [];
  for (let n = 0; n < 200; n += 1) {
    const before = await page.locator("[data-selected]").getAttribute("data-comment-id");
    const last = await page.evaluate(() => [...document.querySelectorAll("[data-comment-id]")].filter((row) => !("decided" in row.dataset)).length === 1);
    const key = "arharaararh"[n % 11];
    if (last) {
      // The last of a page leads to the next page.
      await Promise.all([page.waitForEvent("load"), page.keyboard.press(key)]);
      await settled(page);
      continue;
    }
    // From the key to the frame in which the next comment stands, as the browser's own clock tells it.
    await page.evaluate(() => {
      globalThis.painted = new Promise((resolve) => {
        const from = { id: document.querySelector("[data-detail]").dataset.detail, at: 0 };
        addEventListener("keydown", (event) => { from.at = event.timeStamp; }, { once: true, capture: true });
        const observer = new MutationObserver(() => {
          if (document.querySelector("[data-detail]")?.dataset.detail === from.id) return;
          observer.disconnect();
          requestAnimationFrame(() => resolve(performance.now() - from.at));
        });
        observer.observe(document.getElementById("detail"), { childList: true });
      });
    });
    await page.keyboard.press(key);
    times.push(await page.evaluate(() => globalThis.painted));
    assert.notEqual(await page.locator("[data-selected]").getAttribute("data-comment-id"), before);
  }
  await settled(page);
  times.sort((a, b) => a - b);
  const at = (share) => times[Math.floor(share * (times.length - 1))].toFixed(1);
  console.log(`key to the next comment painted, ${times.length} decisions: p50 ${at(0.5)} ms, p95 ${at(0.95)} ms, max ${at(1)} ms`);
  await page.goto(`${service.url}/queue`);
  const counts = Object.fromEntries(await page.locator("[data-count]").evaluateAll((all) => all.map((e) => [e.dataset.count, Number(e.textContent)])));
  assert.equal(counts.any, 200);
  assert.ok(counts.approved > 80 && counts.rejected > 60 && counts.held > 20, JSON.stringify(counts));
  assert.equal(await page.evaluate(() => globalThis.shift), 0, "layout shift");
  await nothingBad(page);
  await page.context().close();
});

test("a search is an address: words, filters, orders, and what is wrong with it", async () => {
  const id = await send({ name: "Zoe", email: "zoe@example.org", ip: "198.51.100.7", text: "The tramway to the lighthouse was late again, and nobody said why." });
  const page = await open();
  assert.deepEqual(await searched(page, "lighthouse", 1), [id]);
  assert.deepEqual(await searched(page, "\"tramway to the\" author:zoe@example.org ip:198.51.100.0/24 lang:en is:held", 1), [id]);
  await page.goto(`${service.url}/queue`);
  await page.fill("#q", "tramw*");
  await page.keyboard.press("Enter");
  await page.waitForURL(/q=tramw/);
  assert.deepEqual(await listed(page), [id]);
  await page.goto(`${service.url}/queue?q=score:high`);
  assert.match(await page.textContent(".tools .mistake"), /score|number/);
  await page.goto(`${service.url}/queue?q=nothingofthekind`);
  assert.match(await page.textContent(".nothing"), /No match/);
  await page.goto(`${service.url}/queue`);
  await page.click(".filters > summary");
  await page.selectOption("#lang", "en");
  await page.selectOption("#sort", "oldest");
  await page.click(".filter:not(.keep) button");
  await page.waitForURL(/q=lang%3Aen/);
  assert.ok((await listed(page)).includes(id));
  await page.click(".filters > summary");
  await page.fill("#view-name", "English first");
  await page.click(".keep button");
  assert.match(await page.textContent(".views a[aria-current]"), /English first/);
  await page.goto(`${service.url}/queue`);
  await page.click(".views >> text=English first");
  assert.match(page.url(), /lang%3Aen/);
  await page.click(".views button");
  await page.waitForURL("**/queue");
  assert.doesNotMatch(await page.textContent(".views"), /English first/);
  await nothingBad(page);
  await page.context().close();
});

test("selected comments are decided as one step, undone and done again as one", async () => {
  const page = await open();
  await page.goto(`${service.url}/queue?status=held&sort=newest&q=score:>-1000`);
  const before = await statuses(page);
  assert.ok(before.length >= 8);
  const ids = await listed(page);
  await page.keyboard.press("x");
  for (let n = 0; n < 3; n += 1) await page.keyboard.press("j");
  await page.keyboard.press("X");
  assert.equal(await page.locator(".pick:checked").count(), 4);
  await page.keyboard.press("3");
  assert.deepEqual(await statuses(page), before.map((_, n) => (n < 4 ? "rejected" : "held")));
  assert.match(await page.textContent("#said"), /^Rejected: 4 comments/);
  await settled(page);
  assert.equal(await reread(page, ids[3]), "rejected");
  await page.keyboard.press("z");
  await settled(page);
  assert.deepEqual([await reread(page, ids[0]), await reread(page, ids[3])], ["held", "held"]);
  assert.deepEqual(await statuses(page), before);
  await page.keyboard.press("Z");
  await settled(page);
  assert.deepEqual([await reread(page, ids[0]), await reread(page, ids[3])], ["rejected", "rejected"]);
  await page.keyboard.press("z");
  await settled(page);
  assert.equal(await reread(page, ids[0]), "held");
  // What was done before this page was loaded can be undone too.
  await page.keyboard.press("a");
  await settled(page);
  await page.reload();
  await page.keyboard.press("z");
  await page.waitForURL(/done=/);
  assert.match(await page.textContent("#said"), /Taken back/);
  assert.equal(await page.evaluate(() => globalThis.shift), 0, "layout shift");
  await nothingBad(page);
  await page.context().close();
});

test("all that a view finds is decided as one step, by a range that has fields, steps and handles", async () => {
  const page = await open();
  await page.goto(`${service.url}/queue?status=held&q=score:>-1000&sort=newest`);
  const before = await page.locator("[data-count=held]").textContent();
  await page.keyboard.press("M");
  await page.waitForURL(/matching/);
  assert.match(await page.textContent("h1"), new RegExp(`^${before} comments`));
  await page.fill("#from", "20");
  await page.keyboard.press("Enter");
  await page.waitForURL(/from=20/);
  assert.equal(await page.locator(".members").count(), 0, "no score is that high");
  await page.goto(`${service.url}/matching?status=held&q=score:>-1000&by=score`);
  const box = await page.locator("[data-mirrors=to]").boundingBox();
  await page.mouse.move(box.x + box.width - 8, box.y + box.height / 2);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.7, box.y + box.height / 2, { steps: 4 });
  await page.mouse.up();
  await page.waitForURL(/to=\d+/);
  const to = Number(new URL(page.url()).searchParams.get("to"));
  assert.ok(to > 5 && to < 15, `the upper handle was let go at ${to}`);
  await page.locator(".edges a").first().click();
  await page.waitForURL(/from=-/);
  const taken = await page.locator(".members input").first().inputValue();
  await page.locator(".members input").first().uncheck();
  await page.click(".campaign-actions .approve");
  await page.waitForURL(/done=/);
  assert.equal(await reread(page, taken.split("@")[0]), "held");
  assert.equal(await page.locator("[data-count=held]").textContent(), "1");
  await Promise.all([page.waitForEvent("load"), page.keyboard.press("z")]);
  assert.match(await page.textContent("#said"), /Taken back/);
  await page.goto(`${service.url}/queue`);
  assert.equal(await page.locator("[data-count=held]").textContent(), before);
  await nothingBad(page);
  await page.context().close();
});

const CAMPAIGN = "Buy the finest watches of the whole town at our new shop today, and tell all of your friends about the great prices";

test("a campaign is one row, decided and undone as a whole, and may go on to apply", async () => {
  const ids = [];
  for (let n = 0; n < 5; n += 1) ids.push(await send({ name: `Seller ${n}`, email: `seller${n}@example.org`, text: CAMPAIGN }));
  const odd = await send({ name: "Other", email: "other@example.org", text: `${CAMPAIGN} http://elsewhere.example/x` });
  const page = await open();
  await page.goto(`${service.url}/queue?sort=newest`);
  const row = page.locator(`[data-comment-id="${ids[0]}"]`);
  assert.match(await row.locator(".alike").textContent(), /×[56]/);
  for (const id of ids.slice(1)) assert.equal(await page.locator(`[data-comment-id="${id}"]`).count(), 0);
  await row.locator("a").click();
  await shown(page, ids[0]);
  await page.keyboard.press("*");
  await page.waitForURL(/alike/);
  assert.equal(await page.locator(".members input").count() >= 5, true);
  const isAlike = (await page.locator(`.members a[href="/comments/${odd}"]`).count()) === 1;
  if (isAlike) assert.equal(await page.locator(`.members li:has(a[href="/comments/${odd}"]) input`).isChecked(), false, "another link is no campaign's");
  await page.selectOption("#hours", "24");
  await page.click("button.reject");
  await page.waitForURL(/queue/);
  for (const id of ids) assert.equal(await reread(page, id), "rejected");
  assert.equal(await reread(page, odd), "held");

  const { body } = await service.post({ name: "Late", email: "late@example.org", text: CAMPAIGN });
  assert.equal(body.status, "rejected");
  assert.ok(body.reasons.some(({ code }) => code === "standing.decision"));
  await page.goto(`${service.url}/comments/${body.id}`);
  assert.match(await page.textContent(".why"), /because a moderator decided so/);

  await page.goto(`${service.url}/queue`);
  await page.keyboard.press("z");
  await page.waitForURL(/done=/);
  for (const id of ids) assert.equal(await reread(page, id), "held");
  let again;
  for (let tries = 0; tries < 50 && again !== "held"; tries += 1) again = (await service.post({ name: "Later", text: CAMPAIGN })).body.status;
  assert.equal(again, "held", "undoing ends what stood");
  await nothingBad(page);
  await page.context().close();
});

test("what a colleague has on the screen is marked and jumped over, and news wait behind a chip", async () => {
  const page = await open();
  await page.goto(`${service.url}/queue?sort=newest&q=score:>-1000`);
  const ids = await listed(page);
  const bo = await open({}, BO);
  const leased = bo.waitForResponse((answer) => answer.url().endsWith("/leases") && answer.ok());
  await bo.goto(`${service.url}/queue?sort=newest&q=score:>-1000&comment=${ids[1]}`);
  await leased;
  await page.reload();
  const mark = page.locator(`[data-comment-id="${ids[1]}"] .row-lease`);
  // Ana had the first three before Bo came; what she had stays hers until she gives it back.
  await page.goto("about:blank");
  await bo.evaluate(() => new Promise((resolve) => { setTimeout(resolve, 0); }));
  const again = bo.waitForResponse((answer) => answer.url().endsWith("/leases") && answer.ok());
  await bo.reload();
  await again;
  await page.goto(`${service.url}/queue?sort=newest&q=score:>-1000`);
  await page.waitForFunction((id) => document.querySelector(`[data-comment-id="${id}"]`).hasAttribute("data-leased"), ids[1]);
  assert.equal(await mark.textContent(), "BB");
  assert.equal(await page.locator("[data-selected]").getAttribute("data-comment-id"), ids[0]);
  await page.keyboard.press("j");
  assert.notEqual(await page.locator("[data-selected]").getAttribute("data-comment-id"), ids[1]);

  await bo.keyboard.press("a");
  await page.waitForFunction((id) => document.querySelector(`[data-comment-id="${id}"]`).dataset.status === "approved", ids[1]);
  assert.match(await page.textContent(`[data-comment-id="${ids[1]}"] [data-verdict]`), /approved · Bo Berg/);
  const fresh = await send({ name: "New", text: `${sentence(301)} fresh` });
  await page.waitForFunction(() => !document.getElementById("arrived").classList.contains("idle"));
  assert.deepEqual(await listed(page), ids, "rows do not move by themselves");
  await page.keyboard.press(".");
  await page.waitForFunction((id) => document.querySelector(`[data-comment-id="${id}"]`), fresh);
  assert.equal(await page.evaluate(() => globalThis.shift), 0, "layout shift");
  await nothingBad(page);
  await nothingBad(bo);
  await page.context().close();
  await bo.context().close();
});

test("a conflict says who was faster; one key keeps, another overrules", async () => {
  const [ana, bo] = [await open(), await open({}, BO)];
  for (const page of [ana, bo]) await page.route("**/live", (route) => route.abort());
  for (const page of [ana, bo]) await page.goto(`${service.url}/queue?sort=oldest&q=score:>-1000`);
  await settled(ana);
  const [first, second] = await listed(ana);
  for (const id of [first, second]) {
    for (const page of [ana, bo]) {
      await page.click(`[data-comment-id="${id}"] a`);
      await shown(page, id);
    }
    await ana.keyboard.press("a");
    await settled(ana);
    await bo.keyboard.press("r");
    await bo.waitForFunction(() => /Ana Example approved this/.test(document.getElementById("said").textContent));
    await bo.keyboard.press(id === first ? "K" : "O");
    await settled(bo);
  }
  assert.deepEqual([await reread(ana, first), await reread(ana, second)], ["approved", "rejected"]);
  await ana.context().close();
  await bo.context().close();
});

test("a note mentions a colleague, who finds the comment among what waits for her", async () => {
  const id = await send({ name: "Noted", text: `${sentence(302)} noted` });
  const bo = await open({}, BO);
  await bo.goto(`${service.url}/queue?comment=${id}`);
  await bo.keyboard.press("n");
  await bo.keyboard.type("@Ana is this one of ours?");
  await bo.keyboard.press("Enter");
  assert.match(await bo.textContent(".notes"), /Bo Berg.*is this one of ours/s);
  const ana = await open();
  await ana.keyboard.press("g");
  await ana.keyboard.press("m");
  await ana.waitForURL(/for%3Ame/);
  assert.deepEqual(await listed(ana), [id]);
  await ana.selectOption("#note-to", { label: BO.name });
  await Promise.all([ana.waitForResponse((answer) => answer.request().method() === "POST" && answer.url().endsWith("/notes")), ana.click(".note-form button")]);
  await bo.goto(`${service.url}/queue?q=for:me`);
  assert.deepEqual(await listed(bo), [id]);
  await nothingBad(ana);
  await nothingBad(bo);
  await ana.context().close();
  await bo.context().close();
});

test("keys can be changed and switched off, and the palette finds every action", async () => {
  const page = await open();
  await page.goto(`${service.url}/keys`);
  const save = () => Promise.all([page.waitForResponse((answer) => answer.request().method() === "POST" && answer.url().endsWith("/keys")), page.click("button.primary")]);
  await page.fill("#key-approve", "r");
  await save();
  assert.match(await page.textContent("[role=alert]"), /same key/);
  await page.fill("#key-approve", "y");
  await save();
  await page.goto(`${service.url}/queue?sort=newest&q=score:>-1000`);
  const [id] = await listed(page);
  assert.match(await page.textContent("[data-action=approve]"), /y/);
  await page.keyboard.press("y");
  await settled(page);
  assert.equal(await reread(page, id), "approved");
  await page.keyboard.press("z");
  await settled(page);

  await page.keyboard.press("Control+k");
  await page.waitForSelector("#palette[open]");
  assert.equal(await page.locator("#commands li").count(), 35);
  await page.keyboard.type("reject: off");
  await page.keyboard.press("Enter");
  await settled(page);
  assert.equal(await reread(page, await page.locator("[data-decided]").first().getAttribute("data-comment-id")), "rejected");
  await page.keyboard.press("z");
  await settled(page);

  await page.goto(`${service.url}/keys`);
  await page.check("[name=off]");
  await page.fill("#key-approve", "a");
  await save();
  await page.goto(`${service.url}/queue?sort=newest&q=score:>-1000`);
  await page.keyboard.press("a");
  await settled(page);
  assert.equal(await reread(page, id), "held");
  await page.goto(`${service.url}/keys`);
  await page.uncheck("[name=off]");
  await save();
  await nothingBad({ ...page, bad: page.bad.filter((line) => !line.includes("422")), evaluate: (f) => page.evaluate(f) });
  await page.context().close();
});

test("everything beside a comment is there without a click, with look-alikes and hosts spelt out", async () => {
  const parent = await send({ name: "Tom", text: `Why is the tram late? ${sentence(303)}`, page: "https://news.example/a", page_title: "Trams" });
  await send({ name: "Nina", email: "nina@example.org", ip: "203.0.113.77", text: `${sentence(304)} earlier` });
  const id = await send({ name: "Nina", email: "nina@example.org", ip: "203.0.113.77", parent_id: parent, page: "https://news.example/a", page_title: "Trams",
    text: `Visit https://p\u0430ypal.example/x and the b\u0430nk\u200b, ${sentence(305)}` });
  const page = await open();
  await page.goto(`${service.url}/queue?comment=${id}`);
  assert.match(await page.textContent(".thread"), /Tom.*Why is the tram late/s);
  assert.match(await page.textContent(".where"), /Trams/);
  assert.match(await page.textContent(".side"), /one other lately/);
  assert.match(await page.textContent(".side"), /1 other comment/);
  assert.equal(await page.locator(".strip li:not(.all)").count(), 1);
  assert.match(await page.textContent(".links"), /xn--/);
  assert.ok((await page.locator(".text .twin").count()) >= 1);
  assert.match(await page.textContent(".text"), /ZWSP/);
  await nothingBad(page);
  await page.context().close();
});

test("without JavaScript: search, many at once, a campaign, a note, keys", async () => {
  const page = await open({ javaScriptEnabled: false });
  await page.goto(`${service.url}/queue?sort=newest&q=score:>-1000`);
  const ids = await listed(page);
  for (const id of ids.slice(0, 3)) await page.check(`[data-comment-id="${id}"] .pick`);
  await page.click(".bulk button[value=approved]");
  await page.waitForURL(/done=/);
  for (const id of ids.slice(0, 3)) assert.equal(await reread(page, id), "approved");
  await page.click("button.undo");
  for (const id of ids.slice(0, 3)) assert.equal(await reread(page, id), "held");
  await page.fill("#q", "author:zoe@example.org");
  await page.click(".search button");
  await page.waitForURL(/zoe/);
  assert.equal((await listed(page)).length, 1);
  await page.fill("#note", "seen");
  await page.click(".note-form button");
  assert.match(await page.textContent(".notes"), /seen/);
  assert.deepEqual(page.bad, []);
  await page.context().close();
});
