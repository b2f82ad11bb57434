// Decisions without waiting. Everything here shortens a way that exists without it: forms and links.
//
// A decision is painted at once and sent in order; the next comment is there already because it was fetched ahead.
// What the server refuses opens its row again and is said. keys.js and live.js build on what `desk` offers.

const policy = globalThis.trustedTypes?.createPolicy("app", { createHTML: (html) => html }) ?? { createHTML: (html) => html };
const put = (element, html) => { element.innerHTML = policy.createHTML(html); };

const AHEAD = 5;
/** The rest comes one by one, so that a server that is away for a while leaves something to read. */
const AHEAD_SLOWLY = 20;
const RESTS_AFTER = 700;
const KEPT = 60;
/** Decisions that may wait for a server that is away. */
const MOST_UNSAVED = 20;
const AWAY = [401, 502, 503, 504];
const SIGNS = { approved: "✓", rejected: "✗", held: "◦" };

const list = document.getElementById("rows");
const pane = document.getElementById("detail");
const said = document.getElementById("said");
const undoForm = document.getElementById("undo");
const bulk = document.getElementById("bulk");
const picked = document.getElementById("picked");
const words = document.getElementById("words")?.dataset ?? {};

/** Details by id: a promise of their HTML. */
const fetched = new Map();
/** Steps that can be undone, and undone ones that can be done again; oldest first. */
const done = [];
const undone = [];
/** Requests go out one after the other. */
let queue = Promise.resolve();
let unsaved = 0;
/** The last decision that somebody else was faster than. */
let conflict = null;
/** Where a range of selected rows begins. */
let anchor = null;

const rows = () => (list ? [...list.children] : []);
const rowOf = (id) => list?.querySelector(`[data-comment-id="${CSS.escape(id)}"]`);
const selected = () => list?.querySelector("[data-selected]");
const isOpen = (row) => !("decided" in row.dataset);
const shownId = () => pane?.querySelector("[data-detail]")?.dataset.detail;
const fill = (text, values) => (text ?? "").replace(/%([a-z]+)/g, (whole, name) => values[name] ?? whole);
const capital = (status) => words[status] ?? status;
const isStatus = (status) => words[`is${status.charAt(0).toUpperCase()}${status.slice(1)}`];

function say(text) {
  if (!said) return;
  if (said.textContent === text) text += "\u00a0"; // The same words are said again only if they differ.
  said.textContent = text;
}

function textOf(row) {
  const text = row.querySelector(".row-text").textContent.trim();
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}

class Refused extends Error {
  constructor({ status, body = {} }) {
    super(body.detail ?? (status === 401 ? words.ended : fill(words.failed, { status })));
    this.status = status;
    this.body = body;
  }
}

async function ask(url, init = {}) {
  const answer = await fetch(url, { credentials: "same-origin", ...init });
  if (answer.redirected && new URL(answer.url).pathname === "/login") throw new Refused({ status: 401 });
  return answer;
}

/** Sends a form. While the server is away or the session has ended, away.js waits for better times, unless nobody is to wait. */
async function send(url, fields, { waits = true } = {}) {
  const init = { method: "POST", headers: { accept: "application/json" }, body: new URLSearchParams(fields) };
  for (;;) {
    let error;
    try {
      const answer = await ask(url, init);
      const body = await answer.json().catch(() => ({}));
      if (answer.ok) { globalThis.desk.here?.(); return body; }
      error = new Refused({ status: answer.status, body });
    } catch (failure) {
      error = failure;
    }
    const isAway = !(error instanceof Refused) || AWAY.includes(error.status);
    if (!isAway || !(waits || error.status === 401) || !(await globalThis.desk.away?.(error.status))) throw error;
  }
}

function inOrder(work) {
  unsaved += 1;
  document.documentElement.dataset.unsaved = unsaved;
  const turn = queue.then(work);
  queue = turn.catch(() => {}).finally(() => {
    unsaved -= 1;
    if (unsaved === 0) delete document.documentElement.dataset.unsaved;
    else document.documentElement.dataset.unsaved = unsaved;
  });
  return turn;
}

// ---- The detail pane

function detailOf(row) {
  const id = row.dataset.commentId;
  if (!fetched.has(id)) {
    const url = `/comments/${id}?${list.dataset.view}`;
    const html = ask(url, { headers: { "x-fragment": "detail" } }).then((answer) => {
      if (!answer.ok) throw new Refused({ status: answer.status });
      return answer.text();
    });
    html.catch(() => fetched.delete(id));
    fetched.set(id, html);
    if (fetched.size > KEPT) fetched.delete(fetched.keys().next().value);
  }
  return fetched.get(id);
}

