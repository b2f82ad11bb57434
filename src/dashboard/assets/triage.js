// Keys, and decisions without waiting. Everything here shortens a way that exists without it: forms and links.
//
// A decision is painted at once and sent in order; the next comment is there already because it was fetched ahead.
// What the server refuses opens its row again and is said.

const policy = globalThis.trustedTypes?.createPolicy("app", { createHTML: (html) => html }) ?? { createHTML: (html) => html };
const put = (element, html) => { element.innerHTML = policy.createHTML(html); };

const AHEAD = 5;
const KEPT = 40;
const WORDS = { approved: "Approved", rejected: "Rejected", held: "Held" };

const list = document.getElementById("rows");
const pane = document.getElementById("detail");
const said = document.getElementById("said");
const undoForm = document.getElementById("undo");
const dialog = document.getElementById("keys");

/** Details by id: a promise of their HTML. */
const fetched = new Map();
/** Decisions that can be undone, oldest first. */
const done = [];
/** Requests go out one after the other. */
let queue = Promise.resolve();
let unsaved = 0;

const rows = () => [...list.children];
const rowOf = (id) => list?.querySelector(`[data-comment-id="${CSS.escape(id)}"]`);
const selected = () => list?.querySelector("[data-selected]");
const isOpen = (row) => !("decided" in row.dataset);

function say(text) {
  if (said.textContent === text) text += "\u00a0"; // The same words are said again only if they differ.
  said.textContent = text;
}

function textOf(row) {
  const text = row.querySelector(".row-text").textContent.trim();
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}

async function ask(url, init = {}) {
  const answer = await fetch(url, { credentials: "same-origin", ...init });
  if (answer.redirected && new URL(answer.url).pathname === "/login") throw new Refused({ status: 401 });
  return answer;
}

class Refused extends Error {
  constructor({ status, body = {} }) {
    super(body.detail ?? (status === 401 ? "The session has ended." : `The server answered ${status}.`));
    this.status = status;
    this.body = body;
  }
}

