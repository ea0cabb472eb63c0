// What both MCP clients do: search, fetch, ask, read a page, and call wrongly.
import assert from "node:assert/strict";

const told = (result) => {
  assert.ok(!result.isError, JSON.stringify(result));
  assert.deepEqual(JSON.parse(result.content[0].text), result.structuredContent);
  return result.structuredContent;
};

export async function check(client) {
  const question = process.argv[3];
  const { tools } = await client.listTools();
  assert.deepEqual(tools.map((tool) => tool.name).sort(), ["ask", "fetch", "search"]);
  const call = (name, args) => client.callTool({ name, arguments: args });
  const { results } = told(await call("search", { query: question }));
  assert.equal((await fetch(results[0].url)).status, 200);
  assert.ok(told(await call("fetch", { id: results[0].id })).text);
  const answer = told(await call("ask", { question }));
  const [{ start, end, text }] = answer.citations;
  assert.equal([...answer.answer].slice(start, end).join(""), text);
  const { resources } = await client.listResources();
  const page = await client.readResource({ uri: resources[0].uri });
  assert.ok(page.contents[0].text.startsWith("# "));
  const wrong = await call("ask", { question: "" });
  assert.ok(wrong.isError);
  assert.match(wrong.content[0].text, /question/);
  await client.close();
  console.log(text);
}