let resting;
function fetchAhead(row) {
  let next = row;
  for (let i = 0; i < AHEAD && next; i += 1) {
    next = next.nextElementSibling;
    if (next && isOpen(next)) detailOf(next).catch(() => {});
  }
  // Whoever decides quickly shall not wait for what comes much later.
  clearTimeout(resting);
  resting = setTimeout(fetchSlowly, RESTS_AFTER, row, next);
}

async function fetchSlowly(row, from) {
  let next = from;
  for (let i = AHEAD; i < AHEAD_SLOWLY && next && selected() === row; i += 1) {
    next = next.nextElementSibling;
    if (next && isOpen(next)) await detailOf(next).catch(() => { next = null; });
  }
}

let placing;
function keepPlace(row) {
  clearTimeout(placing);
  // Browsers limit how often the address may change.
  placing = setTimeout(() => history.replaceState(null, "", row.querySelector("a").href), 400);
}

async function show(row, { scroll = true } = {}) {
  const before = selected();
  if (before !== row) {
    before?.removeAttribute("data-selected");
    before?.querySelector("a").removeAttribute("aria-current");
    row.setAttribute("data-selected", "");
    row.querySelector("a").setAttribute("aria-current", "true");
  }
  if (scroll) row.scrollIntoView({ block: "nearest", behavior: "instant" });
  if (list.contains(document.activeElement)) row.querySelector("a").focus({ preventScroll: true });
  const action = pane.contains(document.activeElement) ? document.activeElement.dataset.action : undefined;
  const inPane = pane.contains(document.activeElement);
  let html;
  try {
    html = await detailOf(row);
  } catch (error) {
    say(`${words.unfetched} ${error.message}`);
    return;
  }
  if (selected() !== row) return; // Somebody pressed on.
  put(pane, html);
  pane.scrollTop = 0;
  paintBadge(row);
  if (inPane) (pane.querySelector(`[data-action="${action}"]`) ?? pane.querySelector("#heading"))?.focus({ preventScroll: true });
  beginLook();
  keepPlace(row);
  fetchAhead(row);
  document.dispatchEvent(new CustomEvent("desk:shown", { detail: row }));
}

/** What is fetched may be older than what was painted. */
function paintBadge(row) {
  const badge = pane.querySelector(".badge");
  if (!badge || selected() !== row) return;
  badge.className = `badge ${row.dataset.status}`;
  badge.textContent = isStatus(row.dataset.status);
}

// ---- How long a comment was looked at, while the page could be seen

let looked = 0;
let since = document.hidden ? 0 : performance.now();
document.addEventListener("visibilitychange", () => {
  if (document.hidden) looked += performance.now() - since;
  since = performance.now();
});
function beginLook() { looked = 0; since = performance.now(); }
const lookedFor = () => Math.round(looked + (document.hidden ? 0 : performance.now() - since));

// ---- Rows

function count(status, by) {
  const place = document.querySelector(`[data-count="${status}"]`);
  if (place) place.textContent = Number(place.textContent) + by;
}

function setStatus(row, status) {
  if (row.dataset.status !== status) {
    count(row.dataset.status, -1);
    count(status, 1);
  }
  row.dataset.status = status;
}

function setRevision(row, revision) {
  row.dataset.revision = revision;
  const box = row.querySelector(".pick");
  if (box) box.value = `${row.dataset.commentId}@${revision}`;
}

function paint(row, status, reason) {
  setStatus(row, status);
  row.dataset.decided = "";
  row.querySelector("[data-verdict]").textContent = `${SIGNS[status]} ${isStatus(status)}${reason ? ` · ${reason}` : ""}`;
}

function open(row, status) {
  setStatus(row, status);
  delete row.dataset.decided;
  row.querySelector("[data-verdict]").textContent = "";
}

function next(row) {
  const fits = (other) => isOpen(other) && !("leased" in other.dataset);
  for (let other = row.nextElementSibling; other; other = other.nextElementSibling) if (fits(other)) return other;
  return rows().find(fits) ?? rows().find(isOpen);
}

// ---- Deciding: one comment, or all that are selected, as one step

