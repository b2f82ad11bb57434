// The comments are the attack: payloads in every field, rendered in every view, must stay text.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import http from "node:http";
import { openPage, signIn, startForAna } from "./service.mjs";

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
const FIELDS = ["name", "email", "url", "text", "page", "page_title", "user_agent", "referrer", "locale", "author_role", "external_id", "honeypot"];

/** Where a payload may stand in its field. */
const CONTEXTS = [(payload) => payload, (payload) => `Hello, ${payload} and so on`, (payload) => payload.toUpperCase().replaceAll("WINDOW.FLAGS", "window.flags")];

let service;
let browser;
let close;
let generated = 0;
const sent = [];

before(async () => {
  ({ service, browser, close } = await startForAna());
  const made = FIELDS.flatMap((field) => SHAPES.flatMap((shape) => CONTEXTS.map((context) => [field, shape, context])));
  generated = made.length;
  for (const [n, [field, shape, context]] of made.entries()) {
    const payload = context(shape(n));
    const submission = { text: `carrier ${n}`, [field]: field === "name" ? [...payload].slice(0, 240).join("") : payload };
    const { status, body } = await service.post(submission);
    // What the API refuses by its form cannot be shown; it must say so and not break.
    if (status === 201) sent.push(body.id);
    else assert.equal(status, 422, JSON.stringify(body));
  }
});

after(() => close?.());

/** Elements and attributes that no template of ours has. */
const foreign = () => {
  const tags = new Set("html head meta title link script template select option details summary abbr body a header svg path circle nav div button kbd span bdi small form p strong main section ol ul li b time code sup article h1 h2 h3 blockquote rect table caption thead tbody tfoot tr th td aside dl dt dd input footer dialog label q pre".split(" "));
  const found = [];
  for (const element of document.querySelectorAll("*")) {
    if (!tags.has(element.localName)) found.push(element.localName);
    for (const { name, value } of element.attributes) {
      if (name.startsWith("on") || name === "style" || name === "srcdoc") found.push(`${element.localName}[${name}]`);
      if (["href", "src", "action", "formaction"].includes(name) && !/^(\/(?!\/)|#)/.test(value)) found.push(`${element.localName}[${name}=${value}]`);
    }
  }
  const scripts = document.querySelectorAll("script");
  if (scripts.length > 4 || [...scripts].some((script) => !script.src.startsWith(`${location.origin}/assets/`))) found.push("script");
  for (const once of ["rows", "keys", "undo", "said", "detail"]) if (document.querySelectorAll(`#${once}`).length > 1) found.push(`#${once} twice`);
  return found;
};

test("over a thousand hostile payloads stay text in list, pane and page", async () => {
  assert.ok(generated >= 1_000, `${generated} were made`);
  assert.ok(sent.length >= 700, `${sent.length} of ${generated} were accepted`);
  const page = await openPage(browser, service);
  await signIn(page, service);
  const check = async (where) => {
    const [elements, flags, violations] = await page.evaluate(`[(${foreign})(), globalThis.flags ?? [], globalThis.violations]`);
    assert.deepEqual([elements, flags, violations], [[], [], []], where);
    assert.equal(new URL(page.url()).origin, service.url, where);
  };
  let seen = 0;
  // Every comment, the nearly equal ones too.
  for (let next = `${service.url}/queue?q=score:>-1000`; next;) {
    await page.goto(next);
    await check(next);
    const rows = await page.locator("[data-comment-id]").count();
    for (let n = 0; n < rows; n += 1) {
      const id = await page.locator("[data-selected]").getAttribute("data-comment-id");
      await page.waitForSelector(`[data-detail="${id}"]`);
      await check(`pane of ${id}`);
      seen += 1;
      if (n + 1 < rows) await page.keyboard.press("j");
    }
    const older = page.locator("#older");
    next = (await older.count()) ? service.url + (await older.getAttribute("href")) : null;
  }
  assert.equal(seen, sent.length, "every comment was looked at");
  for (const id of sent.filter((_, n) => n % 10 === 0)) {
    for (const address of [`/comments/${id}`, `/comments/${id}/alike`]) {
      await page.goto(service.url + address);
      await check(address);
    }
  }
  for (let turn = 0; turn < 40; turn += 1) {
    const address = `/matching?status=held&q=score:>-1000&turn=${turn}`;
    await page.goto(service.url + address);
    await check(address);
  }
  for (const shape of SHAPES) {
    const address = `/matching?q=${encodeURIComponent(shape(1))}`;
    await page.goto(service.url + address);
    await check(address);
  }
  for (const shape of SHAPES) {
    const address = `/queue?q=${encodeURIComponent(shape(1))}`;
    await page.goto(service.url + address);
    await check(address);
  }
  console.log(`${generated} payloads made, ${sent.length} accepted and looked at: 0 foreign elements, 0 reports, 0 flags, 0 foreign requests`);
  assert.deepEqual(page.bad, []);
  await page.context().close();
});

/** The service's own pages with their headers, but as if nothing had been escaped. */
function startUnescaped() {
  const SIGNS = { "&lt;": "<", "&gt;": ">", "&quot;": '"', "&#60;": "<", "&#62;": ">", "&#34;": '"', "&#39;": "'", "&#38;": "&", "&amp;": "&" };
  const server = http.createServer(async (request, response) => {
    const answer = await fetch(service.url + request.url, { headers: { cookie: request.headers.cookie ?? "" }, redirect: "manual" });
    const headers = Object.fromEntries([...answer.headers].filter(([name]) => !["content-length", "content-encoding", "transfer-encoding", "connection", "keep-alive"].includes(name)));
    const isPage = (headers["content-type"] ?? "").startsWith("text/html");
    const body = isPage ? (await answer.text()).replace(/&(?:lt|gt|quot|amp|#(?:60|62|34|39|38));/g, (sign) => SIGNS[sign]) : Buffer.from(await answer.arrayBuffer());
    response.writeHead(answer.status, headers).end(body);
  });
  return new Promise((resolve) => { server.listen(0, "127.0.0.1", () => resolve(server)); });
}

test("the control: with escaping off, the policy alone lets nothing run", async () => {
  const server = await startUnescaped();
  const page = await openPage(browser, service);
  await signIn(page, service);
  // Cookies know no ports: the browser is signed in there too.
  const unescaped = `http://127.0.0.1:${server.address().port}`;
  let blocked = 0;
  let flags = 0;
  let elements = 0;
  for (const id of sent.filter((_, n) => n % 15 === 0)) {
    await page.goto(`${unescaped}/comments/${id}`, { waitUntil: "commit" }).catch(() => {});
    await page.waitForLoadState("domcontentloaded").catch(() => {});
    const found = await page.evaluate(`[(${foreign})().length, (globalThis.flags ?? []).length, globalThis.violations.length]`).catch(() => [0, 0, 0]);
    elements += found[0];
    flags += found[1];
    blocked += found[2];
  }
  console.log(`control: ${elements} foreign elements, ${blocked} blocked, ${flags} flags`);
  assert.ok(elements > 0 && blocked > 0, `${elements} foreign elements, ${blocked} blocked`);
  assert.equal(flags, 0);
  await page.context().close();
  await new Promise((resolve) => { server.close(resolve); server.closeAllConnections(); });
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
