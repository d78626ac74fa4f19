// @ts-check
/**
 * Signing out takes with it whatever this phone still kept, also where the browser would not: once
 * the session has ended. As long as it lives the words are its own, and so are the other pages'.
 */

import { live } from "./live.js";
import { words } from "./page.js";
import { within } from "./within.js";

const ANSWER_MS = 10_000;
const AT_MOST_MS = 400; // A shelf that hangs keeps nobody here.
const FORM_IS_OLD = 403;

/** Other pages of the same browser let go as well, where it can tell them. */
const pages = "BroadcastChannel" in globalThis ? new BroadcastChannel("lantern-sign-out") : null;
if (pages) pages.onmessage = () => letGo();

async function letGo() {
  (await live.outbox).stop();
  live.set("signed_out"); // Nothing is kept on this page any more, so nothing may say it is.
  await (await live.store).wipe().catch(() => null);
}

/** @param {HTMLFormElement} form @returns {Promise<Response | null>} null: it did not get through */
function post(form) {
  const body = new FormData(form);
  return within(ANSWER_MS, (signal) =>
    fetch(form.action, { method: "POST", body, redirect: "manual", keepalive: true, signal }),
  ).catch(() => null);
}

/** @param {HTMLFormElement} form */
async function signOut(form) {
  const answer = await post(form);
  if (answer?.status === FORM_IS_OLD) form.submit(); // The page that comes says what to do.
  else if (!answer?.ok && answer?.type !== "opaqueredirect") sayNotYet(form);
  else {
    pages?.postMessage("");
    await Promise.race([letGo(), new Promise((done) => setTimeout(done, AT_MOST_MS))]);
    location.replace(form.dataset.signOut || "/");
  }
}

/** @param {HTMLFormElement} form */
function sayNotYet(form) {
  const said = document.createElement("p");
  said.className = "small";
  said.setAttribute("role", "alert");
  said.textContent = words.live.not_signed_out;
  form.append(said);
}

/** Whoever taps twice signs out once. @type {WeakSet<HTMLFormElement>} */
const underWay = new WeakSet();

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!(form instanceof HTMLFormElement) || !("signOut" in form.dataset)) return;
  event.preventDefault();
  if (underWay.has(form)) return;
  underWay.add(form);
  form.querySelector('[role="alert"]')?.remove();
  await signOut(form);
  underWay.delete(form);
});
