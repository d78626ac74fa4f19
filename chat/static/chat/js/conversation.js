// @ts-check
/** A conversation on the screen. Words are set as text, never as markup. */

import * as feeds from "./feed.js";
import { live } from "./live.js";
import { data, me, say, slot, words } from "./page.js";
import { fill, stateWords } from "./sentences.js";

/** @typedef {import("./feed.js").Message} Message */
/** @typedef {import("./store.js").Unsent} Unsent */

const NEAR_PX = 120; // This close to the end, a reader is at the end.
const DOORS = new Set(["door", "door_offered", "held_for_person", "contact_details", "unread", "not_published"]);

const language = document.documentElement.lang;
const clock = new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit" });
const dayAndClock = new Intl.DateTimeFormat(language, {
  day: "numeric", month: "short", hour: "2-digit", minute: "2-digit",
});

/** @param {string} at */
function timeWords(at) {
  const when = new Date(at);
  const today = when.toDateString() === new Date().toDateString();
  return (today ? clock : dayAndClock).format(when);
}

/** @param {ParentNode} root @param {string} name @returns {any} */
function must(root, name) {
  const element = slot(root, name);
  if (!element) throw new Error(`the page has no ${name}`);
  return element;
}

class ConversationView {
  /** @param {HTMLElement} root */
  constructor(root) {
    this.root = root;
    this.feed = feeds.fromSnapshot(data("snapshot"));
    this.id = this.feed.conversation;
    this.isPrivate = root.dataset.kind === "one_to_one";
    this.staff = root.dataset.staff === "yes";
    this.scroll = must(root, "scroll");
    this.list = must(root, "messages");
    this.pill = must(root, "pill");
    this.input = /** @type {HTMLTextAreaElement} */ (must(root, "input"));
    this.composer = /** @type {HTMLFormElement} */ (must(root, "composer"));
    /** @type {Map<string, HTMLElement>} */
    this.rows = new Map();
    /** @type {Set<string>} */
    this.known = new Set();
    this.unseen = 0;
    this.drawn = false;
    this.listen();
    this.toEnd();
    this.draw();
    this.restoreDraft();
    live.follow(this.id, () => this.feed.head);
    live.start();
  }

  listen() {
    live.on("frame", (frame) => this.hear(frame));
    live.on("outbox", () => this.draw());
    this.composer.addEventListener("submit", (event) => {
      event.preventDefault();
      this.send();
    });
    this.input.addEventListener("input", () => this.keepDraft());
    this.input.addEventListener("keydown", (event) => this.keyDown(event));
    this.input.addEventListener("focus", () => document.body.classList.add("typing"));
    this.input.addEventListener("blur", () => this.stoppedTyping());
    // A tap on Send must not take the focus away first: the keyboard would close and the button move.
    this.composer.addEventListener("mousedown", (event) => {
      if (event.target !== this.input) event.preventDefault();
    });
    this.pill.addEventListener("click", () => this.toEnd());
    this.scroll.addEventListener("scroll", () => this.atEnd() && this.seen(), { passive: true });
    must(this.root, "earlier").addEventListener("click", () => this.showEarlier());
    globalThis.visualViewport?.addEventListener("resize", () => this.fitAboveKeyboard());
  }

  // Frames.

  /** @param {any} frame */
  hear(frame) {
    const about = frame.conversation === this.id;
    if (!about || !/^(conversation|message)\./.test(frame.type)) return;
    const { feed, gap } = feeds.apply(this.feed, frame);
    if (gap) {
      live.catchUp(this.id);
      return;
    }
    this.announcePeople(this.feed.people, feed.people);
    this.feed = feed;
    this.draw();
  }

  /** @param {feeds.Person[]} before @param {feeds.Person[]} after */
  announcePeople(before, after) {
    for (const person of after) {
      if (String(person.id) !== me && !before.some((p) => p.id === person.id)) {
        this.announce(fill(words.live.joined, { name: person.nickname }));
      }
    }
  }

  // Drawing.

  draw() {
    const follow = this.atEnd();
    live.outbox.then((outbox) => {
      const shown = this.shown(outbox.of(this.id));
      const fresh = this.place(shown);
      this.drawAround(shown.length);
      if (follow || fresh.own) this.toEnd();
      else if (fresh.others) this.more(fresh.others);
    });
  }

