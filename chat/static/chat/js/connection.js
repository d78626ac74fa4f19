// @ts-check
/** The calm line about the connection: says nothing unless there is something to say. */

import { live } from "./live.js";
import { say, words } from "./page.js";

const PATIENCE_MS = 2_500; // Most losses are over before anybody needs to know.

/** @type {any} */
let waiting = null;

/** What the line speaks of: not of a loss that may be over before anybody needs to know. */
let shown = "";

/** What keeps words that wait: where it does not, they last as long as the page. @type {any} */
let shelf = null;
live.store.then((store) => {
  shelf = store;
  shelf.changed = () => show(shown);
  show(shown);
});

/**
 * Nothing is promised that this phone cannot keep.
 * @param {string} state
 * @returns {string} what is true of it now
 */
function sentence(state) {
  const told = state === "slow" && !live.getsThrough ? "unanswered" : state;
  const onThisPage = shelf?.lasts === false ? words.live[`${told}_page`] : undefined;
  return onThisPage ?? words.live[told] ?? "";
}

/** @param {string} state */
function show(state) {
  shown = state;
  const line = /** @type {HTMLElement | null} */ (document.querySelector("[data-connection]"));
  if (!line) return;
  say(line, sentence(state));
  if (state === "signed_out") {
    const reload = document.createElement("a");
    reload.href = location.href;
    reload.textContent = words.live.reload;
    line.append(" ", reload);
  }
  if (state === "elsewhere") line.append(" ", carryOn());
}

function carryOn() {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "button button-plain button-small";
  button.textContent = words.live.carry_on;
  button.addEventListener("click", () => live.wake());
  return button;
}

live.on("state", (state) => {
  clearTimeout(waiting);
  if (state === "lost") waiting = setTimeout(() => show(state), PATIENCE_MS);
  else show(state);
});

live.on("through", () => {
  if (live.state === "slow") show(live.state);
});
