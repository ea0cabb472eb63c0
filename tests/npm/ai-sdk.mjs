// The AI SDK's transport, as useChat uses it: a chat, its message, nothing to resume, a bad request.
import assert from "node:assert/strict";
import { DefaultChatTransport, readUIMessageStream } from "ai";

const [url, question] = process.argv.slice(2);
const transport = new DefaultChatTransport({ api: `${url}/ai-sdk` });
const user = (text) => ({ id: "m1", role: "user", parts: [{ type: "text", text }] });
const send = (text) =>
  transport.sendMessages({ chatId: "chat-0123456789abcdef", trigger: "submit-message", messages: [user(text)] });

let message;
let versions = 0;
for await (message of readUIMessageStream({ stream: await send(question) })) versions += 1;
assert.ok(versions > 3);
const text = message.parts.find((part) => part.type === "text").text;
const source = message.parts.find((part) => part.type === "source-url");
assert.equal((await fetch(source.url)).status, 200);
const { data } = message.parts.find((part) => part.type === "data-citation");
assert.ok(data.source_ids.includes(source.sourceId));
assert.equal(message.metadata.status, "answered");
assert.equal(await transport.reconnectToStream({ chatId: "chat-0123456789abcdef" }), null);
await assert.rejects(send("x".repeat(2001)), /2000 characters/);
console.log([...text].slice(data.start, data.end).join(""));
