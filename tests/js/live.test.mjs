import assert from "node:assert/strict";
import { mock, test } from "node:test";

import { Line, turn } from "./browser.mjs";

const { Live } = await import("../../chat/static/chat/js/live.js");
const { words } = await import("../../chat/static/chat/js/page.js");

const WORDS = { kind: "message", conversation: 7, body: "hello" };
const HELP = { kind: "help", conversation: 0, body: "" };

/** What comes, unless whoever asked gives up first. */
function unless(signal, coming) {
  const given = new Promise((_, reject) => {
    signal?.addEventListener("abort", () => reject(signal.reason));
  });
  return Promise.race([coming, given]);
}

/** A page with a line; `server` answers what it asks by HTTPS, or throws as without a network. */
async function page(t, server = () => { throw new Error("no network"); }) {
  mock.timers.enable({ apis: ["setTimeout", "setInterval"] });
  mock.method(Math, "random", () => 0);
  const asked = [];
  globalThis.fetch = async (url, { body: text, signal } = {}) => {
    const body = text ? JSON.parse(text) : null;
    asked.push({ url, body });
    const { status = 200, page = "", ...said } = await unless(signal, server(url, body));
    return { ok: status < 300, status, json: async () => (page ? JSON.parse(page) : said) };
  };
  t.after(() => {
    mock.timers.reset();
    mock.restoreAll();
  });
  Line.made = [];
  const live = new Live();
  const states = [];
  const frames = [];
  live.on("state", (state) => states.push(state));
  live.on("frame", (frame) => frames.push(frame));
  live.start();
  await live.outbox;
  return { live, states, frames, asked, outbox: await live.outbox };
}

const line = () => Line.made.at(-1);

async function ready() {
  line().open();
  line().hear({ type: "session.ready", person: {} });
  await turn();
}

/** The next try, and its end. */
async function fails(code = 1006) {
  line().lose(code);
  await turn();
  mock.timers.tick(0);
}

function taken(body) {
  return {
    client_id: body.client_id, conversation: 7, reading: "machine",
    message: { id: 1, client_id: body.client_id, body: body.body, author: { id: 1 } },
  };
}

test("two failed tries are a lost line, the third falls back to HTTPS", async (t) => {
  const { live, states, asked } = await page(t, () => ({ events: [], after: 3, head: 3 }));
  live.follow(7, () => 3);
  await fails();
  await fails();
  assert.deepEqual([states, asked], [["lost"], []]);
  await fails();
  assert.deepEqual(states, ["lost", "slow"]);
  assert.deepEqual(asked.map(({ url }) => url), ["/conversations/7/since/3"]);
  mock.timers.tick(5_000);
  assert.equal(asked.length, 2);
});

test("behind a proxy that opens lines and lets nothing through it takes 45 seconds at most", async (t) => {
  const { live, states } = await page(t, () => ({ events: [], after: 3, head: 3 }));
  live.socket.random = () => 0.999; // Every wait as long as it may be.
  live.follow(7, () => 3);
  for (let second = 0, opened = 0; second < 45; second += 1) {
    if (Line.made.length > opened) line().open();
    opened = Line.made.length;
    mock.timers.tick(1_000);
    await turn();
  }
  assert.deepEqual([states.at(-1), Line.made.length], ["slow", 3]);
});

test("told to wait, the page does not take sockets for blocked", async (t) => {
  const { states, asked } = await page(t);
  for (let round = 0; round < 3; round += 1) {
    await fails(4429);
    mock.timers.tick(10_000);
  }
  assert.equal(Line.made.length, 4);
  assert.deepEqual([states, asked], [["lost"], []]);
});

