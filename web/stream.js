// The same answer over plain HTTP: POST /chat/stream, server-sent events of partial Answers.
import { Problem } from "./service.js";

/** Runs an `Asking` to its end; throws Problem. */
export async function streamAnswer(asking) {
  const { listener, question, connection, abort } = asking;
  if (!question.session_id) question.session_id = await connection.service.newSession();
  listener.session(question.session_id);
  listener.state("asked");
  const answer = { answer: "", citations: [], sources: [] };
  try {
    const response = await connection.service.call("POST", "chat/stream", { input: question }, abort.signal);
    for await (const { event, data } of events(response.body)) {
      if (event === "error") throw new Problem(data.code, data.detail, data.retry_after ?? null);
      if (event === "data") tell(listener, answer, data);
      if (event === "end") return asking.finish("done", answer);
    }
    throw new Problem("interrupted");
  } catch (error) {
    if (error.name === "AbortError") return undefined;
    if (error.code === "not_found" && !asking.forgot) {
      // The session is gone on the server: once more in a new one.
      asking.forgot = true;
      question.session_id = undefined;
      return streamAnswer(asking);
    }
    throw error instanceof Problem ? error : new Problem("interrupted", error.message);
  }
}

function tell(listener, answer, part) {
  for (const [name, value] of Object.entries(part)) {
    if (name === "answer") answer.answer += value;
    else if (name === "citations" || name === "sources") answer[name].push(...value);
    else answer[name] = value;
  }
  if (part.answer_id) listener.start(part.answer_id);
  if (part.sources) listener.sources(part.sources);
  if (part.answer) listener.token(part.answer);
  for (const citation of part.citations ?? []) listener.citation(citation);
}

async function* events(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const blocks = (rest + value).split(/\r?\n\r?\n/);
    rest = blocks.pop();
    for (const block of blocks) yield parsed(block);
  }
}

function parsed(block) {
  const fields = { event: "message", data: "" };
  for (const line of block.split(/\r?\n/)) {
    const [, name, value] = /^(\w+): ?(.*)$/.exec(line) ?? [];
    if (name === "data") fields.data += value;
    else if (name) fields[name] = value;
  }
  return { event: fields.event, data: fields.data ? JSON.parse(fields.data) : null };
}
