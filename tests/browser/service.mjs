// The real binary on a free port with a fresh data directory, and a real Chromium.

import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const BINARY = process.env.BINARY ?? path.join(ROOT, "target/debug/moderato");
const READY_WITHIN = 30_000;

// Playwright's own defaults switch on what Debian's build does not need; these are the ones that matter here.
const FLAGS = [
  "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync",
];

/** What the first start prints. */
const SAID = {
  address: /listening on (http:\/\/\S+)/,
  code: /setup code: (\S+)/,
  key: /site key: (\S+)/,
};

const WORDS = ("amber bridge candle dragon engine forest garden harbour island jungle kettle lantern meadow needle orchard pepper quarry "
  + "river saddle timber umbrella valley window yellow zephyr anchor basket copper desert ember feather glacier hammer ivory jacket "
  + "kitten ladder marble nectar oyster pillow quiver ribbon silver thunder velvet walnut yonder acorn bucket cactus dolphin easel "
  + "fabric guitar helmet insect jigsaw kernel lemon magnet napkin otter pencil quilt rocket sailor tunnel urchin violin wagon").split(" ");

/** A text of its own for each number: no two are nearly the same. */
export const sentence = (n, length = 14) => Array.from({ length }, (_, i) => WORDS[(n * 7 + i * (n % 60 + 3)) % WORDS.length]).join(" ");

export const ANA = { name: "Ana Example", email: "ana@example.org", password: "correct horse battery" };

/**
 * Starts the service; `close` ends it and removes its data. Without a model, which is what happens unless `model` is set,
 * every comment is held: the tests do not depend on what the shipped model makes of their texts.
 */
export async function startService({ env = {}, model = false } = {}) {
  const dir = await mkdtemp(path.join(tmpdir(), "moderato-browser-"));
  const off = Object.fromEntries(["SITE", "ADDRESS", "EMAIL", "TEXT"].map((limit) => [`MODERATO_LIMITS_${limit}`, "off"]));
  const without = model ? {} : { MODERATO_MODELS: path.join(dir, "no-model") };
  const child = spawn(BINARY, ["serve", "--listen", "127.0.0.1:0", "--data-dir", dir], {
    cwd: dir,
    env: { ...process.env, ...off, ...without, ...env },
  });
  let said = "";
  const exited = new Promise((resolve) => child.once("exit", resolve));
  const ready = new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`not ready in time; it said:\n${said}`)), READY_WITHIN);
    const hear = (data) => {
      said += data;
      if (SAID.address.test(said)) { clearTimeout(timer); resolve(); }
    };
    child.stdout.setEncoding("utf8").on("data", hear);
    child.stderr.setEncoding("utf8").on("data", hear);
    child.once("error", reject);
    exited.then((status) => reject(new Error(`it ended with ${status}; it said:\n${said}`)));
  });
  await ready;
  const url = said.match(SAID.address)[1];
  const key = said.match(SAID.key)?.[1];
  const post = async (submission) => {
    const answer = await fetch(`${url}/v1/comments`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${key}` },
      body: JSON.stringify(submission),
    });
    return { status: answer.status, body: await answer.json() };
  };
  const close = async () => {
    child.kill("SIGTERM");
    await exited;
    await rm(dir, { recursive: true, force: true });
  };
  /** Makes a colleague of Ana's, by the command line. */
  const colleague = async ({ name, email, password, role = "moderator" }) => {
    const run = spawn(BINARY, ["user", "create", "--email", email, "--name", name, "--role", role, "--password-stdin", "--data-dir", dir], { cwd: dir, env: { ...process.env, ...env } });
    run.stdin.end(`${password}\n`);
    let heard = "";
    for (const stream of [run.stdout, run.stderr]) stream.setEncoding("utf8").on("data", (data) => { heard += data; });
    const status = await new Promise((resolve) => run.once("exit", resolve));
    if (status !== 0) throw new Error(`no account for ${name}: ${heard}`);
  };
  return { colleague, url, key, code: said.match(SAID.code)?.[1], dir, post, close, said: () => said };
}

export async function startBrowser() {
  return chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: FLAGS });
}

/** A page that notes everything that must not happen, in `page.bad`. */
export async function openPage(browser, service, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, reducedMotion: "reduce", ...options });
  if (options.javaScriptEnabled !== false && !options.bypassCSP) await context.addInitScript(() => {
    globalThis.violations = [];
    document.addEventListener("securitypolicyviolation", (event) => globalThis.violations.push(`${event.violatedDirective} ${event.blockedURI} ${event.sample}`));
    globalThis.shift = 0;
    new PerformanceObserver((list) => { for (const entry of list.getEntries()) globalThis.shift += entry.value; }).observe({ type: "layout-shift", buffered: true });
  });
  const page = await context.newPage();
  page.bad = [];
  page.on("console", (message) => { if (message.type() === "error") page.bad.push(`console: ${message.text()}`); });
  page.on("pageerror", (error) => page.bad.push(`error: ${error}`));
  page.on("dialog", (dialog) => { page.bad.push(`dialog: ${dialog.message()}`); dialog.dismiss().catch(() => {}); });
  page.on("request", (request) => { if (!request.url().startsWith(service.url)) page.bad.push(`foreign request: ${request.url()}`); });
  return page;
}

/** Makes the first administrator through the form. */
export async function setUp(page, service) {
  await page.goto(`${service.url}/setup`);
  await page.fill("#code", service.code);
  await page.fill("#name", ANA.name);
  await page.fill("#email", ANA.email);
  await page.fill("#password", ANA.password);
  await page.click("button.primary");
  await page.waitForURL("**/setup/site");
  await page.goto(`${service.url}/queue`);
}

/** What most tests begin with: a service that Ana has set up, and a browser. `close` ends both. */
export async function startForAna() {
  const service = await startService();
  let browser;
  const close = async () => {
    await browser?.close();
    await service.close();
  };
  try {
    browser = await startBrowser();
    const page = await openPage(browser, service);
    await setUp(page, service);
    await page.context().close();
  } catch (error) {
    await close();
    throw error;
  }
  return { service, browser, close };
}

export async function signIn(page, service, who = ANA) {
  await page.goto(`${service.url}/login`);
  await page.fill("#email", who.email);
  await page.fill("#password", who.password);
  await page.click("button.primary");
  await page.waitForURL("**/queue");
}
