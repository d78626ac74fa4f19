// @ts-check
/** Where words are written: sent by the outbox, kept as a draft, or changed after the fact. */

import { ask } from "./ask.js";
import { Draft, together } from "./draft.js";
import { newId } from "./ids.js";
import { live } from "./live.js";
import { must, say, words } from "./page.js";

/** @typedef {import("./feed.js").Message} Message */

const MOVES_MS = 250; // How long a finger is on its way down.

export class Composer {
  /**
   * @param {HTMLElement} root
   * @param {number} conversation
   * @param {{
   *   sent: () => void,
   *   changed: () => void,
   *   refused: (id: number, why: string) => void,
   *   revision: (id: number) => number,
   * }} tell `sent`: words were put on the shelf; `changed`: a message may have; `refused`: a change
   *   did not go, "" forgets it; `revision`: which one of a message stands on the page
   */
  constructor(root, conversation, tell) {
    this.root = root;
    this.conversation = conversation;
    this.tell = tell;
    this.form = /** @type {HTMLFormElement} */ (must(root, "composer"));
    this.input = /** @type {HTMLTextAreaElement} */ (must(root, "input"));
    /** The message whose words are being changed. @type {Message | null} */
    this.changing = null;
    /** What stood in the field before that change: no shelf is needed to put it back. */
    this.aside = "";
    /** Words on their way that the shelf may not have: the draft has them. @type {Map<string, string>} */
    this.going = new Map();
    this.mayPost = !this.form.hidden;
    this.listen();
    this.shelf = new Draft(`conversation:${conversation}`, (earlier) => {
      this.unsaid = together(earlier, this.unsaid);
      this.allow(this.mayPost);
    });
  }

  /** The words of a new message, in the field or set aside. */
  get unsaid() {
    return this.changing ? this.aside : this.input.value;
  }

  set unsaid(text) {
    if (this.changing) this.aside = text;
    else if (this.input.value !== text) this.input.value = text;
  }

  listen() {
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.send();
    });
    this.input.addEventListener("input", () => this.changing || this.keepDraft());
    this.input.addEventListener("keydown", (event) => this.keyDown(event));
    this.input.addEventListener("focus", () => document.body.classList.add("typing"));
    this.input.addEventListener("blur", () => this.stoppedTyping());
    must(this.root, "keep").addEventListener("click", () => this.stopChanging());
    // A tap on Send must not take the focus away first: the keyboard would close and the button move.
    this.form.addEventListener("mousedown", (event) => {
      if (event.target !== this.input) event.preventDefault();
    });
    live.on("outbox", () => this.letGoOfWhatArrived());
  }

  /** Where nothing more can be sent, words in the field stay, to be copied. @param {boolean} mayPost */
  allow(mayPost) {
    const isLeft = !mayPost && this.input.value.trim() !== "";
    this.mayPost = mayPost;
    this.form.hidden = !mayPost && !isLeft;
    must(this.root, "send").disabled = !mayPost;
    say(must(this.root, "no-more"), isLeft ? words.live.no_more : "");
  }

  /** The places come back a moment later, so that nothing moves under a finger on its way down. */
  stoppedTyping() {
    setTimeout(() => {
      if (document.activeElement === this.input) return;
      document.body.classList.remove("typing");
      this.allow(this.mayPost);
    }, MOVES_MS);
  }

  /** @param {KeyboardEvent} event */
  keyDown(event) {
    const onDesk = matchMedia("(pointer: fine)").matches;
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || !onDesk) return;
    event.preventDefault();
    this.form.requestSubmit();
  }

  async send() {
    const body = this.input.value.trim();
    this.input.focus();
    if (!body || !this.mayPost) return;
    if (this.changing) {
      await this.sendChange(this.changing.id, body);
      return;
    }
    const outbox = await live.outbox;
    if (this.input.value.trim() !== body) return; // A second tap meanwhile took them already.
    const client_id = newId();
    this.going.set(client_id, body);
    const kept = outbox.add({ kind: "message", conversation: this.conversation, body, client_id });
    this.input.value = "";
    await kept;
    if (await this.isOnShelf(client_id)) this.going.delete(client_id);
    await this.keepDraft();
    this.tell.sent();
  }

  /** @param {string} clientId */
  async isOnShelf(clientId) {
    try {
      const kept = await (await live.store).unsent();
      return kept.some(({ client_id }) => client_id === clientId);
    } catch {
      return false;
    }
  }

  /** What was accepted or taken back is no draft any more. */
  async letGoOfWhatArrived() {
    const { items } = await live.outbox;
    const gone = [...this.going.keys()].filter((clientId) => !items.has(clientId));
    for (const clientId of gone) this.going.delete(clientId);
    if (gone.length) await this.keepDraft();
  }

  /** The words stay here until they are kept; why they were not is said here and beside the message. @param {number} id @param {string} body */
  async sendChange(id, body) {
    // A change that hangs somewhere must not arrive over a newer one: each says what it changes.
    const why = await ask(`/messages/${id}/change`, { body, revision: this.tell.revision(id) });
    this.tell.refused(id, why);
    this.tell.changed(); // Refused, too: there may be other words than those on the page.
    if (this.changing?.id !== id) return;
    if (why) say(must(this.root, "changing-words"), why);
    else if (this.input.value.trim() === body) this.stopChanging(); // Or they go on writing.
  }

  /** @param {Message} message */
  change(message) {
    this.aside = this.unsaid;
    this.changing = message;
    this.input.value = message.body;
    say(must(this.root, "changing-words"), words.live.changing);
    must(this.root, "changing").hidden = false;
    this.input.focus();
  }

  stopChanging() {
    if (this.changing) this.tell.refused(this.changing.id, "");
    this.changing = null;
    this.input.value = this.aside;
    must(this.root, "changing").hidden = true;
    this.allow(this.mayPost);
    this.input.focus();
  }

  /**
   * Words that could not go out come back to be changed, as words of their own.
   * @param {string} body
   * @returns {Promise<boolean>} whether the shelf has them as a draft
   */
  async giveBack(body) {
    if (this.changing) this.stopChanging();
    this.unsaid = [this.unsaid, body].filter(Boolean).join("\n");
    this.allow(this.mayPost);
    this.input.focus();
    return this.keepDraft();
  }

  /** Without a shelf the words are still in the field. @returns {Promise<boolean>} */
  keepDraft() {
    return this.shelf.keep(() => [...this.going.values(), this.unsaid].filter(Boolean).join("\n"));
  }
}