  /** Messages, then what has not gone out; one that has both is shown once. @param {Unsent[]} unsent */
  shown(unsent) {
    const messages = feeds.ordered(this.feed).map((message) => ({
      key: message.client_id || String(message.id), message, unsent: null,
    }));
    const arrived = new Set(messages.map(({ key }) => key));
    const waiting = unsent
      .filter((item) => !arrived.has(item.client_id))
      .map((item) => ({ key: item.client_id, message: this.asMessage(item), unsent: item }));
    return [...messages, ...waiting];
  }

  /** @param {Unsent} item @returns {Message} */
  asMessage(item) {
    return {
      id: 0,
      author: { id: Number(me), nickname: words.live.you, role: this.staff ? "staff" : "young_person" },
      body: item.body,
      at: new Date(item.at).toISOString(),
      state: item.state,
      client_id: item.client_id,
    };
  }

  /**
   * Put each row where it belongs; rows that stay are not touched, so nothing jumps.
   * @param {{ key: string, message: Message, unsent: Unsent | null }[]} shown
   */
  place(shown) {
    const fresh = { own: 0, others: 0 };
    const keep = new Set(shown.map(({ key }) => key));
    for (const [key, row] of this.rows) {
      if (keep.has(key)) continue;
      row.remove();
      this.rows.delete(key);
    }
    const first = !this.drawn;
    if (first) this.list.replaceChildren(); // The server drew the same rows for phones without scripts.
    this.drawn = true;
    let before = this.list.firstElementChild;
    for (const item of shown) {
      let row = this.rows.get(item.key);
      if (!row) {
        row = this.newRow(item.key);
        if (!first && !this.known.has(item.key)) this.count(item.message, fresh);
      }
      this.known.add(item.key);
      this.fillRow(row, item.message, item.unsent);
      if (row === before) before = row.nextElementSibling;
      else this.list.insertBefore(row, before);
    }
    return fresh;
  }

  /** @param {Message} message @param {{ own: number, others: number }} fresh */
  count(message, fresh) {
    if (this.isOwn(message)) fresh.own += 1;
    else {
      fresh.others += 1;
      const name = message.author.nickname;
      this.announce(fill(words.live.said, { name, words: message.body.slice(0, 300) }));
    }
  }

  /** @param {string} key */
  newRow(key) {
    const template = /** @type {HTMLTemplateElement} */ (must(this.root, "template"));
    const copy = document.importNode(template.content, true);
    const row = /** @type {HTMLElement} */ (copy.querySelector("li"));
    slot(row, "retry")?.addEventListener("click", () => this.retry(key));
    slot(row, "edit")?.addEventListener("click", () => this.takeBack(key));
    this.rows.set(key, row);
    return row;
  }

  /** @param {Message} message */
  isOwn(message) {
    return String(message.author.id) === me;
  }

  /** @param {HTMLElement} row @param {Message} message @param {Unsent | null} unsent */
  fillRow(row, message, unsent) {
    const own = this.isOwn(message);
    row.dataset.state = message.state;
    row.dataset.id = String(message.id);
    row.classList.toggle("message-own", own);
    row.classList.toggle("message-team", message.author.role !== "young_person");
    say(slot(row, "author"), message.author.nickname);
    const team = slot(row, "team");
    if (team) team.hidden = own || message.author.role === "young_person";
    const time = slot(row, "time");
    if (time instanceof HTMLTimeElement && time.dateTime !== message.at) {
      time.dateTime = message.at;
      say(time, timeWords(message.at));
    }
    const body = slot(row, "body");
    if (body && body.textContent !== message.body) body.textContent = message.body;
    this.fillState(row, message, unsent, own);
  }

  /** @param {HTMLElement} row @param {Message} message @param {Unsent | null} unsent @param {boolean} own */
  fillState(row, message, unsent, own) {
    const failed = unsent?.state === "failed";
    const under = unsent
      ? failed ? unsent.error ?? "" : words.states.sending
      : stateWords(message, { own, staff: this.staff, private: this.isPrivate, words });
    say(slot(row, "state"), under);
    for (const name of ["retry", "edit"]) {
      const button = slot(row, name);
      if (button) button.hidden = !failed;
    }
    const code = message.notice ?? "";
    const notice = slot(row, "notice");
    const told = code && code !== "withdrawn" ? words.notices[code] ?? "" : "";
    say(slot(row, "notice-words"), told);
    if (notice) {
      notice.hidden = !told;
      notice.dataset.code = code;
    }
    const door = slot(row, "door");
    if (door instanceof HTMLFormElement) {
      door.hidden = !own || !DOORS.has(code);
      const about = door.elements.namedItem("about_message");
      if (about instanceof HTMLInputElement) about.value = message.id ? String(message.id) : "";
    }
  }

