import assert from "node:assert/strict";
import { test } from "node:test";

import * as feeds from "../../chat/static/chat/js/feed.js";

const ben = { id: 2, nickname: "Ben", role: "young_person" };
const cleo = { id: 9, nickname: "Cleo", role: "clinician" };

function view(id, more = {}) {
  const at = `2026-01-01T00:00:${String(id).padStart(2, "0")}.000+00:00`;
  return { id, author: ben, body: `words ${id}`, at, state: "published", position: id, ...more };
}

function snapshot(messages, more = {}) {
  return feeds.fromSnapshot({
    conversation: 7, kind: "thread", state: "open", head: messages.length, messages, people: [],
    may_post: true, ...more,
  });
}

function advanced(after, events, head = after + events.length) {
  return { type: "conversation.advanced", conversation: 7, after, head, events };
}

function published(seq, message) {
  return { seq, kind: "message.published", message_id: message.id, message };
}

function ids(feed) {
  return feeds.ordered(feed).map((message) => message.id);
}

test("a frame that fits is shown and moves the head", () => {
  const { feed, gap } = feeds.apply(snapshot([view(1)]), advanced(1, [published(2, view(2))]));
  assert.equal(gap, false);
  assert.equal(feed.head, 2);
  assert.deepEqual(ids(feed), [1, 2]);
});

test("a frame past a gap is not shown before what is missing", () => {
  const before = snapshot([view(1)]);
  const { feed, gap } = feeds.apply(before, advanced(2, [published(3, view(3))]));
  assert.equal(gap, true);
  assert.equal(feed, before);
});

test("the same frame twice leaves the same screen", () => {
  const frame = advanced(1, [published(2, view(2))]);
  const once = feeds.apply(snapshot([view(1)]), frame).feed;
  assert.deepEqual(feeds.apply(once, frame).feed, once);
});

test("an old frame does not bring back what was removed since", () => {
  const start = snapshot([view(1), view(2)]);
  const removed = { seq: 3, kind: "message.removed", message_id: 2 };
  const now = feeds.apply(start, advanced(2, [removed])).feed;
  const late = feeds.apply(now, advanced(1, [published(2, view(2))], 2)).feed;
  assert.deepEqual(ids(late), [1]);
});

test("a frame that overlaps what is known adds only what is new", () => {
  const start = snapshot([view(1), view(2, { body: "edited" })]);
  const frame = advanced(1, [published(2, view(2)), published(3, view(3))]);
  const { feed } = feeds.apply(start, frame);
  assert.deepEqual(ids(feed), [1, 2, 3]);
  assert.equal(feed.messages.get(2).body, "edited");
});

test("a message that is no longer for the reader disappears", () => {
  const held = { seq: 2, kind: "message.held", message_id: 1 };
  assert.deepEqual(ids(feeds.apply(snapshot([view(1)]), advanced(1, [held])).feed), []);
});

test("an acceptance never overwrites what the feed already said about a message", () => {
  const start = feeds.apply(snapshot([]), advanced(0, [published(1, view(1))])).feed;
  const late = { type: "message.accepted", message: view(1, { state: "pending", position: null }) };
  assert.equal(feeds.apply(start, late).feed.messages.get(1).state, "published");
});

test("own words without a place stay where they were written", () => {
  const held = view(2, { position: null, state: "held" });
  const feed = snapshot([view(1), view(3), held]);
  assert.deepEqual(ids(feed), [1, 2, 3]);
});

test("own words stay where they were written when the server's clock was set back", () => {
  const at = "2025-12-31T19:00:00.000+00:00";
  const feed = snapshot([view(1), view(3, { at }), view(2, { at, position: null, state: "held" })]);
  assert.deepEqual(ids(feed), [1, 2, 3]);
});

test("the order is the places, not the order of arrival", () => {
  const late = view(2, { position: 9 });
  const feed = feeds.apply(snapshot([view(1), view(3)]), advanced(2, [published(9, late)], 9)).feed;
  assert.deepEqual(ids(feed), [1, 3, 2]);
});

test("people come and go, and a closed talk takes no more words", () => {
  const start = snapshot([], { kind: "one_to_one" });
  const joined = { seq: 1, kind: "person.joined", person: cleo };
  const here = feeds.apply(start, advanced(0, [joined])).feed;
  assert.deepEqual(here.people, [cleo]);
  const ended = { seq: 3, kind: "conversation.closed" };
  const left = { seq: 2, kind: "person.left", person: cleo };
  const over = feeds.apply(here, advanced(1, [left, ended])).feed;
  assert.deepEqual(over.people, []);
  assert.equal(over.state, "closed");
  assert.equal(over.mayPost, false);
});

test("earlier messages go in front and change nothing that is known", () => {
  const start = snapshot([view(5, { body: "newer" })], { earlier: true });
  const page = { messages: [view(4), view(5, { body: "older" })], earlier: false };
  const feed = feeds.withEarlier(feeds.asking(start), page);
  assert.deepEqual(ids(feed), [4, 5]);
  assert.equal(feed.messages.get(5).body, "newer");
  assert.equal(feed.earlier, false);
  assert.equal(feeds.oldestPosition(feed), 4);
});

