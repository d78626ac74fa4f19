import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { Element } from "./elements.mjs";

const { Spoken } = await import("../../chat/static/chat/js/spoken.js");

const MESSAGE = { id: 7, body: "see you at Ben's" };
const TOLD = "Ada wrote: see you at Ben's";

let line;
let spoken;

beforeEach(() => {
  line = new Element();
  spoken = new Spoken(line);
  spoken.tell(TOLD, MESSAGE);
});

const shown = (...messages) => new Map(messages.map((message) => [message.id, message]));

test("words stay as long as their message does, whatever becomes of others", () => {
  spoken.keepTo(shown({ id: 3, body: "hello" }, { ...MESSAGE, state: "published" }));
  spoken.keepTo(shown({ ...MESSAGE }));
  assert.equal(line.textContent, TOLD);
});

test("words whose message is gone are gone", () => {
  spoken.keepTo(shown({ id: 3, body: "hello" }));
  assert.equal(line.textContent, "");
});

test("words that were changed are gone", () => {
  spoken.keepTo(shown({ ...MESSAGE, body: "see you" }));
  assert.equal(line.textContent, "");
});

test("that somebody came is nobody's message, and stays", () => {
  spoken.tell("Cleo is here.");
  spoken.keepTo(shown());
  assert.equal(line.textContent, "Cleo is here.");
});
