// @ts-check
/** Words that somebody typed here and that are kept nowhere yet. No page is drawn anew over them. */

/** What we offer to say is nobody's own words. @param {HTMLTextAreaElement} field */
function isUnkept({ readOnly, value, dataset }) {
  const words = value.trim();
  return !readOnly && words !== "" && words !== (dataset.offered ?? "").trim();
}

/** @returns {boolean} whether anybody is in the middle of writing something here */
export function hasUnkept() {
  return [...document.querySelectorAll("textarea")].some(isUnkept);
}

/** Handing back or closing ends the page, and keeps the note that was still in its field. */
export function takeNoteAlong() {
  document.addEventListener("submit", ({ target }) => {
    if (!(target instanceof HTMLFormElement) || !("takesNote" in target.dataset)) return;
    const along = target.elements.namedItem("note");
    const note = document.getElementById("note-body");
    if (along instanceof HTMLInputElement && note instanceof HTMLTextAreaElement) {
      along.value = note.value;
    }
  });
}

/** By a link, a key or a wrong button the note would go with its page: the browser asks first. */
export function askBeforeLeaving() {
  let goesAlong = false;
  document.addEventListener("submit", ({ target }) => {
    if (!(target instanceof HTMLFormElement)) return;
    goesAlong = "takesNote" in target.dataset || target.querySelector("#note-body") !== null;
  });
  addEventListener("beforeunload", (event) => {
    const note = document.getElementById("note-body");
    const isEmpty = !(note instanceof HTMLTextAreaElement) || !isUnkept(note);
    // Whoever leaves by Leave wants to be gone.
    if (!isEmpty && !goesAlong && !document.body.hidden) event.preventDefault();
  });
}

/**
 * Signed out, and in the middle of writing: said in words instead of by a new page.
 * @param {boolean} isOut
 */
export function tellSignedOut(isOut) {
  const line = document.querySelector("[data-signed-out]");
  if (line instanceof HTMLElement) line.hidden = !isOut;
}

/**
 * Whoever signed in again beside this page has another key to our forms: theirs here get it too.
 * @param {ParentNode} fresh
 */
export function renewForms(fresh) {
  const key = fresh.querySelector("input[name=csrfmiddlewaretoken]");
  if (!(key instanceof HTMLInputElement)) return;
  for (const old of document.querySelectorAll("input[name=csrfmiddlewaretoken]")) {
    if (old instanceof HTMLInputElement) old.value = key.value;
  }
}
