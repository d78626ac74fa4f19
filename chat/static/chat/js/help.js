// @ts-check
/** Help now: kept while offline, told live where one stands, and told when somebody comes. */

import { Anew } from "./anew.js";
import { newId } from "./ids.js";
import { live } from "./live.js";
import { say, slot, words } from "./page.js";
import { fill, nobodyWords, placeWords, waitWords } from "./sentences.js";

const SEEN = "lantern-seen";
const clock = new Intl.DateTimeFormat(document.documentElement.lang, {
  hour: "2-digit", minute: "2-digit",
});

// Asking: on the shelf before it goes anywhere, so that a network that is dead swallows nothing.

const AT_MOST_MS = 400; // A shelf that fails must not keep an ask from going out.
/** Where a form would likely meet no network: the ask goes out from this page, when it can. */
const CUT = new Set(["lost", "offline", "slow"]);

const sheet = /** @type {HTMLDialogElement | null} */ (
  document.querySelector("[data-offline-help]")
);

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!(form instanceof HTMLFormElement) || !("help" in form.dataset)) return;
  renew(form);
  const isOffline = !navigator.onLine || live.state === "offline";
  const isCut = isOffline || CUT.has(live.state);
  event.preventDefault();
  const kept = keepAsk(new FormData(form));
  if (isCut) openSheet(isOffline ? "offline" : "cut");
  else goOn(form, kept);
});

/**
 * Every ask has an id of its own: under one that was answered and closed long ago it would be
 * taken for that ask, said again, and nobody would come. Open asks become one on the server.
 * @param {HTMLFormElement} form
 */
function renew(form) {
  const id = form.elements.namedItem("client_id");
  if (id instanceof HTMLInputElement) id.value = newId();
}

/** The form goes as it would without us, under the same id as what is kept. @param {HTMLFormElement} form @param {Promise<void>} kept */
async function goOn(form, kept) {
  try {
    await Promise.race([kept, new Promise((done) => setTimeout(done, AT_MOST_MS))]);
  } finally {
    form.submit();
  }
}

/** @param {"offline" | "cut" | "signed-out"} why */
function openSheet(why) {
  if (!sheet) return;
  for (const part of sheet.querySelectorAll("[data-when]")) {
    if (part instanceof HTMLElement) part.hidden = !part.dataset.when?.split(" ").includes(why);
  }
  if (sheet.open) return;
  if (sheet.showModal) sheet.showModal();
  else sheet.setAttribute("open", ""); // A phone that knows no dialogs shows it all the same.
}

/** @param {FormData} form */
async function keepAsk(form) {
  const outbox = await live.outbox;
  const about = Number(form.get("about_message"));
  await outbox.add({
    kind: "help",
    conversation: 0,
    body: "",
    client_id: String(form.get("client_id") || newId()),
    ...(about > 0 ? { about_message: about } : {}),
  });
}

live.on("help.accepted", () => {
  if (sheet?.open) location.assign("/help");
});

// Their session ended meanwhile: told once, with the numbers and a way on. They may close it.

let told = false;

live.on("help.kept", () => {
  if (!told) openSheet("signed-out");
  told = true;
});

// Where they stand.

/** @param {any} help */
function howLong({ place, wait_from_minutes: low, wait_to_minutes: high, counted_at, nobody_on_duty }) {
  const waits = words.waiting;
  const time = counted_at ? clock.format(new Date(counted_at)) : "";
  const counted = time ? fill(waits.counted, { time }) : "";
  if (nobody_on_duty) return `${nobodyWords(place, waits)} ${counted}`.trim();
  return counted || waitWords(low, high, waits);
}

/** That nobody is here comes before any place in line. @param {any} help */
function where({ place, nobody_on_duty }) {
  return nobody_on_duty ? words.waiting.nobody : placeWords(place, words.waiting);
}

/** @param {HTMLElement} box @param {any} help @param {string} company */
function stand(box, help, company) {
  const waiting = help.state === "waiting";
  const waits = words.waiting;
  say(slot(box, "place"), waiting ? where(help) : company ? fill(waits.with_name, { name: company }) : waits.with_someone);
  say(slot(box, "wait"), waiting ? howLong(help) : "");
  const nobody = slot(box, "nobody");
  if (nobody) nobody.hidden = !waiting || !help.nobody_on_duty;
  const go = slot(box, "go");
  if (go instanceof HTMLAnchorElement) {
    say(go, waiting ? waits.write : waits.go);
    go.href = `/talk/${help.conversation}`;
  }
  const lock = slot(box, "lock");
  if (lock) lock.hidden = !waiting;
  for (const part of document.querySelectorAll("[data-while-waiting]")) {
    if (part instanceof HTMLElement) part.hidden = !waiting;
  }
}

/**
 * An open talk with somebody in it is being with someone, by the same rule as on the server.
 * @param {any} help @param {Talk[]} talks
 */
function standing(help, talks) {
  const talk = talks.find(({ state, people }) => state === "open" && people.length);
  if (!talk) return { help, company: "" };
  const company = talk.people.map(({ nickname }) => nickname).join(", ");
  return { help: { state: "with_someone", conversation: talk.conversation }, company };
}

live.on("person.changed", (frame) => {
  const { talks } = frame;
  const { help, company } = standing(frame.help, talks);
  for (const box of document.querySelectorAll("[data-standing]")) {
    if (!(box instanceof HTMLElement)) continue;
    if (!help) movedOn(box);
    else if (help.state !== box.dataset.state && box.dataset.standing === "strip") box.remove();
    else stand(box, help, company);
  }
  someone(talks);
});

/** A page drawn anew shows how things stand, but not at the price of words. @param {HTMLElement} box */
function movedOn(box) {
  if (isWriting()) box.remove();
  else location.reload();
}

function isWriting() {
  return [...document.querySelectorAll("textarea")].some(({ value }) => value.trim());
}

// Someone is here.

/** @typedef {{ conversation: number, state: string, people: { id: number, nickname: string }[] }} Talk */

/** @param {Talk[]} talks */
function someone(talks) {
  const seen = new Set(JSON.parse(sessionStorage.getItem(SEEN) ?? "[]"));
  const here = document.querySelector("[data-conversation]");
  const open = here instanceof HTMLElement ? Number(here.dataset.conversation) : 0;
  const fresh = talks.flatMap((talk) =>
    talk.state === "open"
      ? talk.people.map((person) => ({ key: `${talk.conversation}:${person.id}`, talk, person }))
      : [],
  );
  for (const { key, talk } of fresh) if (talk.conversation === open) seen.add(key);
  sessionStorage.setItem(SEEN, JSON.stringify([...seen]));
  const news = fresh.find(({ key }) => !seen.has(key));
  const banner = /** @type {HTMLElement | null} */ (document.querySelector("[data-someone]"));
  if (!banner) return;
  // The card says it already, where there is one.
  banner.hidden = !news || Boolean(document.querySelector(".standing"));
  if (!news) return;
  say(slot(banner, "words"), fill(words.live.here_to_talk, { name: news.person.nickname }));
  const link = slot(banner, "link");
  if (link instanceof HTMLAnchorElement) link.href = `/talk/${news.talk.conversation}`;
}

// Without a socket a waiting page still moves on.

const anew = new Anew(() => !isWriting() && !sheet?.open);

live.on("state", (state) => {
  anew.stop();
  if (state !== "slow" || !document.querySelector("[data-standing]")) return;
  if (!document.querySelector("[data-conversation]")) anew.start();
});