function decide(targets, status, reason, { again = false, force = false } = {}) {
  const open_ = targets.filter((row) => force || isOpen(row));
  if (open_.length === 0) { say(words.already); return; }
  if (unsaved >= MOST_UNSAVED && globalThis.desk.isAway?.()) { say(fill(words.full, { n: unsaved })); return; }
  const why = status === "rejected" ? reason : "";
  const step = { rows: open_, before: open_.map((row) => row.dataset.status), status, why, looked: lookedFor() };
  for (const row of open_) {
    delete row.dataset.failed;
    paint(row, status, why);
    pick(row, false);
  }
  say(open_.length === 1
    ? `${capital(status)} “${textOf(open_[0])}”${why ? ` (${why})` : ""}.`
    : fill(words.many, { done: capital(status), n: open_.length }));
  undoForm?.classList.remove("idle");
  step.sent = inOrder(() => save(step, again));
  done.push(step);
  if (!again) undone.length = 0;
  const onward = next(open_[open_.length - 1]);
  if (onward) show(onward);
  else leave();
}

async function save(step) {
  const { rows: targets, status, why } = step;
  const view = list.dataset.view;
  try {
    if (targets.length === 1) {
      const [row] = targets;
      // The revision is read when its turn comes: an undo before it may have changed it.
      const answer = await send(`/comments/${row.dataset.commentId}/decision`, { status, reason: why, revision: row.dataset.revision, looked_ms: step.looked, view });
      setRevision(row, answer.revision);
      return answer;
    }
    const picks = targets.map((row) => ["pick", `${row.dataset.commentId}@${row.dataset.revision}`]);
    const answer = await send("/decisions", [...picks, ["status", status], ["reason", why], ["view", view]]);
    settle(answer.comments);
    return answer;
  } catch (error) {
    targets.forEach((row, n) => fail(row, step.before[n], error, { status, why }));
    done.splice(done.indexOf(step), 1);
    return null;
  } finally {
    for (const row of targets) fetched.delete(row.dataset.commentId);
  }
}

/** What became of many comments. */
function settle(comments) {
  for (const { id, status, revision, conflict: isConflict } of comments) {
    const row = rowOf(id);
    if (!row || !status) continue;
    setRevision(row, revision);
    if (isConflict) { open(row, status); row.dataset.failed = ""; }
  }
}

/** A decision that the server did not take: the row opens again, as it really is. */
function fail(row, before, error, wanted) {
  const { status, revision } = error.body ?? {};
  open(row, status && SIGNS[status] ? status : before);
  if (revision) setRevision(row, revision);
  fetched.delete(row.dataset.commentId);
  row.dataset.failed = "";
  const why = error instanceof Refused ? error.message : words.unreachable;
  if (error.status === 409 && revision) {
    conflict = { row, ...wanted };
    const keys = JSON.parse(words.keys || "{}");
    const keyOf = (action) => Object.keys(keys).find((key) => keys[key] === action) ?? "–";
    say(fill(words.unsaved, { text: textOf(row), why: fill(words.conflict, { why, keep: keyOf("keep"), overrule: keyOf("overrule") }) }));
  } else {
    say(fill(words.unsaved, { text: textOf(row), why }));
  }
  if (selected() === row) show(row);
}

/** Nothing is open any more on this page. */
async function leave() {
  await queue;
  const left = rows().find(isOpen);
  if (left) { show(left); return; }
  const older = document.getElementById("older");
  location.assign(older ? older.href : `/queue?${list.dataset.view}`);
}

function undo() {
  if (!undoForm) return;
  const step = done.pop();
  if (!step) {
    inOrder(undoEarlier).catch((error) => say(error.message));
    return;
  }
  if (done.length === 0 && !undoForm.elements.action.value) undoForm.classList.add("idle");
  step.rows.forEach((row, n) => open(row, step.before[n]));
  const [row] = step.rows;
  say(step.rows.length === 1
    ? fill(words.undone, { text: textOf(row), status: isStatus(step.before[0]) })
    : fill(words.manyUndone, { n: step.rows.length }));
  undone.push(step);
  inOrder(async () => {
    const decision = await step.sent;
    if (!decision?.action) return; // It was refused, or changed nothing.
    try {
      const answer = await send("/undo", { action: decision.action, site: decision.site, view: list.dataset.view });
      settle(answer.comments);
    } catch (error) {
      for (const one of step.rows) paint(one, step.status, step.why);
      undone.splice(undone.indexOf(step), 1);
      say(fill(words.unsaved, { text: textOf(row), why: error.message }));
    }
    for (const one of step.rows) fetched.delete(one.dataset.commentId);
    if (step.rows.includes(selected())) show(selected(), { scroll: false });
  });
  show(row);
}

