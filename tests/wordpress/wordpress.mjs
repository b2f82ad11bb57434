// Debian's WordPress with MariaDB, both on loopback and in a directory of their own, removed at the end.

import { execFileSync, spawn } from "node:child_process";
import { chmod, cp, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";

const SOURCE = "/usr/share/wordpress";
const MARIADBD = "/usr/sbin/mariadbd";
/** As root, MariaDB wants another user; both may use the directory then. */
const AS_ROOT = process.getuid() === 0;
const READY_WITHIN = 60_000;

export const EDITOR = { name: "editor", password: "correct horse battery" };

/** Asks on a connection of its own: while a command runs, nobody here would notice that the other side has closed an old one. */
export const ask = (address, options = {}) => fetch(address, { ...options, headers: { connection: "close", ...options.headers } });

/** A port that is free now. */
export function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer().once("error", reject).listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

export async function until(what, is, within = READY_WITHIN) {
  const end = Date.now() + within;
  for (;;) {
    const value = await is();
    if (value) return value;
    if (Date.now() > end) throw new Error(`${what} did not happen within ${within / 1000} s`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

async function startDatabase(dir) {
  const data = path.join(dir, "database");
  const socket = path.join(dir, "database.sock");
  const user = AS_ROOT ? ["--user=mysql"] : [];
  await mkdir(data);
  await chmod(dir, 0o777);
  if (AS_ROOT) execFileSync("chown", ["mysql", data]);
  execFileSync("mariadb-install-db", ["--no-defaults", `--datadir=${data}`, "--auth-root-authentication-method=normal", "--skip-test-db", ...user], { stdio: "ignore" });
  const child = spawn(MARIADBD, ["--no-defaults", `--datadir=${data}`, `--socket=${socket}`, "--skip-networking", "--innodb-flush-log-at-trx-commit=0", `--pid-file=${path.join(data, "pid")}`, ...user], { stdio: "ignore" });
  const sql = (statement) => execFileSync("mariadb", ["--no-defaults", `--socket=${socket}`, "--user=root", "--batch", "--skip-column-names", "--execute", statement], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  await until("MariaDB's start", () => { try { sql("SELECT 1"); return true; } catch { return false; } });
  sql("CREATE DATABASE wordpress CHARACTER SET utf8mb4");
  const exited = new Promise((resolve) => child.once("exit", resolve));
  const close = async () => { child.kill("SIGTERM"); await exited; };
  return { socket, close, query: (statement) => sql(`USE wordpress; ${statement}`) };
}

/** Starts WordPress with one published post and these must-use plugins; `constants` are its settings. */
export async function startWordPress({ port, plugins, constants }) {
  const dir = await mkdtemp(path.join(tmpdir(), "moderato-wordpress-"));
  const database = await startDatabase(dir);
  const root = path.join(dir, "site");
  // What Debian links elsewhere (scripts, styles) is not needed to take a comment, and stays a link.
  await cp(SOURCE, root, { recursive: true, verbatimSymlinks: true, filter: (file) => !file.endsWith("wp-config.php") && !file.endsWith(".htaccess") });
  await mkdir(path.join(root, "wp-content/mu-plugins"), { recursive: true });
  for (const plugin of plugins) await symlink(plugin, path.join(root, "wp-content/mu-plugins", path.basename(plugin)));
  const url = `http://127.0.0.1:${port}`;
  const all = {
    DB_NAME: "wordpress", DB_USER: "root", DB_PASSWORD: "", DB_HOST: `localhost:${database.socket}`, DB_CHARSET: "utf8mb4", DB_COLLATE: "",
    WP_HOME: url, WP_SITEURL: url, DISABLE_WP_CRON: true, AUTOMATIC_UPDATER_DISABLED: true, WP_HTTP_BLOCK_EXTERNAL: false, ...constants,
  };
  for (const key of ["AUTH_KEY", "SECURE_AUTH_KEY", "LOGGED_IN_KEY", "NONCE_KEY", "AUTH_SALT", "SECURE_AUTH_SALT", "LOGGED_IN_SALT", "NONCE_SALT"]) all[key] = key.repeat(8);
  const lines = Object.entries(all).map(([name, value]) => `define( '${name}', ${JSON.stringify(value)} );`);
  await writeFile(path.join(root, "wp-config.php"), `<?php\n${lines.join("\n")}\n$table_prefix = 'wp_';\nif ( ! defined( 'ABSPATH' ) ) define( 'ABSPATH', __DIR__ . '/' );\nrequire_once ABSPATH . 'wp-settings.php';\n`);
  const php = (code) => execFileSync("php", ["-d", "display_errors=stderr", "-r", code], { cwd: root, encoding: "utf8", env: { ...process.env, HTTP_HOST: `127.0.0.1:${port}` } });
  php(`$_SERVER['HTTP_HOST']='127.0.0.1:${port}'; define('WP_INSTALLING', true); function wp_mail() { return true; } require 'wp-load.php'; require 'wp-admin/includes/upgrade.php';
    wp_install('Test', '${EDITOR.name}', 'editor@example.org', false, '', '${EDITOR.password}');
    update_option('comment_previously_approved', '0'); update_option('permalink_structure', '');`);
  const child = spawn("php", ["-d", "display_errors=stderr", "-S", `127.0.0.1:${port}`, "-t", root], { env: { ...process.env, PHP_CLI_SERVER_WORKERS: "6" }, stdio: ["ignore", "ignore", "pipe"], detached: true });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (data) => { said += data; });
  const exited = new Promise((resolve) => child.once("exit", resolve));
  await until("WordPress' start", () => ask(`${url}/?rest_route=/`).then((answer) => answer.ok, () => false));

  /** Posts a comment as an anonymous visitor does; the id that WordPress gave it, null when it was not stored. */
  const comment = async ({ name, email, text, website = "" }) => {
    const before = Number(database.query("SELECT COALESCE(MAX(comment_ID), 0) FROM wp_comments"));
    const body = new URLSearchParams({ comment: text, author: name, email, url: website, comment_post_ID: "1", comment_parent: "0", submit: "Post Comment" });
    const answer = await ask(`${url}/wp-comments-post.php`, { method: "POST", body, redirect: "manual" });
    if (answer.status !== 302) throw new Error(`${answer.status}: ${await answer.text()}`);
    return Number(database.query(`SELECT COALESCE(MAX(comment_ID), 0) FROM wp_comments WHERE comment_ID > ${before}`)) || null;
  };
  /** `1`, `0`, `spam` or `trash`. */
  const status = (id) => database.query(`SELECT comment_approved FROM wp_comments WHERE comment_ID = ${id}`).trim();
  const meta = (id, key) => database.query(`SELECT meta_value FROM wp_commentmeta WHERE comment_id = ${id} AND meta_key = '${key}'`).trim();
  const close = async () => {
    process.kill(-child.pid, "SIGTERM");
    await exited;
    await database.close();
    await rm(dir, { recursive: true, force: true });
  };
  return { url, comment, status, meta, php, signIn: () => signIn(url), said: () => said, close };
}

/** An editor's browser: follows the links of the list of comments. */
async function signIn(url) {
  const jar = new Map([["wordpress_test_cookie", "WP%20Cookie%20check"]]);
  const visit = async (address, options = {}) => {
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join("; ");
    const answer = await ask(address, { redirect: "manual", ...options, headers: { cookie, ...options.headers } });
    for (const set of answer.headers.getSetCookie()) {
      const [name, value] = set.split(";")[0].split("=");
      jar.set(name, value);
    }
    return answer;
  };
  const body = new URLSearchParams({ log: EDITOR.name, pwd: EDITOR.password, testcookie: "1", "wp-submit": "Log In" });
  const answer = await visit(`${url}/wp-login.php`, { method: "POST", body });
  if (answer.status !== 302) throw new Error(`signing in: ${answer.status}`);
  /** Clicks `approvecomment`, `unapprovecomment`, `spamcomment`, `unspamcomment` or `trashcomment` in a comment's row. */
  const click = async (action, id) => {
    const folder = action === "unspamcomment" ? "spam" : "all";
    const list = await (await visit(`${url}/wp-admin/edit-comments.php?comment_status=${folder}`)).text();
    const links = [...list.matchAll(/href=['"]([^'"]*comment\.php\?[^'"]*)['"]/g)].map((m) => m[1].replaceAll("&#038;", "&").replaceAll("&amp;", "&"));
    const link = links.find((link) => link.includes(`action=${action}`) && new RegExp(`[?&]c=${id}(&|$)`).test(link));
    if (!link) throw new Error(`no ${action} for ${id} among ${links.length} links`);
    const clicked = await visit(new URL(link, `${url}/wp-admin/`));
    if (clicked.status !== 302) throw new Error(`${action}: ${clicked.status}`);
  };
  /** A page of the administration. */
  const page = async (name) => (await visit(`${url}/wp-admin/${name}`)).text();
  return { click, page, list: () => page("edit-comments.php") };
}
