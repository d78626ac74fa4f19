// @ts-check
/** Quick exit: the button, or Esc twice. The page is blank before anything else happens. */

const TWICE_MS = 1_000;
const AT_MOST_MS = 400; // How long we wait to shut the door behind them.

let lastEscape = -Infinity; // Not 0: a page of half a second would leave at the first.
let leaving = false;

/** @param {HTMLFormElement} form */
async function leave(form) {
  leaving = true;
  const exit = form.dataset.exit ?? "/";
  const body = new FormData(form);
  document.title = form.dataset.title ?? "";
  document.body.hidden = true;
  const shut = fetch(form.action, { method: "POST", body, keepalive: true }).catch(() => null);
  await Promise.race([shut, new Promise((done) => setTimeout(done, AT_MOST_MS))]);
  location.replace(exit);
}

const form = /** @type {HTMLFormElement | null} */ (document.querySelector("form[data-leave]"));

form?.addEventListener("submit", (event) => {
  event.preventDefault();
  leave(form);
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || !form) return;
  const now = performance.now();
  const again = now - lastEscape < TWICE_MS;
  lastEscape = now;
  // To the browser Esc means "stop loading": the way out itself would be stopped half way.
  if (again || leaving) event.preventDefault();
  if (again && !leaving) leave(form);
});

// A page kept in memory by the back button is asked for again: the door may have been shut since.
addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});
