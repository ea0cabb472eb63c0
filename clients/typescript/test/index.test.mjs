// The client against a scripted server: it needs no Book Chat to be tested.
import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import WebSocket, { WebSocketServer } from "ws";
import { BookChat, BookChatError } from "../dist/index.js";

const citation = { start: 0, end: 3, text: "One", source_ids: ["a"] };
const answer = { answer: "One two.", citations: [citation], sources: [{ id: "a" }] };
const frames = [
  { type: "start", answer_id: "a1" },
  { type: "sources", sources: answer.sources },
  { type: "token", text: "One" },
  { type: "citation", citation },
  { type: "token", text: " two." },
  { type: "done", answer },
].map((frame, seq) => ({ ...frame, id: "q1", seq }));

/** `script` maps what the client sent to the frames that it gets; null drops the connection. */
async function asking(script, use) {
  const server = new WebSocketServer({ host: "127.0.0.1", port: 0 });
  await once(server, "listening");
  server.on("connection", (socket) => {
    socket.send(JSON.stringify({ type: "ready", protocol: 1, session_id: "s1" }));
    socket.on("message", (message) => {
      for (const frame of script(JSON.parse(message))) {
        if (frame === null) return socket.terminate();
        socket.send(JSON.stringify(frame));
      }
    });
  });
  const chat = new BookChat(`http://127.0.0.1:${server.address().port}`, WebSocket);
  try {
    await use(chat);
  } finally {
    chat.close();
    server.close();
  }
}

async function all(stream) {
  const found = [];
  for await (const frame of stream) found.push(frame);
  return found;
}

test("frames come in order and the session is kept", async () => {
  const sent = [];
  await asking((frame) => (sent.push(frame), frames), async (chat) => {
    assert.deepEqual(await all(chat.ask("One?", { section: "module-1" })), frames);
  });
  assert.deepEqual(sent, [{ type: "ask", id: "q1", session_id: "s1", section: "module-1", question: "One?" }]);
});

test("a dropped connection is resumed where it broke", async () => {
  const sent = [];
  const script = (frame) => {
    sent.push(frame);
    return frame.type === "ask" ? [...frames.slice(0, 3), null] : frames.slice(frame.after + 1);
  };
  await asking(script, async (chat) => assert.deepEqual(await all(chat.ask("One?")), frames));
  assert.deepEqual(sent[1], { type: "resume", answer_id: "a1", after: 2 });
});

test("what the server refuses is thrown", async () => {
  const refusal = { type: "error", code: "rate_limited", message: "Wait.", retry_after: 3 };
  await asking(() => [refusal], async (chat) => {
    await assert.rejects(all(chat.ask("One?")), (error) =>
      error instanceof BookChatError && error.code === "rate_limited" && error.retryAfter === 3);
  });
});
