// @ts-check
/**
 * What a conversation looks like after a frame: pure, so that it can be tested on random histories.
 * Old snapshot + frames = fresh snapshot, and applying a frame twice changes nothing.
 */

/**
 * @typedef {{ id: number, nickname: string, role: string }} Person
 * @typedef {{
 *   id: number, author: Person, body: string, at: string, state: string, revision?: number,
 *   position?: number | null, client_id?: string, notice?: string, machine_reading?: string,
 * }} Message
 * @typedef {{
 *   seq: number, kind: string, message_id?: number, message?: Message, person?: Person,
 * }} Event
 * @typedef {{
 *   conversation: number, kind: string, state: string, head: number, mayPost: boolean,
 *   earlier: boolean, people: Person[], messages: Map<number, Message>, asked: Asked | null,
 * }} Feed
 * @typedef {{ before: number, since: Map<number, Message | null> }} Asked a page of earlier messages
 *   that is on its way, and what became of messages since it was asked for; null: not shown any more
 */

/**
 * @param {any} snapshot a `conversation.snapshot` frame
 * @returns {Feed}
 */
export function fromSnapshot(snapshot) {
  return {
    conversation: snapshot.conversation,
    kind: snapshot.kind,
    state: snapshot.state,
    head: snapshot.head,
    mayPost: snapshot.may_post ?? false,
    earlier: snapshot.earlier ?? false,
    people: snapshot.people,
    messages: new Map(
      snapshot.messages.map((/** @type {Message} */ message) => [message.id, message]),
    ),
    asked: null,
  };
}

/**
 * The feed after a frame. `gap`: something in between is missing; follow again from `feed.head`
 * before showing this.
 * @param {Feed} feed
 * @param {any} frame
 * @returns {{ feed: Feed, gap: boolean }}
 */
export function apply(feed, frame) {
  if (frame.type === "conversation.snapshot") return { feed: fromSnapshot(frame), gap: false };
  if (frame.type === "message.accepted") return { feed: accept(feed, frame.message), gap: false };
  if (frame.type !== "conversation.advanced") return { feed, gap: false };
  if (feed.head < frame.after) return { feed, gap: true };
  if (frame.head <= feed.head) return { feed, gap: false };
  const next = { ...feed, head: frame.head, messages: new Map(feed.messages) };
  if (feed.asked) next.asked = { ...feed.asked, since: new Map(feed.asked.since) };
  const oldest = oldestPosition(feed);
  for (const event of frame.events) {
    if (event.seq > feed.head) happen(next, event, oldest);
  }
  return { feed: next, gap: false };
}

/**
 * Our own message, now in the database. What the feed said about it already is newer.
 * @param {Feed} feed
 * @param {Message} message
 */
function accept(feed, message) {
  if (feed.messages.has(message.id)) return feed;
  if (!standsOnThePage(feed, message, oldestPosition(feed))) return feed;
  return { ...feed, messages: new Map(feed.messages).set(message.id, message) };
}

/**
 * Whether a message is to be shown now, or with the earlier page that it stands on: in front of
 * ours it would hide that those between are missing, and "show earlier" would begin before it.
 * @param {Feed} feed
 * @param {Message} message
 * @param {number | null} oldest where the page begins
 */
function standsOnThePage(feed, message, oldest) {
  if (!feed.earlier || oldest === null || feed.messages.has(message.id)) return true;
  return !hasPlace(message) || (message.position ?? 0) >= oldest;
}

/**
 * @param {Feed} feed changed in place
 * @param {Event} event
 * @param {number | null} oldest where the page began before this frame
 */
function happen(feed, event, oldest) {
  const message = event.message;
  const id = message?.id ?? event.message_id;
  if (id) feed.asked?.since.set(id, message ?? null);
  if (message && !standsOnThePage(feed, message, oldest)) return;
  if (message) feed.messages.set(message.id, message);
  else if (event.message_id) feed.messages.delete(event.message_id);
  const person = event.person;
  switch (event.kind) {
    case "person.joined":
      if (person) feed.people = [...feed.people.filter((p) => p.id !== person.id), person];
      break;
    case "person.left":
      feed.people = feed.people.filter((p) => p.id !== person?.id);
      break;
    case "conversation.closed":
      feed.state = "closed";
      feed.mayPost = false;
      break;
    case "conversation.reopened":
      feed.state = "open";
      feed.mayPost = true;
      break;
  }
}

/**
 * Everybody's order: by place in the conversation. What has no place (yet) is shown to its author
 * and to staff where it was written.
 * @param {Feed} feed
 * @returns {Message[]}
 */
export function ordered(feed) {
  const all = [...feed.messages.values()];
  const placed = all.filter(hasPlace).sort((a, b) => (a.position ?? 0) - (b.position ?? 0));
  const unplaced = all.filter((message) => !hasPlace(message)).sort((a, b) => a.id - b.id);
  /** @type {Message[]} */
  const order = [];
  for (const message of placed) {
    while (unplaced.length && unplaced[0].id < message.id) order.push(...unplaced.splice(0, 1));
    order.push(message);
  }
  return [...order, ...unplaced];
}

/** @param {Message} message */
function hasPlace(message) {
  return message.position !== null && message.position !== undefined;
}

/**
 * The page before what is shown is being asked for. The server may draw it before something happens
 * that we hear of first: without what is kept of that here, it would bring back what was removed.
 * @param {Feed} feed
 * @returns {Feed} without `asked` where nothing is before it
 */
export function asking(feed) {
  const before = feed.earlier ? oldestPosition(feed) : null;
  return { ...feed, asked: before === null ? null : { before, since: new Map() } };
}

/**
 * The page that was asked for, put in front; what we know already stays as it is. A page that a
 * snapshot overtook belongs to another screen and changes nothing.
 * @param {Feed} feed
 * @param {{ messages: Message[], earlier: boolean }} page
 * @returns {Feed}
 */
export function withEarlier(feed, page) {
  if (!feed.asked) return feed;
  const messages = new Map(page.messages.map((message) => [message.id, message]));
  const whole = { ...feed, messages, earlier: page.earlier, asked: null };
  const oldest = oldestPosition(whole);
  for (const [id, message] of feed.asked.since) {
    if (!message) messages.delete(id);
    else if (standsOnThePage(whole, message, oldest)) messages.set(id, message);
  }
  for (const [id, message] of feed.messages) messages.set(id, message);
  return whole;
}

/**
 * Where the oldest placed message stands, to ask for what is before it.
 * @param {Feed} feed
 */
export function oldestPosition(feed) {
  let oldest = null;
  for (const { position } of feed.messages.values()) {
    if (position !== null && position !== undefined && (oldest === null || position < oldest)) {
      oldest = position;
    }
  }
  return oldest;
}
