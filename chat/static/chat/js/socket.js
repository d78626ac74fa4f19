// @ts-check
/** One WebSocket that heals itself: full jitter, heartbeat watch, and what each close code means. */

const FIRST_MS = 5_000;
const CAP_MS = 30_000;
const SILENCE_MS = 50_000; // Two heartbeats and a half: the line is dead even if nobody said so.
const PROBE_MS = 3_000;

const SIGNED_OUT = 4401;
const STOPPED = 4403;
const SLOW_DOWN = 4429;
/** Too many of this person's pages are open: this one, the oldest, steps back for longer. */
const OTHER_TAB = 4409;

/**
 * How long to wait before try number `attempt` (1 is the first try after a loss). Full jitter:
 * a thousand phones that lost the same server do not come back in the same second.
 * @param {number} attempt
 * @param {() => number} random
 */
export function delayMs(attempt, random = Math.random) {
  return random() * Math.min(CAP_MS, FIRST_MS * 2 ** Math.max(0, attempt - 1));
}

/** @typedef {"connecting" | "open" | "lost" | "signed_out" | "stopped"} SocketState */

export class Socket {
  /**
   * @param {{
   *   url: string,
   *   onOpen: (socket: Socket) => void,
   *   onFrame: (frame: any) => void,
   *   onState: (state: SocketState) => void,
   *   random?: () => number,
   *   WebSocketClass?: any,
   * }} options
   */
  constructor({ url, onOpen, onFrame, onState, random = Math.random, WebSocketClass }) {
    this.url = url;
    this.onOpen = onOpen;
    this.onFrame = onFrame;
    this.onState = onState;
    this.random = random;
    this.WebSocketClass = WebSocketClass ?? globalThis.WebSocket;
    /** Tries that failed since a session was last ready. */
    this.failures = 0;
    /** @type {SocketState} */
    this.state = "lost";
    /** @type {any} */
    this.socket = null;
    /** @type {any} */
    this.retryTimer = null;
    /** @type {any} */
    this.silenceTimer = null;
  }

  /** Connect now, unless there is a line already or no use in one. */
  connect() {
    if (this.socket || this.state === "signed_out" || this.state === "stopped") return;
    clearTimeout(this.retryTimer);
    this.set("connecting");
    const socket = new this.WebSocketClass(this.url);
    this.socket = socket;
    this.listenFor(SILENCE_MS);
    socket.onopen = () => {
      if (socket !== this.socket) return;
      this.set("open");
      this.onOpen(this);
    };
    socket.onmessage = (/** @type {{ data: string }} */ event) => {
      if (socket !== this.socket) return;
      this.listenFor(SILENCE_MS);
      this.onFrame(JSON.parse(event.data));
    };
    socket.onclose = (/** @type {{ code: number }} */ event) => {
      if (socket === this.socket) this.lost(event.code);
    };
  }

  /** The session answered: the next loss starts counting from one again. */
  settled() {
    this.failures = 0;
  }

  /**
   * @param {object} frame
   * @returns {boolean} whether it was handed to an open line
   */
  send(frame) {
    if (this.state !== "open" || this.socket?.readyState !== 1) return false;
    this.socket.send(JSON.stringify(frame));
    return true;
  }

  /** The phone woke up or found a network: is the line still alive? If not, do not wait. */
  wake() {
    if (this.send({ type: "ping" })) {
      this.listenFor(PROBE_MS);
    } else if (!this.socket) {
      this.connect();
    }
  }

  /** @param {number} ms */
  listenFor(ms) {
    clearTimeout(this.silenceTimer);
    this.silenceTimer = setTimeout(() => this.hangUp(), ms);
  }

  hangUp() {
    const socket = this.socket;
    if (!socket) return;
    this.lost(1006);
    socket.close();
  }

  /** @param {number} code */
  lost(code) {
    this.socket = null;
    clearTimeout(this.silenceTimer);
    if (code === SIGNED_OUT) return this.set("signed_out");
    if (code === STOPPED) return this.set("stopped");
    this.failures += code === SLOW_DOWN || code === OTHER_TAB ? 3 : 1;
    this.set("lost");
    this.retryTimer = setTimeout(() => this.connect(), delayMs(this.failures, this.random));
  }

  /** @param {SocketState} state */
  set(state) {
    if (this.state === state) return;
    this.state = state;
    this.onState(state);
  }
}
