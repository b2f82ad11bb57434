// The comments are the attack: payloads in every field, rendered in every view, must stay text.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { openPage, setUp, startBrowser, startService } from "./service.mjs";

const flag = (n) => `window.flags=(window.flags||[]).concat(${n})`;

/** Ways to run script, load something or break out of where text stands. */
const SHAPES = [
  (n) => `<script>${flag(n)}</script>`,
  (n) => `"><script>${flag(n)}</script>`,
  (n) => `'><img src=x onerror="${flag(n)}">`,
  (n) => `<img src="https://evil.example/${n}.png">`,
  (n) => `<svg onload="${flag(n)}"><animate onbegin="${flag(n)}" attributeName=x dur=1s>`,
  (n) => `</textarea></title></style></script><script>${flag(n)}</script>`,
  (n) => `" onmouseover="${flag(n)}" autofocus onfocus="${flag(n)}" x="`,
  (n) => `' onpointerenter='${flag(n)}' style='position:fixed;inset:0`,
  (n) => `javascript:${flag(n)}`,
  (n) => `JaVaScRiPt\t:${flag(n)}//`,
  (n) => `data:text/html,<script>${flag(n)}</script>`,
  (n) => `<iframe srcdoc="<script>parent.${flag(n)}</script>"></iframe>`,
  (n) => `<a href="javascript:${flag(n)}">click</a>`,
  (n) => `<form action="https://evil.example/${n}"><button>ok</button></form>`,
  (n) => `<base href="https://evil.example/">${n}`,
  (n) => `<link rel=stylesheet href=https://evil.example/${n}.css>`,
  (n) => `<style>@import "https://evil.example/${n}.css"; *{display:none}</style>`,
  (n) => `<meta http-equiv=refresh content="0;url=https://evil.example/${n}">`,
  (n) => `<math><mtext><table><mglyph><style><img src=x onerror="${flag(n)}">`,
  (n) => `<details open ontoggle="${flag(n)}"><summary>x</summary></details>`,
  (n) => `{{constructor.constructor('${flag(n)}')()}} \${${flag(n)}} <%= ${n} %> {% raw %}`,
  (n) => `<!--><script>${flag(n)}</script>--> ]]><script>${flag(n)}</script>`,
  (n) => `&lt;script&gt;${flag(n)}&lt;/script&gt; &#60;img src=x onerror=${n}&#62;`,
  (n) => `\u202e<script>${flag(n)}</script>\u202c\u2066\u200b\ufeff${n}`,
  (n) => `<scr\u200bipt>${flag(n)}</scr\u200bipt>\u0007\u001b[31m${n}`,
  (n) => `＜script＞${flag(n)}＜/script＞`,
  (n) => `<x-foreign data-n="${n}"></x-foreign><button data-key="a" form="undo">approve</button>`,
  (n) => `<div id="rows" data-comment-id="${n}"></div><dialog open id="keys">`,
  (n) => `${"<b>".repeat(300)}${n}`,
  (n) => `${"a".repeat(150)}<object data="https://evil.example/${n}">`,
  (n) => `Z̸̢̛͔̜̗̱̲̪̬͑̈́̌̾͗̚̚${"\u0300".repeat(100)} ${n} <embed src="https://evil.example/${n}">`,
];
const FIELDS = ["name", "url", "text", "page_title", "user_agent"];

let service;
let browser;
const sent = [];

before(async () => {
  service = await startService();
  browser = await startBrowser();
  for (const field of FIELDS) {
    for (const shape of SHAPES) {
      const payload = shape(sent.length);
      const submission = { text: `carrier ${sent.length}`, [field]: field === "name" ? [...payload].slice(0, 240).join("") : payload };
      const { status, body } = await service.post(submission);
      // What the API refuses by its form cannot be shown; it must say so and not break.
      if (status === 201) sent.push(body.id);
      else assert.equal(status, 422, JSON.stringify(body));
    }
  }
});

after(async () => {
  await browser?.close();
  await service?.close();
});

/** Elements and attributes that no template of ours has. */
const foreign = () => {
  const tags = new Set("html head meta title link script body a header svg path circle nav div button kbd span bdi small form p strong main section ol ul li b time code sup article h1 h2 h3 rect table caption thead tbody tfoot tr th td aside dl dt dd input footer dialog label q pre".split(" "));
  const found = [];
  for (const element of document.querySelectorAll("*")) {
    if (!tags.has(element.localName)) found.push(element.localName);
    for (const { name, value } of element.attributes) {
      if (name.startsWith("on") || name === "style" || name === "srcdoc") found.push(`${element.localName}[${name}]`);
      if (["href", "src", "action", "formaction"].includes(name) && !/^(\/(?!\/)|#)/.test(value)) found.push(`${element.localName}[${name}=${value}]`);
    }
  }
  if (document.querySelectorAll("script").length !== 1) found.push("script");
  for (const once of ["rows", "keys", "undo", "said", "detail"]) if (document.querySelectorAll(`#${once}`).length > 1) found.push(`#${once} twice`);
  return found;
};

test(`${FIELDS.length * SHAPES.length} hostile payloads stay text in list, pane and page`, async () => {
  assert.ok(sent.length > 100, `${sent.length} were accepted`);
  const page = await openPage(browser, service);
  await setUp(page, service);
  const check = async (where) => {
    assert.deepEqual(await page.evaluate(foreign), [], where);
    assert.deepEqual(await page.evaluate(() => globalThis.flags ?? []), [], where);
    assert.deepEqual(await page.evaluate(() => globalThis.violations), [], where);
    assert.equal(new URL(page.url()).origin, service.url, where);
  };
  for (let next = `${service.url}/queue`; next;) {
    await page.goto(next);
    await check(next);
    const rows = await page.locator("[data-comment-id]").count();
    for (let n = 0; n < rows; n += 1) {
      const id = await page.locator("[data-selected]").getAttribute("data-comment-id");
      await page.waitForSelector(`[data-detail="${id}"]`);
      await check(`pane of ${id}`);
      if (n + 1 < rows) await page.keyboard.press("j");
    }
    const older = page.locator("#older");
    next = (await older.count()) ? service.url + (await older.getAttribute("href")) : null;
  }
  for (const id of sent.filter((_, n) => n % 4 === 0)) {
    await page.goto(`${service.url}/comments/${id}`);
    await check(`page of ${id}`);
  }
  assert.deepEqual(page.bad, []);
  await page.context().close();
});

test("the text of a comment is on the page as it was sent, invisible characters spelled out", async () => {
  const { body } = await service.post({ text: "a  b\n\n\tc <b>&amp;</b> \u202ed\u200b" });
  const page = await openPage(browser, service);
  await page.goto(`${service.url}/login?next=/comments/${body.id}`);
  await page.fill("#email", "ana@example.org");
  await page.fill("#password", "correct horse battery");
  await page.click("button.primary");
  const text = await page.locator(".text").evaluate((element) => { element.querySelectorAll("sup").forEach((sup) => sup.remove()); return element.textContent; });
  assert.equal(text, "a  b\n\n\tc <b>&amp;</b> RLOdZWSP");
  await page.context().close();
});
