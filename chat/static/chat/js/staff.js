// @ts-check
/** What every staff page can do: the `?` sheet and the connection line. */

import "./connection.js";
import { live } from "./live.js";
import "./sign_out.js";

live.start();

/** @param {EventTarget | null} target */
function isTyping(target) {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || ["INPUT", "TEXTAREA", "SELECT"].includes(target.tagName))
  );
}

const sheet = /** @type {HTMLDialogElement | null} */ (document.getElementById("keys"));

function toggleSheet() {
  if (!sheet) return;
  if (sheet.open) sheet.close();
  else sheet.showModal();
}

for (const button of document.querySelectorAll("[data-sheet-open]")) {
  if (!(button instanceof HTMLElement)) continue;
  button.hidden = false;
  button.addEventListener("click", toggleSheet);
}

document.addEventListener("keydown", (event) => {
  if (event.key !== "?" || event.ctrlKey || event.metaKey || isTyping(event.target)) return;
  event.preventDefault();
  toggleSheet();
});