async function send(url, fields) {
  const init = { method: "POST", headers: { accept: "application/json" }, body: new URLSearchParams(fields) };
  const answer = await ask(url, init);
  const body = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Refused({ status: answer.status, body });
  return body;
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

function fetchAhead(row) {
  let next = row;
  for (let i = 0; i < AHEAD && next; i += 1) {
    next = next.nextElementSibling;
    if (next && isOpen(next)) detailOf(next).catch(() => {});
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
  const key = pane.contains(document.activeElement) ? document.activeElement.dataset.key : undefined;
  const inPane = pane.contains(document.activeElement);
  let html;
  try {
    html = await detailOf(row);
  } catch (error) {
    say(`This comment could not be fetched. ${error.message}`);
    return;
  }
  if (selected() !== row) return; // Somebody pressed on.
  put(pane, html);
  pane.scrollTop = 0;
  paintBadge(row);
  if (inPane) (pane.querySelector(`[data-key="${key}"]`) ?? pane.querySelector("#heading"))?.focus({ preventScroll: true });
  keepPlace(row);
  fetchAhead(row);
}

/** What is fetched may be older than what was painted. */
function paintBadge(row) {
  const badge = pane.querySelector(".badge");
  if (!badge || selected() !== row) return;
  badge.className = `badge ${row.dataset.status}`;
  badge.textContent = row.dataset.status;
}

// ---- Deciding

function count(status, by) {
  const place = document.querySelector(`[data-count="${status}"]`);
  if (place) place.textContent = Number(place.textContent) + by;
}

function paint(row, status, reason) {
  if (row.dataset.status !== status) {
    count(row.dataset.status, -1);
    count(status, 1);
  }
  row.dataset.status = status;
  row.dataset.decided = "";
  row.querySelector("[data-verdict]").textContent = `${{ approved: "✓", rejected: "✗", held: "◦" }[status]} ${status}${reason ? ` · ${reason}` : ""}`;
}

function open(row, status) {
  if (row.dataset.status !== status) {
    count(row.dataset.status, -1);
    count(status, 1);
  }
  row.dataset.status = status;
  delete row.dataset.decided;
  row.querySelector("[data-verdict]").textContent = "";
}

function next(row) {
  for (let other = row.nextElementSibling; other; other = other.nextElementSibling) if (isOpen(other)) return other;
  return rows().find(isOpen);
}

function decide(row, status, reason) {
  if (!isOpen(row)) { say("It is decided already; Z takes the last decision back."); return; }
  const before = row.dataset.status;
  const id = row.dataset.commentId;
  const why = status === "rejected" ? reason : "";
  delete row.dataset.failed;
  paint(row, status, why);
  say(`${WORDS[status]} “${textOf(row)}”${why ? ` (${why})` : ""}.`);
  undoForm?.classList.remove("idle");
  const sent = inOrder(async () => {
    try {
      // The revision is read when its turn comes: an undo before it may have changed it.
      const { revision } = row.dataset;
      const answer = await send(`/comments/${id}/decision`, { status, reason: why, revision, view: list.dataset.view });
      row.dataset.revision = answer.revision;
      return answer;
    } catch (error) {
      fail(row, before, error);
      return null;
    } finally {
      fetched.delete(id);
    }
  });
  done.push({ row, before, status, why, sent });
  const onward = next(row);
  if (onward) show(onward);
  else leave(row);
}

/** A decision that the server did not take: the row opens again, as it really is. */
function fail(row, before, error) {
  const { status, revision } = error.body ?? {};
  open(row, status && WORDS[status] ? status : before);
  if (revision) row.dataset.revision = revision;
  fetched.delete(row.dataset.commentId);
  row.dataset.failed = "";
  const what = error instanceof Refused ? error.message : "The server cannot be reached.";
  say(`Not saved: “${textOf(row)}”. ${what}${error.status === 401 ? " Sign in in another tab, then decide again." : ""}`);
  if (selected() === row) show(row);
}

/** Nothing is open any more on this page. */
async function leave(row) {
  await queue;
  if (rows().some(isOpen)) { show(next(row)); return; }
  const older = document.getElementById("older");
  location.assign(older ? older.href : `/queue?${list.dataset.view}`);
}

function undo() {
  if (!undoForm) return;
  const last = done.pop();
  if (!last) {
    // From before this page was loaded: the form holds it, if anything.
    if (undoForm.elements.action.value) undoForm.requestSubmit();
    else say("There is nothing to undo.");
    return;
  }
  if (done.length === 0 && !undoForm.elements.action.value) undoForm.classList.add("idle");
  const { row, before, status, why, sent } = last;
  const id = row.dataset.commentId;
  open(row, before);
  say(`Taken back: “${textOf(row)}” is ${before} again.`);
  inOrder(async () => {
    const decision = await sent;
    if (!decision?.action) return; // It was refused, or changed nothing.
    try {
      const answer = await send("/undo", { action: decision.action, site: decision.site, view: list.dataset.view });
      row.dataset.revision = answer.revision;
    } catch (error) {
      paint(row, status, why);
      say(`Not taken back: “${textOf(row)}”. ${error.message}`);
    }
    fetched.delete(id);
    if (selected() === row) show(row, { scroll: false });
  });
  show(row);
}

// ---- Forms and keys

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.matches("[data-decision]") && list) {
    const row = rowOf(pane.querySelector("[data-detail]").dataset.detail);
    if (!row) return; // It is not on this page of the list: the form does it.
    event.preventDefault();
    decide(row, form.elements.status.value, event.submitter?.value ?? "");
  } else if (form.id === "undo" && done.length > 0) {
    event.preventDefault();
    undo();
  }
});

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-open=keys]")) { dialog?.showModal(); return; }
  const link = event.target.closest(".row > a");
  if (!link || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  show(link.parentElement, { scroll: false });
});

const press = (key) => pane?.querySelector(`[data-key="${key}"]`);

function onKey(key) {
  const row = selected();
  switch (key) {
    case "j": case "k": {
      if (!list) return false;
      const to = row ? (key === "j" ? row.nextElementSibling : row.previousElementSibling) : list.firstElementChild;
      if (to) show(to);
      else if (key === "j") document.getElementById("older")?.click();
      return true;
    }
    case "a": case "r": case "h": case "1": case "2": case "3": case "4":
      // The button of what is shown decides: while the next comment is on its way nothing else can be meant.
      if (!press(key) || (row && pane.querySelector("[data-detail]")?.dataset.detail !== row.dataset.commentId)) return false;
      press(key).form.requestSubmit(press(key));
      return true;
    case "z": undo(); return true;
    case "o": { const own = pane?.querySelector(".meta a"); if (own) location.assign(own.href); return true; }
    case "?": dialog?.showModal(); return true;
    default: return false;
  }
}

const keysOn = document.getElementById("keys-on");
if (keysOn) {
  keysOn.checked = localStorage.getItem("keys") !== "off";
  keysOn.addEventListener("change", () => localStorage.setItem("keys", keysOn.checked ? "on" : "off"));
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing || event.defaultPrevented) return;
  if (dialog?.open || (keysOn && !keysOn.checked)) return;
  if (event.target.closest("input:not([type=checkbox]), textarea, select, [contenteditable]")) return;
  if (onKey(event.key.length === 1 ? event.key.toLowerCase() : event.key)) event.preventDefault();
});

addEventListener("beforeunload", (event) => { if (unsaved > 0) event.preventDefault(); });

if (list && selected()) {
  selected().scrollIntoView({ block: "nearest", behavior: "instant" });
  fetchAhead(selected());
}
