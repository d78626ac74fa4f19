// @ts-check
/**
 * When to look at the list again: on a ring over the socket, every twenty seconds besides, and
 * when the page comes back into view. Says so where the list cannot be had.
 */
import { live } from "../../chat/js/live.js";

const POLL_MS = 20_000;
const TOGETHER_MS = 250; // A busy minute rings often; one look answers all of it.

/** @param {boolean} old */
function tellWhetherOld(old) {
  const line = document.querySelector("[data-old]");
  if (line instanceof HTMLElement) line.hidden = !old;
}

/** @param {() => Promise<void>} refresh */
export function lookAgain(refresh) {
  let running = false;
  let again = false;

  async function look() {
    if (running) {
      again = true;
      return;
    }
    running = true;
    try {
      await refresh();
      tellWhetherOld(false);
    } catch {
      tellWhetherOld(true);
    } finally {
      running = false;
    }
    if (again) {
      again = false;
      setTimeout(look, TOGETHER_MS);
    }
  }

  live.on("queue.changed", look);
  live.on("session.ready", look);
  setInterval(look, POLL_MS);
  addEventListener("online", look);
  addEventListener("offline", () => tellWhetherOld(true));
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) void look();
  });
}
