// @ts-check
/** Where no socket holds: the same words out and the same frames in, by plain HTTPS. */

import { postJson } from "./page.js";
import { within } from "./within.js";

const POST_MS = 20_000; // A post that hangs must not hold up what comes after it.
const READ_MS = 10_000; // Asked for news and not answered: the next turn asks anew.

/** @typedef {import("./store.js").Unsent} Unsent */

/** @param {Unsent} item @param {AbortSignal} signal */
async function say({ kind, client_id, conversation, body, about_message }, signal) {
  const answer = kind === "help"
    ? await postJson("/help", { client_id, about_message: about_message ?? null }, signal)
    : await postJson(`/conversations/${conversation}/send`, { client_id, body }, signal);
  const said = await answer.json().catch((error) => {
    if (error instanceof SyntaxError) return null;
    throw error;
  });
  return { ok: answer.ok, status: answer.status, said };
}

/** @param {number} conversation @param {number} after @param {AbortSignal} signal */
async function news(conversation, after, signal) {
  const answer = await fetch(`/conversations/${conversation}/since/${after}`, { signal });
  return { ok: answer.ok, status: answer.status, frame: await answer.json() };
}

export class Https {
  /**
   * @param {{
   *   received: (frame: any) => Promise<void>,
   *   refused: (id: string, why: any) => Promise<void>,
   *   signedOut: (item?: Unsent) => void,
   *   through: (isThrough: boolean) => void,
   * }} tell `received`: a frame, as by socket; `through`: whether what we asked last was answered
   */
  constructor(tell) {
    this.tell = tell;
    /** The conversations that a question is under way for. @type {Set<number>} */
    this.asking = new Set();
    /** What waits in the one line out. @type {Set<string>} */
    this.posting = new Set();
    /** @type {Promise<any>} */
    this.posts = Promise.resolve();
    /** Whether what we asked last was answered: only then may a page say that words get through. */
    this.getsThrough = false;
  }

  /** @param {boolean} isThrough */
  heard(isThrough) {
    if (this.getsThrough === isThrough) return;
    this.getsThrough = isThrough;
    this.tell.through(isThrough);
  }

  /** One after another: what was written first arrives first. @param {Unsent} item */
  hand(item) {
    if (this.posting.has(item.client_id)) return;
    this.posting.add(item.client_id);
    this.posts = this.posts
      .then(() => this.post(item))
      .finally(() => this.posting.delete(item.client_id));
  }

  /** Never fails: all that waits stands behind it. @param {Unsent} item */
  async post(item) {
    try {
      const { ok, status, said } = await within(POST_MS, (signal) => say(item, signal));
      this.heard(Boolean(said) && status < 500);
      // A page where our answer should be: its forms are of an earlier sign-in, as after 401.
      if (status === 401 || (status === 403 && !said)) this.tell.signedOut(item);
      if (!said) return;
      if (!ok) await this.tell.refused(item.client_id, said);
      else {
        const type = item.kind === "help" ? "help.accepted" : "message.accepted";
        // Under our own id, whatever the server read: this item is done.
        await this.tell.received({ type, ...said, client_id: item.client_id });
      }
    } catch {
      this.heard(false); // The outbox says it again by itself, with the same id.
    }
  }

  /** What came after `after`, one question at a time. @param {number} conversation @param {number} after */
  async ask(conversation, after) {
    if (this.asking.has(conversation)) return;
    this.asking.add(conversation);
    try {
      const { ok, status, frame } = await within(READ_MS, (signal) => news(conversation, after, signal));
      this.heard(ok);
      if (status === 401) this.tell.signedOut();
      else if (ok) {
        const type = "messages" in frame ? "conversation.snapshot" : "conversation.advanced";
        await this.tell.received({ type, ...frame });
      }
    } catch {
      this.heard(false); // Still no network; the next turn asks again.
    } finally {
      this.asking.delete(conversation);
    }
  }
}
