// npm install && npx tsc && node dist/example.js http://localhost:7860 "What is ROS 2?"
import WebSocket from "ws";
import { BookChat } from "./index.js";

const [url = "http://localhost:7860", question = "What is ROS 2?"] = process.argv.slice(2);
const chat = new BookChat(url, WebSocket);
for await (const frame of chat.ask(question)) {
  if (frame.type === "token") process.stdout.write(frame.text);
  if (frame.type === "done") {
    const { answer, citations, sources, status } = frame.answer;
    const letters = [...answer]; // code points, as the offsets count them
    const true_ = citations.every((c) => letters.slice(c.start, c.end).join("") === c.text);
    console.log(`\n${status}, ${citations.length} citations, offsets ${true_ ? "fit" : "do not fit"}`);
    for (const source of sources) console.log(`  ${source.heading}: ${source.url}`);
  }
}
chat.close();
