// @ts-check
/** A conversation on the screen. Words are set as text, never as markup. */

import { ask } from "./ask.js";
import { Composer } from "./composer.js";
import { bringEarlier } from "./earlier.js";
import * as feeds from "./feed.js";
import { live } from "./live.js";
import { data, me, must, say, slot, words } from "./page.js";
import { asMessage, fillRow, isOwn } from "./row.js";
import { fill } from "./sentences.js";
import { Spoken } from "./spoken.js";
import { Teller, Typists } from "./typing.js";

/** @typedef {import("./feed.js").Message} Message */
/** @typedef {import("./store.js").Unsent} Unsent */

const NEAR_PX = 120; // This close to the end, a reader is at the end.

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
    this.spoken = new Spoken(must(root, "said"));
    this.earlierWords = must(root, "earlier").textContent;
    /** Why a change of a message did not go, by its id. @type {Map<number, string>} */
    this.refusals = new Map();
    this.composer = new Composer(root, this.id, {
      sent: () => this.toEnd(),
      changed: () => live.catchUp(this.id),
      refused: (id, why) => this.refuse(id, why),
      revision: (id) => this.feed.messages.get(id)?.revision ?? 1,
    });
    /** @type {Map<string, HTMLElement>} */
    this.rows = new Map();
    /** @type {Set<string>} */
    this.known = new Set();
    this.unseen = 0;
    this.drawn = false;
    this.typists = new Typists(() => this.drawTyping());
    this.listen();
    this.toEnd();
    this.draw();
    live.follow(this.id, () => this.feed.head);
    live.start();
  }

  listen() {
    live.on("frame", (frame) => this.hear(frame));
    live.on("outbox", () => this.draw());
    live.on("state", () => this.draw()); // What waits for signal says so.
    this.pill.addEventListener("click", () => this.toEnd());
    this.scroll.addEventListener("scroll", () => this.atEnd() && this.seen(), { passive: true });
    must(this.root, "earlier").addEventListener("click", () => this.showEarlier());
    if (this.isPrivate) this.tellTyping();
    globalThis.visualViewport?.addEventListener("resize", () => this.fitAboveKeyboard());
  }

  // Frames.

  /** @param {any} frame */
  hear(frame) {
    const about = frame.conversation === this.id;
    if (about) this.typists.hear(frame);
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
        this.spoken.tell(fill(words.live.joined, { name: person.nickname }));
      }
    }
  }

  // Drawing.

  draw() {
    const follow = this.atEnd();
    live.outbox.then((outbox) => {
      const shown = this.shown(outbox.of(this.id));
      const fresh = this.place(shown);
      this.tellHead();
      this.drawAround(shown.length);
      if (follow || fresh.own) this.toEnd();
      else if (fresh.others) this.more(fresh.others);
    });
  }

  /** A form beside the talk sends along how far it was drawn: nobody ends it over unseen words. */
  tellHead() {
    for (const field of document.querySelectorAll(`input[data-head-of="${this.id}"]`)) {
      /** @type {HTMLInputElement} */ (field).value = String(this.feed.head);
    }
  }

  /** Messages, then what has not gone out; one that has both is shown once. @param {Unsent[]} unsent */
  shown(unsent) {
    const messages = feeds.ordered(this.feed).map((message) => ({
      key: message.client_id || String(message.id), message, unsent: null,
    }));
    const arrived = new Set(messages.map(({ key }) => key));
    const waiting = unsent
      .filter((item) => !arrived.has(item.client_id))
      .map((item) => ({ key: item.client_id, message: asMessage(item, this.where()), unsent: live.told(item) }));
    return [...messages, ...waiting];
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
    this.spoken.keepTo(this.feed.messages);
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
      fillRow(row, item.message, item.unsent, this.where());
      if (row === before) before = row.nextElementSibling;
      else this.list.insertBefore(row, before);
    }
    return fresh;
  }

  /** @param {Message} message @param {{ own: number, others: number }} fresh */
  count(message, fresh) {
    if (isOwn(message)) fresh.own += 1;
    else {
      fresh.others += 1;
      const name = message.author.nickname;
      this.spoken.tell(fill(words.live.said, { name, words: message.body.slice(0, 300) }), message);
    }
  }

  /** @param {string} key */
  newRow(key) {
    const template = /** @type {HTMLTemplateElement} */ (must(this.root, "template"));
    const copy = document.importNode(template.content, true);
    const row = /** @type {HTMLElement} */ (copy.querySelector("li"));
    slot(row, "retry")?.addEventListener("click", () => this.retry(key));
    slot(row, "edit")?.addEventListener("click", () => this.takeBack(key));
    slot(row, "change")?.addEventListener("click", () => this.change(Number(row.dataset.id)));
    slot(row, "withdraw")?.addEventListener("click", () => this.withdraw(Number(row.dataset.id)));
    this.rows.set(key, row);
    return row;
  }

  where() {
    const { staff, isPrivate, refusals } = this;
    return { staff, isPrivate, refusals, mayPost: this.feed.mayPost };
  }

  /** @param {number} count of rows */
  drawAround(count) {
    const closed = this.feed.state === "closed";
    const quiet = must(this.root, "quiet");
    quiet.hidden = count > 0;
    if (closed) quiet.textContent = quiet.dataset.ended ?? "";
    must(this.root, "earlier").hidden = !this.feed.earlier || !must(this.root, "loading").hidden;
    must(this.root, "ended").hidden = !closed;
    this.composer.allow(this.feed.mayPost);
    const others = this.feed.people.filter((person) => String(person.id) !== me);
    this.drawEnding(others.length > 0);
    const title = /** @type {HTMLElement | null} */ (document.querySelector("[data-people-title]"));
    const about = /** @type {HTMLElement | null} */ (document.querySelector("[data-people-words]"));
    if (!title || !about) return;
    say(title, others.map((p) => p.nickname).join(", ") || (title.dataset.alone ?? ""));
    // Whoever leaves is followed by somebody else; that nobody has come is not true any more.
    if (others.length) about.dataset.alone = about.dataset.again;
    const alone = closed ? about.dataset.ended : about.dataset.alone;
    say(about, others.length ? words.roles[others[0].role] : alone ?? "");
  }

  /** A talk that ended before anybody came ends with a sorry. @param {boolean} together */
  drawEnding(together) {
    const wrote = [...this.feed.messages.values()].some(({ author }) => author.role !== "young_person");
    const alone = slot(this.root, "ended-alone");
    const joined = slot(this.root, "ended-together");
    if (alone) alone.hidden = together || wrote;
    if (joined) joined.hidden = !together && !wrote;
  }

  // Who is writing: in private talks only.

  tellTyping() {
    const { input } = this.composer;
    const teller = new Teller(() => {
      live.socket.send({ type: "typing.tell", conversation: this.id });
    });
    input.addEventListener("input", () => {
      if (live.state === "ready" && !this.composer.changing && input.value.trim()) teller.typed();
    });
  }

  drawTyping() {
    const line = slot(this.root, "typing");
    const who = this.feed.people.find((person) => this.typists.has(person.id));
    const text = who ? fill(words.live.typing, { name: who.nickname }) : "";
    if (line && line.textContent !== text) line.textContent = text;
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

  fitAboveKeyboard() {
    const height = globalThis.visualViewport?.height;
    if (!height) return;
    const follow = this.atEnd();
    document.documentElement.style.setProperty("--visible-height", `${height}px`);
    if (follow) this.toEnd();
  }

  async showEarlier() {
    const button = must(this.root, "earlier");
    const loading = must(this.root, "loading");
    const first = () => /** @type {HTMLElement | null} */ (this.root.querySelector(".message"));
    const stood = first()?.offsetTop ?? 0;
    button.hidden = true;
    loading.hidden = false;
    const pushed = (first()?.offsetTop ?? 0) - stood;
    const brought = await bringEarlier(this);
    const unsent = (await live.outbox).of(this.id);
    const oldest = first(); // Perhaps another one by now.
    const was = (oldest?.offsetTop ?? 0) - pushed;
    loading.hidden = true;
    say(button, brought ? this.earlierWords : words.live.not_fetched);
    if (!brought) return;
    for (const message of brought) this.known.add(message.client_id || String(message.id));
    this.place(this.shown(unsent));
    this.drawAround(1);
    this.scroll.scrollTop += (oldest?.offsetTop ?? 0) - was; // What is gone above counts, too.
  }

  // What can be done with one's own words.

  /** @param {string} key */
  async retry(key) {
    await (await live.outbox).retry(key);
  }

  /** A phone that dies meanwhile has them twice, and never not at all. @param {string} key */
  async takeBack(key) {
    const outbox = await live.outbox;
    const item = outbox.items.get(key);
    if (!item) return;
    outbox.forget(key);
    this.draw();
    if (await this.composer.giveBack(item.body)) await outbox.discard(key);
  }

  /** @param {number} id */
  change(id) {
    const message = this.feed.messages.get(id);
    if (message) this.composer.change(message);
  }

  /** @param {number} id */
  async withdraw(id) {
    const why = await ask(`/messages/${id}/withdraw`, {});
    this.refuse(id, why);
    if (!why) live.catchUp(this.id);
  }

  /** @param {number} id @param {string} why empty: nothing is wrong any more */
  refuse(id, why) {
    if (why) this.refusals.set(id, why);
    else this.refusals.delete(id);
    this.draw();
  }
}

document.documentElement.classList.add("js");

for (const root of document.querySelectorAll("[data-conversation]")) {
  if (!(root instanceof HTMLElement)) continue;
  new ConversationView(root);
  must(root, "again").hidden = true; // What is new comes by itself from here on.
}
