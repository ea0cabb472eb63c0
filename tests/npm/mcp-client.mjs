// The MCP client of the second SDK: it looks for the protocol without a handshake first.
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { check } from "./mcp.mjs";

const client = new Client({ name: "test", version: "1" });
await client.connect(new StreamableHTTPClientTransport(new URL(`${process.argv[2]}/mcp`)));
await check(client);
