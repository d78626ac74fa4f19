// @ts-check
/** Where words are written: sent by the outbox, kept as a draft, or changed after the fact. */

import { ask } from "./ask.js";
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
   * }} tell `sent`: words were put on the shelf; `refused`: a change did not go, "" forgets it
   */
  constructor(root, conversation, tell) {
    this.root = root;
    this.conversation = conversation;
    this.tell = tell;
    this.form = /** @type {HTMLFormElement} */ (must(root, "composer"));
    this.input = /** @type {HTMLTextAreaElement} */ (must(root, "input"));
    /** The message whose words are being changed. @type {Message | null} */
    this.changing = null;
    this.mayPost = !this.form.hidden;
    this.listen();
    this.restoreDraft();
  }

  listen() {
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.send();
    });
    this.input.addEventListener("input", () => this.keepDraft());
    this.input.addEventListener("keydown", (event) => this.keyDown(event));
    this.input.addEventListener("focus", () => document.body.classList.add("typing"));
    this.input.addEventListener("blur", () => this.stoppedTyping());
    must(this.root, "keep").addEventListener("click", () => this.stopChanging());
    // A tap on Send must not take the focus away first: the keyboard would close and the button move.
    this.form.addEventListener("mousedown", (event) => {
      if (event.target !== this.input) event.preventDefault();
    });
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
    const kept = outbox.add({ kind: "message", conversation: this.conversation, body });
    this.input.value = "";
    await kept; // Until then the draft has them.
    await this.keepDraft();
    this.tell.sent();
  }

  /** The words stay here until they are kept; why they were not is said here and beside the message. @param {number} id @param {string} body */
  async sendChange(id, body) {
    const why = await ask(`/messages/${id}/change`, { body });
    this.tell.refused(id, why);
    if (!why) this.tell.changed();
    if (this.changing?.id !== id) return;
    if (why) say(must(this.root, "changing-words"), why);
    else await this.stopChanging();
  }

  /** @param {Message} message */
  change(message) {
    this.changing = message;
    this.input.value = message.body;
    say(must(this.root, "changing-words"), words.live.changing);
    must(this.root, "changing").hidden = false;
    this.input.focus();
  }

  async stopChanging() {
    if (this.changing) this.tell.refused(this.changing.id, "");
    this.changing = null;
    this.input.value = "";
    must(this.root, "changing").hidden = true;
    await this.restoreDraft();
    this.input.focus();
  }

  /** Words that could not go out come back to be changed. @param {string} body */
  async giveBack(body) {
    this.input.value = [this.input.value, body].filter(Boolean).join("\n");
    await this.keepDraft();
    this.input.focus();
  }

  async keepDraft() {
    if (this.changing) return;
    try {
      await (await live.store).keepDraft(`conversation:${this.conversation}`, this.input.value);
    } catch {
      // A shelf that fails: the words are still in the field.
    }
  }

  async restoreDraft() {
    try {
      const draft = await (await live.store).draft(`conversation:${this.conversation}`);
      if (draft && !this.input.value) this.input.value = draft;
      this.allow(this.mayPost);
    } catch {
      // A shelf that fails has nothing to give back.
    }
  }
}
