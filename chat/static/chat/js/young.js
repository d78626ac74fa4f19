// @ts-check
/** What every page of a young person does. */

import "./begun.js";
import "./connection.js";
import "./help.js";
import "./leave.js";
import { live } from "./live.js";
import "./sign_out.js";
import { say, words } from "./page.js";

document.documentElement.classList.add("js");

for (const element of document.querySelectorAll("[data-needs-script]")) {
  if (element instanceof HTMLElement) element.hidden = false;
}

for (const time of document.querySelectorAll("time[data-ago]")) {
  if (!(time instanceof HTMLTimeElement)) continue;
  const minutes = Math.max(0, Math.round((Date.now() - Date.parse(time.dateTime)) / 60_000));
  const ago = new Intl.RelativeTimeFormat(document.documentElement.lang, { numeric: "auto" });
  if (minutes < 60) time.textContent = ago.format(-minutes, "minute");
  else if (minutes < 24 * 60) time.textContent = ago.format(-Math.round(minutes / 60), "hour");
  else time.textContent = ago.format(-Math.round(minutes / 1440), "day");
}

/** @param {string} text */
function toast(text) {
  const shelf = document.querySelector("[data-toasts]");
  const note = document.createElement("p");
  note.className = "toast";
  note.textContent = text;
  shelf?.append(note);
  setTimeout(() => note.remove(), 4_000);
}

document.addEventListener("click", async (event) => {
  const button = event.target instanceof Element ? event.target.closest("button") : null;
  if (!button) return;
  if ("print" in button.dataset) print();
  if (button.dataset.copy) {
    const items = document.querySelectorAll(`${button.dataset.copy} li`);
    await navigator.clipboard.writeText([...items].map((item) => item.textContent).join(" "));
    toast(words.live.copied);
  }
});

if ("serviceWorker" in navigator) {
  navigator.serviceWorker.register("/sw.js").catch(() => say(null, ""));
}

live.start();
