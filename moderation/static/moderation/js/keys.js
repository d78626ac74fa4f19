// @ts-check
/**
 * One key for each thing a moderator does. A key that shows or removes a message only opens the
 * choice of rules; nothing happens to the message before a rule is chosen and confirmed.
 */

/** @param {EventTarget | null} target */
function isTyping(target) {
  if (target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement) return true;
  return target instanceof HTMLInputElement && !["radio", "checkbox"].includes(target.type);
}

/** @param {HTMLElement} rows @param {number} step */
function move(rows, step) {
  const links = [...rows.querySelectorAll("a")];
  if (!links.length) return;
  const focused = links.findIndex((link) => link === document.activeElement);
  const current = links.findIndex((link) => link.getAttribute("aria-current") === "true");
  const from = focused >= 0 ? focused : current;
  const to = from < 0 ? 0 : Math.min(links.length - 1, Math.max(0, from + step));
  links[to].focus();
}

/** @param {string} key */
function submit(key) {
  const form = document.querySelector(`form[data-key="${key}"]`);
  if (form instanceof HTMLFormElement) form.requestSubmit();
}

/** @param {string} name */
function openDecision(name) {
  const panel = document.querySelector(`[data-decision="${name}"]`);
  if (!(panel instanceof HTMLDetailsElement)) return;
  panel.open = true; // Which unfolds the words: once, and not again after they were folded by key.
  const first = panel.querySelector('input[type="radio"]');
  if (first instanceof HTMLElement) first.focus();
}

/** @returns {HTMLDetailsElement | null} */
function openPanel() {
  return document.querySelector("[data-decision][open]");
}

/** @param {number} number */
function chooseRule(number) {
  const choice = openPanel()?.querySelectorAll('input[type="radio"]')[number - 1];
  if (!(choice instanceof HTMLInputElement)) return false;
  choice.checked = true;
  choice.focus();
  return true;
}

function closePanel() {
  const panel = openPanel();
  if (!panel) return false;
  panel.open = false;
  const summary = panel.querySelector("summary");
  if (summary instanceof HTMLElement) summary.focus();
  return true;
}

/** Nobody decides about words unseen, by key or by hand. @returns {boolean} whether they were folded */
function unfoldWords() {
  const fold = document.querySelector("[data-words]");
  if (!(fold instanceof HTMLDetailsElement) || fold.open) return false;
  fold.open = true;
  fold.scrollIntoView({ block: "nearest" });
  return true;
}

/** A choice opened by hand unfolds them too, and folded again they keep "Publish it" from going. */
function guardDecisions() {
  for (const panel of document.querySelectorAll("[data-decision]")) {
    if (!(panel instanceof HTMLDetailsElement)) continue;
    panel.addEventListener("toggle", () => panel.open && unfoldWords());
    panel.querySelector("form")?.addEventListener("submit", (event) => {
      if (panel.dataset.decision === "publish" && unfoldWords()) event.preventDefault();
    });
  }
}

function foldWords() {
  const fold = document.querySelector("[data-words]");
  if (!(fold instanceof HTMLDetailsElement)) return;
  fold.open = !fold.open;
  if (fold.open) fold.scrollIntoView({ block: "nearest" });
}

/** @param {{ rows: HTMLElement, showNew: HTMLButtonElement }} parts */
export function startKeys({ rows, showNew }) {
  /** @type {Record<string, () => unknown>} */
  const keys = {
    j: () => move(rows, 1),
    k: () => move(rows, -1),
    t: () => submit("t"),
    c: () => submit("c"),
    u: () => submit("u"),
    h: () => submit("h"),
    x: foldWords,
    p: () => openDecision("publish"),
    r: () => openDecision("remove"),
    n: () => !showNew.hidden && showNew.click(),
    Escape: closePanel,
  };
  guardDecisions();
  for (const button of document.querySelectorAll("[data-close]")) {
    if (button instanceof HTMLElement) button.hidden = false;
    button.addEventListener("click", closePanel);
  }
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    if (document.querySelector("dialog[open]")) return;
    if (/^[1-9]$/.test(event.key) && chooseRule(Number(event.key))) {
      event.preventDefault();
      return;
    }
    const act = Object.hasOwn(keys, event.key) ? keys[event.key] : undefined;
    if (!act) return;
    if (event.key !== "Escape") event.preventDefault();
    act();
  });
}
