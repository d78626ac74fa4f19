import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";

import { Teller, Typists } from "../../chat/static/chat/js/typing.js";

const CLEO = 5;
const WRITES = { type: "person.typing", conversation: 7, person: CLEO, seconds: 6 };

beforeEach(() => mock.timers.enable({ apis: ["setTimeout"] }));
afterEach(() => mock.timers.reset());

test("however fast somebody types, it is told at most every three seconds", () => {
  let now = 0;
  const told = [];
  const teller = new Teller(() => told.push(now), () => now);
  for (now = 0; now <= 9_000; now += 50) teller.typed();
  assert.deepEqual(told, [0, 3_000, 6_000, 9_000]);
});

test("writing that is not told again runs out by itself", () => {
  let changes = 0;
  const typists = new Typists(() => { changes += 1; });
  typists.hear(WRITES);
  mock.timers.tick(5_999);
  assert.equal(typists.has(CLEO), true);
  mock.timers.tick(1);
  assert.equal(typists.has(CLEO), false);
  assert.equal(changes, 2);
});

test("writing that is told again goes on", () => {
  const typists = new Typists(() => {});
  typists.hear(WRITES);
  mock.timers.tick(4_000);
  typists.hear(WRITES);
  mock.timers.tick(4_000);
  assert.equal(typists.has(CLEO), true);
});

test("words that arrive end the writing of their author and of nobody else", () => {
  const typists = new Typists(() => {});
  typists.hear(WRITES);
  typists.hear({ ...WRITES, person: 6 });
  const said = { seq: 3, kind: "message.published", message: { id: 1, author: { id: CLEO } } };
  typists.hear({ type: "conversation.advanced", events: [said] });
  assert.deepEqual([typists.has(CLEO), typists.has(6)], [false, true]);
});

test("whoever leaves no longer writes, and in a talk that ended nobody does", () => {
  const typists = new Typists(() => {});
  typists.hear(WRITES);
  const left = { seq: 3, kind: "person.left", person: { id: CLEO } };
  typists.hear({ type: "conversation.advanced", events: [left] });
  assert.equal(typists.has(CLEO), false);
  typists.hear(WRITES);
  typists.hear({ type: "conversation.advanced", events: [{ seq: 4, kind: "conversation.closed" }] });
  assert.equal(typists.has(CLEO), false);
});
