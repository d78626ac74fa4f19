// @ts-check
/**
 * One key for each thing to do; the sheet behind `?` lists them. A key means the same on both desks,
 * or is used on one of them only: whoever leads a shift works at both.
 */

/** @param {EventTarget | null} target */
function isTyping(target) {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || ["INPUT", "TEXTAREA", "SELECT"].includes(target.tagName))
  );
}

/** @param {string} selector @returns {HTMLElement | null} */
function find(selector) {
  return document.querySelector(selector);
}

/** Open a folded form and go to its first field. @param {string} selector */
function unfold(selector) {
  const folded = find(selector);
  if (!(folded instanceof HTMLDetailsElement)) return;
  folded.open = true;
  folded.scrollIntoView({ block: "nearest" });
  /** @type {HTMLElement | null} */ (folded.querySelector("input:not([type=hidden]), textarea"))?.focus();
}

/** @param {import("./list.js").List} list */
export function listenForKeys(list) {
  /** @type {Record<string, () => void>} */
  const keys = {
    t: () => find("[data-next]")?.click(),
    j: () => list.move(1),
    k: () => list.move(-1),
    c: () => (/** @type {HTMLElement | null} */ (list.current()?.querySelector("[data-pick]")) ?? find("[data-pick-this]"))?.click(),
    g: () => find(".triage-back a")?.click(),
    x: () => find("[data-unfold=words] button")?.click(),
    l: () => find("[data-unfold=earlier] button")?.click(),
    w: () => find(".triage-talk textarea")?.focus(),
    e: () => unfold("[data-close]"),
    b: () => unfold("[data-hand-back]"),
  };
  document.addEventListener("keydown", (event) => {
    const plain = !event.ctrlKey && !event.metaKey && !event.altKey;
    const act = keys[event.key];
    if (!plain || !act || isTyping(event.target) || document.querySelector("dialog[open]")) return;
    event.preventDefault();
    act();
  });
}
