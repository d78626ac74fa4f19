// @ts-check
/**
 * The page's one line to us. Frames come in here, by socket or, where none holds, by plain HTTPS;
 * unsent words go out here. Everything else on the page listens.
 */

import { Echoes } from "./echo.js";
import { Https } from "./https.js";
import { Outbox } from "./outbox.js";
import { me, shelfKey, ticket, words } from "./page.js";
import { Socket } from "./socket.js";
import { openStore } from "./store.js";

const POLL_MS = 5_000;
const SELDOM_MS = 20_000; // Where there are too many of us already.
const FALL_BACK_AFTER = 3;
const NO_ROOM_AFTER = 4; // Told to wait so often without getting in, there is no room for this page.
/** Where what waits has another way out, or has to be told that it has none. */
const FLUSHING = new Set(["slow", "elsewhere", "signed_out"]);
/** Nothing goes out from this page any more; only a line that is there after all says otherwise. */
const OVER = new Set(["signed_out", "stopped"]);

/**
 * @typedef {"connecting" | "ready" | "lost" | "offline" | "slow" | "signed_out" | "stopped" |
 *   "elsewhere"} State
 */

export class Live {
  constructor() {
    /** @type {Map<string, Set<(frame: any) => void>>} */
    this.listeners = new Map();
    /** @type {Map<number, () => number | null>} */
    this.heads = new Map();
    /** @type {State} */
    this.state = "connecting";
    /** Whether the socket that is open now has answered our first frame. */
    this.resumed = false;
    /** @type {any} */
    this.polling = null;
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    this.socket = new Socket({
      url: `${scheme}://${location.host}/socket`,
      onOpen: () => this.resume(),
      onFrame: (frame) => this.receive(frame),
      onState: (state) => this.lineChanged(state),
    });
    this.https = new Https({
      received: (frame) => this.receive(frame),
      refused: async (id, why) => (await this.outbox).refused(id, why),
      signedOut: (item) => this.signedOut(item),
      through: (isThrough) => this.emit("through", isThrough),
    });
    this.echoes = new Echoes((conversation) => {
      if (this.heads.has(conversation)) this.catchUp(conversation);
    });
    this.store = openStore(me, shelfKey);
    this.outbox = this.openOutbox();
  }

  async openOutbox() {
    const outbox = new Outbox({
      store: await this.store,
      transport: (item) => this.hand(item),
      changed: () => this.emit("outbox", null),
    });
    await outbox.load();
    return outbox;
  }

