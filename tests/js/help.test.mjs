import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";

import { Element, settle } from "./elements.mjs";

const heard = {};
let boxes = [];
let textareas = [];
const sheet = new Element();
const parts = ["offline", "cut", "signed-out", "offline cut"].map((when) => {
  const part = new HTMLElement();
  part.dataset.when = when;
  return part;
});

Object.assign(sheet, {
  open: false, showModal() { this.open = true; }, querySelectorAll: () => parts,
});
Object.assign(document, {
  documentElement: { lang: "en" },
  addEventListener: (type, listener) => { heard[type] = listener; },
  querySelector: (query) => (query === "[data-offline-help]" ? sheet : null),
  querySelectorAll: (query) => (query === "textarea" ? textareas : boxes),
});
globalThis.sessionStorage = { getItem: () => null, setItem() {} };
globalThis.FormData = class {
  constructor(form) { this.form = form; }
  get(name) { return this.form.elements.namedItem(name)?.value ?? null; }
};

const { live } = await import("../../chat/static/chat/js/live.js");
await import("../../chat/static/chat/js/help.js");

let outbox;
let reloads;

beforeEach(async () => {
  Object.assign(location, { reload: () => { reloads += 1; }, assign() {} });
  reloads = 0;
  boxes = [];
  textareas = [];
  sheet.open = false;
  navigator.onLine = true;
  outbox = await live.outbox;
  outbox.stop();
  await outbox.store.wipe();
  outbox.transport = () => {};
});

/** Help now, as the page brought it: a form with an id drawn once. */
function helpForm() {
  const id = new HTMLInputElement();
  id.value = "as the page was drawn";
  const form = new HTMLFormElement();
  const submit = mock.fn();
  Object.assign(form, {
    dataset: { help: "" }, submit,
    elements: { namedItem: (name) => (name === "client_id" ? id : null) },
  });
  return { form, id, submit };
}

async function press(form) {
  let isPrevented = false;
  heard.submit({ target: form, preventDefault: () => { isPrevented = true; } });
  await settle();
  return isPrevented;
}

const kept = () => [...outbox.items.values()];
const shown = () => parts.filter(({ hidden }) => !hidden).map(({ dataset }) => dataset.when);

for (const state of ["ready", "offline"]) {
  test(`${state}: every ask from the same open page has an id of its own`, async () => {
    live.state = state;
    navigator.onLine = state === "ready";
    const { form, id } = helpForm();
    const ids = new Set([id.value]);
    for (let times = 0; times < 2; times += 1) {
      await press(form);
      ids.add(id.value);
      for (const { client_id } of kept()) {
        assert.equal(client_id, id.value);
        await outbox.accepted(client_id);
      }
    }
    assert.equal(ids.size, 3);
  });
}

test("with a line the form goes, under the id of the ask that is kept", async () => {
  live.state = "ready";
  const { form, id, submit } = helpForm();
  await press(form);
  assert.equal(submit.mock.callCount(), 1);
  assert.deepEqual(kept().map(({ client_id }) => client_id), [id.value]);
  assert.equal(sheet.open, false);
});

for (const state of ["lost", "slow", "offline"]) {
  test(`${state}: an ask on a dead network is kept though the browser calls itself online`, async () => {
    live.state = state;
    const { form, submit } = helpForm();
    assert.equal(await press(form), true);
    assert.equal(submit.mock.callCount(), 0);
    assert.deepEqual((await outbox.store.unsent()).map(({ kind }) => kind), ["help"]);
    assert.equal(sheet.open, true);
    assert.deepEqual(shown(), [state === "offline" ? "offline" : "cut", "offline cut"]);
  });
}

test("an ask goes out though the shelf never answers", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  live.state = "ready";
  const store = mock.method(outbox.store, "put", () => new Promise(() => {}));
  const { form, submit } = helpForm();
  await press(form);
  assert.equal(submit.mock.callCount(), 0);
  mock.timers.tick(400);
  await settle();
  assert.equal(submit.mock.callCount(), 1);
  store.mock.restore();
  mock.timers.reset();
});

test("a page with words in it is not drawn anew when their place in line is gone", async () => {
  const box = new HTMLElement();
  box.dataset.standing = "strip";
  boxes = [box];
  textareas = [{ value: "I was just writing that" }];
  live.emit("person.changed", { help: null, talks: [] });
  assert.deepEqual([reloads, box.isGone], [0, true]);
  textareas = [{ value: "" }];
  live.emit("person.changed", { help: null, talks: [] });
  assert.equal(reloads, 1);
});
