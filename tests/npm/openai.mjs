// The OpenAI client from npm: a whole answer, a stream, and a bad request.
import assert from "node:assert/strict";
import OpenAI from "openai";

const [url, question] = process.argv.slice(2);
const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: "any", maxRetries: 0 });
const messages = [{ role: "user", content: question }];

const whole = await client.chat.completions.create({ model: "book-chat", messages });
const { content, annotations } = whole.choices[0].message;
const cited = annotations[0].url_citation;
const page = await (await fetch(cited.url)).text();
assert.ok(page.includes(`id="${decodeURIComponent(new URL(cited.url).hash.slice(1))}"`));

let text = "";
const streamed = [];
const stream = await client.chat.completions.create({ model: "book-chat", messages, stream: true });
for await (const chunk of stream) {
  text += chunk.choices[0]?.delta.content ?? "";
  streamed.push(...(chunk.choices[0]?.delta.annotations ?? []));
}
assert.equal(text, content);
assert.deepEqual(streamed, annotations);

await assert.rejects(
  client.chat.completions.create({ model: "book-chat", messages, tools: [{ type: "function", function: { name: "f" } }] }),
  (error) => error instanceof OpenAI.BadRequestError && error.param === "tools",
);
console.log([...text].slice(cited.start_index, cited.end_index).join(""));