test("where its network has no room left, a page goes by HTTPS, seldom, and goes on trying", async (t) => {
  const { live, states, asked, outbox } = await page(t, (url, body) => (
    body ? taken(body) : { events: [], after: 3, head: 3 }));
  live.follow(7, () => 3);
  await outbox.add(WORDS);
  for (let round = 0; round < 4; round += 1) {
    await fails(4429);
    mock.timers.tick(10_000);
  }
  await turn();
  assert.deepEqual(states, ["lost", "slow"]);
  assert.deepEqual(outbox.of(7), []);
  assert.equal(Line.made.length, 5);
  const before = asked.length;
  mock.timers.tick(9_999);
  assert.equal(asked.length, before);
  mock.timers.tick(1);
  assert.equal(asked.length, before + 1, "every twenty seconds");
  await ready();
  await fails(4429);
  assert.equal(states.at(-1), "lost", "counted from one again");
});

test("back on the socket nothing is asked by HTTPS any more, and what waits goes out", async (t) => {
  const { live, states, asked, outbox } = await page(t);
  for (let round = 0; round < 3; round += 1) await fails();
  const { client_id } = await outbox.add(WORDS);
  await ready();
  assert.equal(live.state, "ready");
  assert.equal(states.at(-1), "ready");
  assert.deepEqual(line().sent.map(({ type }) => type), ["session.resume", "message.send"]);
  assert.equal(line().sent[1].client_id, client_id);
  const before = asked.length;
  live.follow(7, () => 0);
  mock.timers.tick(20_000);
  await turn();
  assert.deepEqual(asked.slice(before), []);
  for (let round = 0; round < 2; round += 1) await fails();
  assert.equal(states.at(-1), "lost", "failures count from one again");
});

test("words said down a socket that died go out by HTTPS under the same id, and once", async (t) => {
  const { asked, outbox, frames } = await page(t, (url, body) => taken(body));
  await ready();
  const { client_id } = await outbox.add(WORDS);
  assert.equal(line().sent.at(-1).client_id, client_id);
  for (let round = 0; round < 3; round += 1) await fails();
  await turn();
  assert.deepEqual(asked, [
    { url: "/conversations/7/send", body: { client_id, body: "hello" } },
  ]);
  assert.deepEqual(frames.at(-1).client_id, client_id);
  assert.deepEqual(outbox.of(7), []);
  mock.timers.tick(60_000);
  await turn();
  assert.equal(asked.filter(({ url }) => url.endsWith("/send")).length, 1);
});

test("by HTTPS what was written first arrives first, however long its answer takes", async (t) => {
  let answer = () => {};
  const slow = new Promise((done) => { answer = done; });
  const { asked, outbox } = await page(t, async (url, body) => {
    if (body.body === "one") await slow;
    return taken(body);
  });
  for (let round = 0; round < 3; round += 1) await fails();
  await outbox.add({ ...WORDS, body: "one" });
  await outbox.add({ ...WORDS, body: "two" });
  await outbox.add(HELP);
  await turn();
  mock.timers.tick(8_000);
  await turn();
  const sent = () => asked.map(({ url, body }) => (url === "/help" ? "help" : body.body));
  assert.deepEqual(sent(), ["one", "help"], "help waits behind nothing");
  answer();
  await turn();
  assert.deepEqual(sent(), ["one", "help", "two"]);
  assert.deepEqual(outbox.of(7), []);
});

test("a heartbeat asks for each conversation that is behind, and for no other", async (t) => {
  const { live } = await page(t);
  live.follow(7, () => 3);
  live.follow(8, () => 5);
  live.follow(9, () => null);
  await ready();
  line().sent.length = 0;
  line().hear({ type: "heads", heads: { 7: 3, 8: 6 } });
  await turn();
  assert.deepEqual(line().sent, [
    { type: "conversation.follow", conversation: 8, after: 5 },
    { type: "conversation.follow", conversation: 9 },
  ]);
});

test("a page that was told it is open elsewhere rests, and what is written goes by HTTPS", async (t) => {
  const { live, states, asked, outbox } = await page(t, (url, body) => taken(body));
  await ready();
  await fails(4409);
  mock.timers.tick(600_000);
  assert.equal(Line.made.length, 1);
  assert.equal(states.at(-1), "elsewhere");
  await outbox.add(WORDS);
  await turn();
  assert.equal(asked.length, 1);
  assert.deepEqual(outbox.of(7), []);
  live.wake();
  await ready();
  assert.equal(states.at(-1), "ready");
});