  /** @param {number} count of rows */
  drawAround(count) {
    must(this.root, "quiet").hidden = count > 0;
    must(this.root, "earlier").hidden = !this.feed.earlier;
    must(this.root, "ended").hidden = this.feed.state !== "closed";
    this.composer.hidden = !this.feed.mayPost;
    const others = this.feed.people.filter((person) => String(person.id) !== me);
    const title = /** @type {HTMLElement | null} */ (document.querySelector("[data-people-title]"));
    const about = /** @type {HTMLElement | null} */ (document.querySelector("[data-people-words]"));
    if (!title || !about) return;
    say(title, others.map((p) => p.nickname).join(", ") || (title.dataset.alone ?? ""));
    say(about, others.length ? words.roles[others[0].role] : about.dataset.alone ?? "");
  }

  // Where the reader is.

  atEnd() {
    const { scrollTop, scrollHeight, clientHeight } = this.scroll;
    return scrollHeight - scrollTop - clientHeight < NEAR_PX;
  }

  toEnd() {
    this.scroll.scrollTop = this.scroll.scrollHeight;
    this.seen();
  }

  seen() {
    this.unseen = 0;
    this.pill.hidden = true;
  }

  /** @param {number} count */
  more(count) {
    this.unseen += count;
    const sentence = this.unseen === 1 ? words.live.new_one : words.live.new_many;
    say(this.pill, `↓ ${fill(sentence, { count: this.unseen })}`);
  }

  /** @param {string} text */
  announce(text) {
    must(this.root, "said").textContent = text;
  }

  fitAboveKeyboard() {
    const height = globalThis.visualViewport?.height;
    if (!height) return;
    const follow = this.atEnd();
    document.documentElement.style.setProperty("--visible-height", `${height}px`);
    if (follow) this.toEnd();
  }

  async showEarlier() {
    const position = feeds.oldestPosition(this.feed);
    if (position === null) return;
    const answer = await fetch(`/conversations/${this.id}/before/${position}`).catch(() => null);
    if (!answer?.ok) return;
    const page = await answer.json();
    const height = this.scroll.scrollHeight;
    for (const message of page.messages) this.known.add(message.client_id || String(message.id));
    this.feed = feeds.withEarlier(this.feed, page);
    this.place(this.shown((await live.outbox).of(this.id)));
    this.drawAround(1);
    this.scroll.scrollTop += this.scroll.scrollHeight - height;
  }

  // Writing.

  /** @param {KeyboardEvent} event */
  keyDown(event) {
    const onDesk = matchMedia("(pointer: fine)").matches;
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || !onDesk) return;
    event.preventDefault();
    this.composer.requestSubmit();
  }

  /** The places come back a moment later, so that nothing moves under a finger on its way down. */
  stoppedTyping() {
    setTimeout(() => {
      if (document.activeElement !== this.input) document.body.classList.remove("typing");
    }, 250);
  }

  async send() {
    const body = this.input.value.trim();
    if (!body) {
      this.input.focus();
      return;
    }
    this.input.value = "";
    const outbox = await live.outbox;
    await outbox.add({ kind: "message", conversation: this.id, body });
    await this.keepDraft();
    this.input.focus();
    this.toEnd();
  }

  /** @param {string} key */
  async retry(key) {
    await (await live.outbox).retry(key);
  }

  /** The words go back to where they can be changed. @param {string} key */
  async takeBack(key) {
    const body = await (await live.outbox).discard(key);
    this.input.value = [this.input.value, body].filter(Boolean).join("\n");
    await this.keepDraft();
    this.input.focus();
  }

  async keepDraft() {
    await (await live.store).keepDraft(`conversation:${this.id}`, this.input.value);
  }

  async restoreDraft() {
    const draft = await (await live.store).draft(`conversation:${this.id}`);
    if (draft && !this.input.value) this.input.value = draft;
  }
}

document.documentElement.classList.add("js");

for (const root of document.querySelectorAll("[data-conversation]")) {
  if (root instanceof HTMLElement) new ConversationView(root);
}
