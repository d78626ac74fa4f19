// @ts-check
/** One WebSocket that heals itself: full jitter, heartbeat watch, and what each close code means. */

const FIRST_MS = 5_000;
const CAP_MS = 30_000;
const CONNECT_MS = 10_000; // A line that is not there by now is not coming, nor its first frame.
const STALE_MS = 3_000; // Asked to hurry, a try older than this is given up for a new one.
const SILENCE_MS = 50_000; // Two heartbeats and a half: the line is dead even if nobody said so.
const PROBE_MS = 2_000; // Woken on a dead line: so long until there is another (R19).
const SLOW_DOWN_MS = 10_000;

const SIGNED_OUT = 4401;
const STOPPED = 4403;
const SLOW_DOWN = 4429;
/** Too many of this person's pages are open: this one, the oldest, steps back until it is wanted. */
const ELSEWHERE = 4409;
/** The server goes and another is there already: no reason to wait longer each time. */
const RESTARTS = new Set([1001, 1012]);

/**
 * How long to wait before try number `attempt` (1 is the first try after a loss). Full jitter:
 * a thousand phones that lost the same server do not come back in the same second.
 * @param {number} attempt
 * @param {() => number} random
 */
export function delayMs(attempt, random = Math.random) {
  return random() * Math.min(CAP_MS, FIRST_MS * 2 ** Math.max(0, attempt - 1));
}

/** @typedef {"connecting" | "open" | "lost" | "signed_out" | "stopped" | "elsewhere"} SocketState */

export class Socket {
  /**
   * @param {{
   *   url: string,
   *   onOpen: (socket: Socket) => void,
   *   onFrame: (frame: any) => void,
   *   onState: (state: SocketState) => void,
   *   random?: () => number,
   *   now?: () => number,
   *   WebSocketClass?: any,
   * }} options `now` in milliseconds, never set back
   */
  constructor({ url, onOpen, onFrame, onState, random, now, WebSocketClass }) {
    this.url = url;
    this.onOpen = onOpen;
    this.onFrame = onFrame;
    this.onState = onState;
    this.random = random ?? Math.random;
    this.now = now ?? (() => performance.now());
    this.WebSocketClass = WebSocketClass ?? globalThis.WebSocket;
    /** Tries that failed since a session was last ready. */
    this.failures = 0;
    /** How often it was told to wait since then. */
    this.waits = 0;
    /** @type {SocketState} */
    this.state = "lost";
    /** @type {any} */
    this.socket = null;
    /** When the try that is under way began. */
    this.begun = 0;
    /** Told to slow down: until then not even a phone that wakes tries again. */
    this.isHeldOff = false;
    /** @type {any} */
    this.retryTimer = null;
    /** @type {any} */
    this.silenceTimer = null;
  }

  /** Connect now, unless there is a line already or no use in one. */
  connect() {
    if (this.socket || this.state === "signed_out" || this.state === "stopped") return;
    clearTimeout(this.retryTimer);
    this.isHeldOff = false;
    this.begun = this.now();
    this.set("connecting");
    const socket = new this.WebSocketClass(this.url);
    this.socket = socket;
    this.listenFor(CONNECT_MS);
    socket.onopen = () => {
      if (socket !== this.socket) return;
      this.listenFor(CONNECT_MS); // There are proxies that open a line and let nothing through.
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
    this.waits = 0;
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
    if (this.isHeldOff) return;
    if (this.send({ type: "ping" })) this.listenFor(PROBE_MS, () => this.anew());
    else if (!this.socket) this.connect();
    else if (this.now() - this.begun > STALE_MS) this.anew();
  }

  /** Give up this line, or the try for one, for another without waiting. */
  anew() {
    this.hangUp();
    this.connect();
  }

  /** @param {number} ms @param {() => void} [otherwise] what to do when nothing was heard */
  listenFor(ms, otherwise = () => this.hangUp()) {
    clearTimeout(this.silenceTimer);
    this.silenceTimer = setTimeout(otherwise, ms);
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
    if (code === ELSEWHERE) return this.set("elsewhere");
    this.isHeldOff = code === SLOW_DOWN;
    if (this.isHeldOff) this.waits += 1; // To be told to wait is no sign of a blocked socket.
    else this.failures += 1;
    this.set("lost");
    this.retryTimer = setTimeout(() => this.connect(), this.waitMs(code));
  }

  /** @param {number} code */
  waitMs(code) {
    if (code === SLOW_DOWN) return SLOW_DOWN_MS + delayMs(2, this.random);
    return delayMs(RESTARTS.has(code) ? 1 : this.failures, this.random);
  }

  /** @param {SocketState} state */
  set(state) {
    if (this.state === state) return;
    this.state = state;
    this.onState(state);
  }
}