test("kept help goes out by HTTPS with what it is about, and the page hears that it did", async (t) => {
  const server = (url, body) => ({ type: "help.accepted", client_id: body.client_id, help: 1 });
  const { live, asked, outbox } = await page(t, server);
  const heard = [];
  live.on("help.accepted", (frame) => heard.push(frame.client_id));
  const { client_id } = await outbox.add({ ...HELP, about_message: 12 });
  await turn();
  assert.deepEqual(asked, [{ url: "/help", body: { client_id, about_message: 12 } }]);
  assert.deepEqual(heard, [client_id]);
  assert.equal(outbox.items.size, 0);
});

test("help that meets the end of the session stays kept, and the page is told", async (t) => {
  const server = () => ({ status: 401, code: "signed_out", text: "Reload.", permanent: true });
  const { live, states, asked, outbox } = await page(t, server);
  const kept = [];
  live.on("help.kept", (item) => kept.push(item.client_id));
  const { client_id } = await outbox.add(HELP);
  await turn();
  assert.equal(states.at(-1), "signed_out");
  assert.deepEqual(new Set(kept), new Set([client_id]));
  mock.timers.tick(60_000);
  await turn();
  assert.equal(asked.length, 1);
  assert.deepEqual([...outbox.items.keys()], [client_id]);
  assert.equal((await (await live.store).unsent()).length, 1);
});

function accepted(id) {
  return { type: "message.accepted", ...taken({ client_id: `c${id}`, body: "hello" }),
    message: { id, client_id: `c${id}`, body: "hello", author: { id: 1 } } };
}

function advanced(id) {
  const event = { seq: 4, kind: "message.waiting", message: { id, author: { id: 1 } } };
  return { type: "conversation.advanced", conversation: 7, after: 3, head: 4, events: [event] };
}

const AGAIN = { type: "conversation.follow", conversation: 7, after: 3 };

test("accepted words that the feed does not bring within five seconds are caught up, once", async (t) => {
  const { live } = await page(t);
  live.follow(7, () => 3);
  await ready();
  line().sent.length = 0;
  line().hear(accepted(1));
  mock.timers.tick(4_999);
  assert.deepEqual(line().sent, []);
  mock.timers.tick(1);
  assert.deepEqual(line().sent, [AGAIN]);
  mock.timers.tick(30_000);
  assert.deepEqual(line().sent, [AGAIN]);
});

for (const [name, frames] of [
  ["after", [accepted(1), advanced(1)]],
  ["before", [advanced(1), accepted(1)]],
  ["in a snapshot after", [accepted(1),
    { type: "conversation.snapshot", conversation: 7, head: 4, messages: [{ id: 1 }] }]],
]) {
  test(`accepted words that the feed brings ${name} the answer are not asked for again`, async (t) => {
    const { live } = await page(t);
    live.follow(7, () => 3);
    await ready();
    line().sent.length = 0;
    for (const frame of frames) line().hear(frame);
    mock.timers.tick(30_000);
    assert.deepEqual(line().sent, []);
  });
}

// By HTTPS.

const NOTHING_NEW = { events: [], after: 3, head: 3 };
const NEVER = new Promise(() => {});
const FORM_IS_OLD = { status: 403, page: "<!doctype html>" };

async function falledBack(t, server) {
  const made = await page(t, (url, body) => (body ? server(url, body) : NOTHING_NEW));
  for (let round = 0; round < 3; round += 1) await fails();
  return made;
}

test("a phone too old to end a request by a clock of its own posts all the same", async (t) => {
  const ours = AbortSignal.timeout;
  AbortSignal.timeout = undefined;
  t.after(() => { AbortSignal.timeout = ours; });
  const { outbox } = await falledBack(t, (url, body) => taken(body));
  await outbox.add(WORDS);
  await outbox.add({ ...WORDS, body: "two" });
  await turn();
  assert.deepEqual(outbox.of(7), []);
});

