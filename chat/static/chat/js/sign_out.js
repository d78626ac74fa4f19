// @ts-check
/** Signing out takes with it whatever this phone still kept, also where the browser would not. */

import { live } from "./live.js";

const AT_MOST_MS = 400;

/** Other pages of the same browser let go as well. */
const pages = new BroadcastChannel("lantern-sign-out");
pages.onmessage = () => letGo();

async function letGo() {
  (await live.outbox).stop();
  await (await live.store).wipe();
}

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!(form instanceof HTMLFormElement) || !("signOut" in form.dataset)) return;
  event.preventDefault();
  pages.postMessage("");
  await Promise.race([letGo(), new Promise((done) => setTimeout(done, AT_MOST_MS))]);
  form.submit();
});