/** From before this page was loaded: the server knows what was last. */
async function undoEarlier() {
  const view = list?.dataset.view ?? "";
  const answer = await send("/undo", { view });
  if (answer.nothing) { say(words.nothing); return; }
  const here = answer.comments.filter(({ id }) => rowOf(id));
  if (here.length === 0) {
    // After this turn, so that nothing is unsaved any more.
    setTimeout(() => location.assign(`/queue?${view}&comment=${answer.id}&done=${answer.undo}&of=${answer.id}`));
    return;
  }
  for (const { id, status } of here) { fetched.delete(id); open(rowOf(id), status); }
  settle(here);
  say(here.length === 1 ? fill(words.undone, { text: textOf(rowOf(here[0].id)), status: isStatus(here[0].status) }) : fill(words.manyUndone, { n: here.length }));
  show(rowOf(here[0].id));
}

function redo() {
  const step = undone.pop();
  if (step) decide(step.rows, step.status, step.why, { again: true });
  else say(words.noRedo);
}

function settleConflict(overrule) {
  if (!conflict) return false;
  const { row, status, why } = conflict;
  conflict = null;
  delete row.dataset.failed;
  if (overrule) {
    decide([row], status, why, { force: true });
  } else {
    row.dataset.decided = "";
    say(words.kept);
    const onward = next(row);
    if (onward) show(onward);
  }
  return true;
}

// ---- Selecting

const picks = () => rows().filter((row) => row.querySelector(".pick")?.checked && isOpen(row));

function pick(row, on) {
  const box = row.querySelector(".pick");
  if (box) box.checked = on;
  tellPicked();
}

function tellPicked() {
  const n = rows().filter((row) => row.querySelector(".pick")?.checked).length;
  bulk?.classList.toggle("none-picked", n === 0);
  if (picked) picked.textContent = fill(words.picked, { n });
}

function range(to) {
  const all = rows();
  const [from, end] = [all.indexOf(anchor ?? to), all.indexOf(to)].sort((a, b) => a - b);
  all.slice(Math.max(from, 0), end + 1).filter(isOpen).forEach((row) => pick(row, true));
}

// ---- Forms and clicks

/** A decision by key or button: about what is selected, or else what is shown. */
function decideShown(status, reason) {
  const many = picks();
  if (many.length > 0) { decide(many, status, reason); return true; }
  const row = rowOf(shownId() ?? "");
  if (!row || row !== selected()) return false;
  decide([row], status, reason);
  return true;
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.matches("[data-decision]") && list) {
    if (!rowOf(shownId() ?? "")) return; // It is not on this page of the list: the form does it.
    event.preventDefault();
    decideShown(form.elements.status.value, event.submitter?.value ?? "");
  } else if (form.id === "bulk") {
    event.preventDefault();
    const [status, reason = ""] = (event.submitter?.value ?? "held").split(":");
    if (picks().length > 0) decide(picks(), status, reason);
  } else if (form.id === "undo" && done.length > 0) {
    event.preventDefault();
    undo();
  }
});

document.addEventListener("click", (event) => {
  const box = event.target.closest(".pick");
  if (box) {
    const row = box.closest(".row");
    if (event.shiftKey && anchor) range(row);
    anchor = row;
    tellPicked();
    return;
  }
  const link = event.target.closest(".row > a");
  if (!link || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  show(link.parentElement, { scroll: false });
});

addEventListener("beforeunload", (event) => { if (unsaved > 0) event.preventDefault(); });

/** What keys.js and live.js build on. */
globalThis.desk = {
  list, pane, words, say, fill, rows, rowOf, selected, isOpen, show, undo, redo, settleConflict, decideShown, send, setStatus, paint, open, setRevision,
  forget: (id) => fetched.delete(id),
  isUnsaved: () => unsaved > 0,
  move(by) {
    const row = selected();
    let to = row ? (by > 0 ? row.nextElementSibling : row.previousElementSibling) : list?.firstElementChild;
    while (to && "leased" in to.dataset) to = by > 0 ? to.nextElementSibling : to.previousElementSibling;
    if (to) show(to);
    else if (by > 0) document.getElementById("older")?.click();
  },
  select() { const row = selected(); if (row) { anchor = row; pick(row, !row.querySelector(".pick")?.checked); } },
  range() { const row = selected(); if (row) { range(row); anchor = row; } },
  clear() { rows().forEach((row) => pick(row, false)); },
};

if (list && selected()) {
  selected().scrollIntoView({ block: "nearest", behavior: "instant" });
  fetchAhead(selected());
  tellPicked();
}
