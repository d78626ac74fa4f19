// @ts-check
/** Quick exit: the button, or Esc twice. The page is blank before anything else happens. */

const TWICE_MS = 1_000;
const AT_MOST_MS = 400; // How long we wait to shut the door behind them.

const first = /** @type {HTMLElement | null} */ (document.querySelector("[data-leave]"));

let lastEscape = -Infinity; // Not 0: a page of half a second would leave at the first.
let leaving = false;

/** Other pages of the same browser go with it, where it can tell them: they show as much. */
const pages = "BroadcastChannel" in globalThis ? new BroadcastChannel("lantern-leave") : null;
if (pages) {
  pages.onmessage = () => {
    if (leaving) return;
    blank(first);
    goOut(first);
  };
}

/** @param {HTMLElement | null} way */
function blank(way) {
  leaving = true;
  document.title = way?.dataset.title ?? "";
  document.body.hidden = true;
}

/** @param {HTMLElement | null} way */
function goOut(way) {
  location.replace(way?.dataset.exit ?? "/");
}

/** A form shuts the door as well; on a page that knows no session a link leads out. @param {HTMLElement} way */
async function leave(way) {
  blank(way);
  pages?.postMessage("");
  if (way instanceof HTMLFormElement) {
    const body = new FormData(way);
    const shut = fetch(way.action, { method: "POST", body, keepalive: true }).catch(() => null);
    await Promise.race([shut, new Promise((done) => setTimeout(done, AT_MOST_MS))]);
  }
  goOut(way);
}

for (const kind of ["submit", "click"]) {
  document.addEventListener(kind, (event) => {
    const way = event.target instanceof Element ? event.target.closest("[data-leave]") : null;
    if (!(way instanceof HTMLElement) || (kind === "click") === way instanceof HTMLFormElement) return;
    event.preventDefault();
    leave(way);
  });
}

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || !first) return;
  const now = performance.now();
  const again = now - lastEscape < TWICE_MS;
  lastEscape = now;
  // To the browser Esc means "stop loading": the way out itself would be stopped half way.
  if (again || leaving) event.preventDefault();
  if (again && !leaving) leave(first);
});

// A page kept in memory by the back button is asked for again: the door may have been shut since.
addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});