test("a change to a message from before the page leaves no hole in front of it", () => {
  const start = snapshot([view(50), view(60)], { earlier: true, head: 60 });
  const removed = { seq: 61, kind: "message.removed", message_id: 7, message: view(7) };
  const onThePage = { ...removed, seq: 62, message_id: 50, message: view(50, { body: "new" }) };
  const { feed } = feeds.apply(start, advanced(60, [removed, onThePage]));
  assert.deepEqual(ids(feed), [50, 60], "7 comes with the page it stands on");
  assert.equal(feed.messages.get(50).body, "new");
  assert.equal(feeds.oldestPosition(feed), 50, "so that nothing between is passed over");

  const page = { messages: [view(7), view(30)], earlier: false };
  assert.deepEqual(ids(feeds.withEarlier(feeds.asking(feed), page)), [7, 30, 50, 60]);
});

// The server drew a page of earlier messages, and something happens before it is here.

function asked() {
  return feeds.asking(snapshot([view(50), view(60)], { earlier: true, head: 60 }));
}

for (const kind of ["message.removed", "message.held", "message.withdrawn"]) {
  test(`${kind} while an earlier page is on its way: the message does not come with it`, () => {
    const gone = { seq: 61, kind, message_id: 30 };
    const { feed } = feeds.apply(asked(), advanced(60, [gone]));
    const page = { messages: [view(7), view(30)], earlier: false };
    assert.deepEqual(ids(feeds.withEarlier(feed, page)), [7, 50, 60]);
  });
}

test("words changed while an earlier page is on its way are shown as they are now", () => {
  const change = { ...published(61, view(30, { body: "new" })), kind: "message.edited" };
  const { feed } = feeds.apply(asked(), advanced(60, [change]));
  const page = { messages: [view(7), view(30, { body: "old" })], earlier: true };
  const whole = feeds.withEarlier(feed, page);
  assert.equal(whole.messages.get(30).body, "new");
  assert.deepEqual(ids(whole), [7, 30, 50, 60]);
});

test("what changed before the page that is on its way waits for its own page", () => {
  const events = [published(61, view(3)), { seq: 62, kind: "message.removed", message_id: 4 }];
  const { feed } = feeds.apply(asked(), advanced(60, events));
  const whole = feeds.withEarlier(feed, { messages: [view(7)], earlier: true });
  assert.deepEqual(ids(whole), [7, 50, 60]);
  assert.equal(feeds.oldestPosition(whole), 7);
});

test("a snapshot makes the page that is on its way one of another screen, and leaves no hole", () => {
  const fresh = {
    type: "conversation.snapshot", conversation: 7, kind: "thread", state: "open", head: 900,
    people: [], messages: [view(890), view(900)], earlier: true,
  };
  const { feed } = feeds.apply(asked(), fresh);
  const late = feeds.withEarlier(feed, { messages: [view(7), view(30)], earlier: true });
  assert.deepEqual(ids(late), [890, 900]);
  assert.equal(feeds.oldestPosition(late), 890);
});

test("a second page knows nothing of what happened before it was asked for", () => {
  const gone = { seq: 61, kind: "message.removed", message_id: 30 };
  const { feed } = feeds.apply(asked(), advanced(60, [gone]));
  const whole = feeds.withEarlier(feed, { messages: [view(40)], earlier: true });
  const again = feeds.withEarlier(feeds.asking(whole), { messages: [view(30)], earlier: false });
  assert.deepEqual(ids(again), [30, 40, 50, 60]);
});

test("an old send that is answered again leaves no hole either", () => {
  const start = snapshot([view(50), view(60)], { earlier: true, head: 60 });
  const answer = { type: "message.accepted", client_id: "x", message: view(7) };
  assert.deepEqual(ids(feeds.apply(start, answer).feed), [50, 60]);
  const whole = snapshot([view(50)], { earlier: false, head: 60 });
  assert.deepEqual(ids(feeds.apply(whole, answer).feed), [7, 50]);
});

// Random histories: however the frames are cut, repeated or reordered, the screen ends the same.

function random(seed) {
  let state = seed;
  return () => {
    state = (state * 1664525 + 1013904223) % 4294967296;
    return state / 4294967296;
  };
}

function history(length, dice) {
  const events = [];
  const shown = new Map();
  for (let seq = 1; seq <= length; seq += 1) {
    const known = [...shown.keys()];
    const id = known[Math.floor(dice() * known.length)];
    if (known.length && dice() < 0.3) {
      events.push({ seq, kind: "message.removed", message_id: id });
      shown.delete(id);
    } else {
      const message = view(seq);
      shown.set(seq, message);
      events.push(published(seq, message));
    }
  }
  return { events, shown: [...shown.keys()] };
}

test("a phone that follows again at every gap ends with the whole truth", () => {
  for (let seed = 1; seed <= 200; seed += 1) {
    const dice = random(seed);
    const { events, shown } = history(20, dice);
    let feed = snapshot([]);
    for (let turn = 0; turn < 60; turn += 1) {
      const after = Math.floor(dice() * 20);
      const head = Math.min(20, after + 1 + Math.floor(dice() * 5));
      const frame = advanced(after, events.slice(after, head), head);
      const answer = feeds.apply(feed, frame);
      feed = answer.feed;
      if (answer.gap) {
        feed = feeds.apply(feed, advanced(feed.head, events.slice(feed.head, head), head)).feed;
      }
    }
    feed = feeds.apply(feed, advanced(feed.head, events.slice(feed.head), 20)).feed;
    assert.deepEqual(ids(feed), shown, `seed ${seed}`);
  }
});