  start() {
    if (!ticket || this.started) return;
    this.started = true;
    this.socket.connect();
    addEventListener("online", () => this.wake());
    addEventListener("offline", () => this.set("offline"));
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "visible") this.wake();
    });
  }

  wake() {
    if (this.state === "offline") this.set("lost");
    this.socket.wake();
    if (this.state === "slow") this.poll();
  }

  /**
   * @param {string} type a frame's type, or "frame", "state", "through" (whether HTTPS answers),
   *   "outbox", or "help.kept": an ask for help that cannot go out from this page, because the
   *   session is over
   * @param {(frame: any) => void} listener
   */
  on(type, listener) {
    const listeners = this.listeners.get(type) ?? new Set();
    this.listeners.set(type, listeners.add(listener));
  }

  /** @param {string} type @param {any} value */
  emit(type, value) {
    for (const listener of this.listeners.get(type) ?? []) listener(value);
  }

  /**
   * Follow a conversation from where the page is, now and after every reconnect.
   * @param {number} conversation
   * @param {() => number | null} head the newest seq the page has applied
   */
  follow(conversation, head) {
    this.heads.set(conversation, head);
    if (this.state === "ready") this.catchUp(conversation);
  }

  /** Ask again for what came after the page's head. @param {number} conversation */
  catchUp(conversation) {
    const after = this.heads.get(conversation)?.() ?? null;
    const sent = this.socket.send({
      type: "conversation.follow",
      conversation,
      ...(after === null ? {} : { after }),
    });
    if (!sent && this.state === "slow") this.poll();
  }

  resume() {
    const follow = [...this.heads].map(([conversation, head]) => {
      const after = head();
      return after === null ? { conversation } : { conversation, after };
    });
    this.socket.send({ type: "session.resume", ticket, follow });
  }

  /** @param {any} frame */
  async receive(frame) {
    if (frame.type === "session.ready") {
      this.resumed = true;
      this.socket.settled();
      await this.lineIsUp();
    } else if (frame.type === "heads") {
      // The line may have outlived a moment without network: then nothing was lost but time.
      if (this.resumed && this.state !== "ready") await this.lineIsUp();
      this.compareHeads(frame.heads);
    }
    this.echoes.hear(frame);
    this.emit("frame", frame);
    this.emit(frame.type, frame);
    await this.answer(frame);
  }

  async lineIsUp() {
    this.set("ready");
    const outbox = await this.outbox;
    outbox.flush();
    outbox.takeOver(); // Not waited for: the shelf may be slow, and the frame is to be shown.
  }

  /** The outbox hears what became of a send after the page did: words never blink. @param {any} frame */
  async answer(frame) {
    if (frame.type === "message.accepted" || frame.type === "help.accepted") {
      await (await this.outbox).accepted(frame.client_id);
    } else if (frame.type === "error" && frame.ref) {
      await (await this.outbox).refused(frame.ref, frame);
    }
  }

  /** A heartbeat names the newest seq of each conversation: a lost last message is found here. @param {Record<string, number>} heads */
  compareHeads(heads) {
    for (const [conversation, head] of this.heads) {
      const newest = heads[String(conversation)];
      if (newest === undefined || newest > (head() ?? -1)) this.catchUp(conversation);
    }
  }

  /** @param {import("./store.js").Unsent} item */
  hand(item) {
    if (this.state === "signed_out") {
      this.signedOut(item); // It stays kept, for when they are in again.
      return;
    }
    if (item.kind === "help") {
      const about = item.about_message ? { about_message: item.about_message } : {};
      const frame = { type: "help.request", client_id: item.client_id, ...about };
      if (this.state !== "ready" || !this.socket.send(frame)) this.https.post(item);
      return;
    }
    const { client_id, conversation, body } = item;
    const frame = { type: "message.send", client_id, conversation, body };
    if (this.state === "ready" && this.socket.send(frame)) return;
    if (this.state === "slow" || this.state === "elsewhere") this.https.hand(item);
  }

  /** Nothing goes out from this page any more. @param {import("./store.js").Unsent} [item] */
  signedOut(item) {
    this.set("signed_out");
    if (item?.kind === "help") this.emit("help.kept", item);
  }

  get isOver() {
    return OVER.has(this.state);
  }

  /**
   * Words that wait, with what is to be said about them: from a page that is over none are on
   * their way. What its session leaves goes out when they are in again.
   * @param {import("./store.js").Unsent} item
   */
  told(item) {
    if (!this.isOver || item.state !== "sending") return item;
    const { not_sent, not_yet } = words.states;
    return { ...item, error: this.state === "stopped" ? not_sent : not_yet };
  }

  /** @param {import("./socket.js").SocketState} state */
  lineChanged(state) {
    this.resumed = false;
    if (state === "connecting" || state === "open") return;
    if (state !== "lost") this.set(state);
    else if (!navigator.onLine) this.set("offline");
    else this.set(this.hasNoRoom || this.socket.failures >= FALL_BACK_AFTER ? "slow" : "lost");
  }

  /** Its network's share of sockets is taken, and may be for hours: a school, a ward. */
  get hasNoRoom() {
    return this.socket.waits >= NO_ROOM_AFTER;
  }

  /** @param {State} state */
  set(state) {
    if (this.state === state) return;
    if (this.isOver && !OVER.has(state) && state !== "ready") return;
    this.state = state;
    clearInterval(this.polling);
    if (state === "slow") {
      this.polling = setInterval(() => this.poll(), this.hasNoRoom ? SELDOM_MS : POLL_MS);
      this.poll();
    }
    this.emit("state", state);
    if (FLUSHING.has(state)) this.outbox.then((outbox) => outbox.flush());
  }

  get getsThrough() {
    return this.https.getsThrough;
  }

  /** Where no socket holds: ask for the same frames. */
  poll() {
    for (const [conversation, head] of this.heads) this.https.ask(conversation, head() ?? 0);
  }
}

export const live = new Live();
