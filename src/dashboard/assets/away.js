// When decisions cannot be sent for a while, because the server is away or the session has ended: they wait, in order, and
// are sent afterwards. Nothing that was typed is lost.

const { desk } = globalThis;
const banner = document.getElementById("offline");
const dialog = document.getElementById("again");
const mistake = document.getElementById("again-mistake");
const code = document.getElementById("again-code");
const TRY_AGAIN_AFTER = 1500;

/** What all wait for; null while nobody waits. */
let back = null;

/** Waits until a refused request can be tried again; false when it is given up. */
desk.away = (status) => {
  back ??= (status === 401 ? signIn() : soon()).finally(() => { back = null; });
  return back;
};

/** A request was answered. */
desk.here = () => { if (banner) banner.hidden = true; };
desk.isAway = () => back !== null || banner?.hidden === false;

function soon() {
  if (banner?.hidden) {
    banner.hidden = false;
    desk.say(banner.textContent);
  }
  return new Promise((resolve) => {
    setTimeout(resolve, TRY_AGAIN_AFTER, true);
    addEventListener("online", () => resolve(true), { once: true });
  });
}

function signIn() {
  if (!dialog) return Promise.resolve(false);
  dialog.returnValue = "";
  if (!dialog.open) dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "in"), { once: true });
  });
}

dialog?.querySelector("form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const form = event.target;
  const wantsCode = !code.hidden;
  const fields = wantsCode ? { code: form.elements.code.value } : { email: form.elements.email.value, password: form.elements.password.value };
  const answer = await fetch("/login", { method: "POST", body: new URLSearchParams(fields), redirect: "manual" }).catch(() => null);
  // Whoever is in is sent onward; the form comes again where something is missing or wrong.
  if (answer?.type === "opaqueredirect") {
    form.reset();
    code.hidden = true;
    mistake.textContent = "";
    dialog.close("in");
    desk.say(desk.words.again);
    document.dispatchEvent(new CustomEvent("desk:again"));
    return;
  }
  if (answer?.ok) code.hidden = false;
  else mistake.textContent = answer ? mistake.dataset.wrong : desk.words.unreachable;
  form.elements[answer?.ok || wantsCode ? "code" : "password"].focus();
});