test("a post that hangs is given up, and what waits behind it goes out", async (t) => {
  const { asked, outbox } = await falledBack(t, (url, body) => (
    body.body === "one" && asked.length < 9 ? NEVER : taken(body)));
  await outbox.add({ ...WORDS, body: "one" });
  await outbox.add({ ...WORDS, body: "two" });
  mock.timers.tick(20_000);
  await turn();
  assert.deepEqual(outbox.of(7).map(({ body }) => body), ["one"]);
});

test("a page whose forms are of an earlier sign-in says so, and its words stay kept", async (t) => {
  const { live, states, asked, outbox } = await falledBack(t, () => FORM_IS_OLD);
  await outbox.add(WORDS);
  await turn();
  assert.equal(live.state, "signed_out");
  assert.equal((await (await live.store).unsent()).length, 1);
  const before = asked.length;
  await fails();
  mock.timers.tick(60_000);
  await turn();
  assert.equal(states.at(-1), "signed_out", "lines that fail say nothing about the session");
  assert.equal(asked.length, before);
});

test("a no in our own words is no end of the session", async (t) => {
  const no = { status: 403, code: "posting_paused", text: "Paused.", permanent: true };
  const { live, outbox } = await falledBack(t, () => no);
  await outbox.add(WORDS);
  await turn();
  assert.equal(live.state, "slow");
  assert.equal(outbox.of(7)[0].error, "Paused.");
});

test("a page that is over stays so when the phone finds a network, until a line is there", async (t) => {
  const { live, states } = await falledBack(t, () => FORM_IS_OLD);
  live.set("signed_out");
  live.set("offline");
  live.wake();
  assert.equal(states.at(-1), "signed_out");
  await ready();
  assert.equal(states.at(-1), "ready");
});

test("without a socket one question is under way at a time, and one that hangs is given up", async (t) => {
  const { live, asked } = await page(t, () => NEVER);
  live.follow(7, () => 3);
  for (let round = 0; round < 3; round += 1) await fails();
  assert.equal(asked.length, 1);
  mock.timers.tick(5_000);
  live.catchUp(7);
  assert.equal(asked.length, 1);
  mock.timers.tick(5_000);
  await turn();
  mock.timers.tick(5_000);
  assert.equal(asked.length, 2);
});

test("one conversation that does not answer keeps no news from the others", async (t) => {
  const { live, frames } = await page(t, (url) => (url.includes("/7/") ? NEVER : NOTHING_NEW));
  live.follow(7, () => 3);
  live.follow(8, () => 3);
  for (let round = 0; round < 3; round += 1) await fails();
  await turn();
  assert.deepEqual(frames.map(({ type }) => type), ["conversation.advanced"]);
});

for (const [code, told] of [[4401, "not sent yet"], [4403, "Not sent."]]) {
  test(`after ${code} words that wait are told as ${told}, and stay kept`, async (t) => {
    words.states = { not_yet: "not sent yet", not_sent: "Not sent." };
    const { live, outbox } = await page(t);
    await ready();
    const item = await outbox.add(WORDS);
    assert.equal(live.told(item).error, undefined);
    await fails(code);
    assert.equal(live.told(item).error, told);
    const no = { ...item, state: "failed", error: "Paused." };
    assert.equal(live.told(no).error, "Paused.");
    assert.deepEqual(await (await live.store).unsent(), [item], "for when they are in again");
  });
}

// The shelf is one for all pages of the person.

test("words that another page left go out from a page that was open already, once", async (t) => {
  const { live, outbox } = await page(t);
  await ready();
  await (await live.store).put({ ...WORDS, client_id: "left", at: 1, state: "sending" });
  await fails();
  const { client_id } = await outbox.add(WORDS);
  await ready();
  await turn();
  const sent = line().sent.filter(({ type }) => type === "message.send");
  assert.deepEqual(sent.map((frame) => frame.client_id).sort(), [client_id, "left"].sort());
});
