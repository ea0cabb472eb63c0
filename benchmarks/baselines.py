"""What the service is compared with, each as a server of its own.

``python -m benchmarks.baselines relay|stock --port N --provider URL --book FOLDER``

- ``relay``: the least that can be done: embeds the question, asks for the answer and hands the
  provider's bytes on as they come. No retrieval, no history, nothing is read.
- ``stock``: the chain as the libraries' documentation writes it, over LangServe and a WebSocket.
"""

import argparse
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

import uvicorn

from standins.cohere import KEY

END: Final = "[END]"
"""Last text of an answer of the stock chain over its WebSocket."""
_PASSAGE: Final = "ROS 2 is a middleware for robots. It moves messages between nodes. " * 12
_PASSAGES: Final = 6
_CHUNK: Final = 1000


def relay(provider: str) -> Any:
    """Starlette and aiohttp, and nothing else."""
    import aiohttp
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response, StreamingResponse
    from starlette.routing import Route, WebSocketRoute
    from starlette.websockets import WebSocket, WebSocketDisconnect

    sessions: list[aiohttp.ClientSession] = []
    told = [{"id": str(i), "data": {"text": _PASSAGE}} for i in range(_PASSAGES)]

    async def answer(question: str) -> AsyncIterator[bytes]:
        if not sessions:
            headers = {"Authorization": f"Bearer {KEY}"}
            connector = aiohttp.TCPConnector(limit=0)
            sessions.append(aiohttp.ClientSession(connector=connector, headers=headers))
        embed = {"model": "embed-v4.0", "texts": [question], "input_type": "search_query"}
        async with sessions[0].post(f"{provider}/v2/embed", json=embed) as embedded:
            await embedded.read()
        said = [{"role": "user", "content": question}]
        ask = {"model": "command-a-03-2025", "stream": True, "messages": said, "documents": told}
        async with sessions[0].post(f"{provider}/v2/chat", json=ask) as answered:
            async for data in answered.content.iter_any():
                yield data

    async def stream(request: Request) -> Response:
        question = (await request.json())["input"]["question"]
        return StreamingResponse(answer(question), media_type="text/event-stream")

    async def chat(socket: WebSocket) -> None:
        await socket.accept()
        try:
            while True:
                async for data in answer((await socket.receive_json())["question"]):
                    await socket.send_text(data.decode())
        except WebSocketDisconnect:
            return

    routes = [Route("/chat/stream", stream, methods=["POST"]), WebSocketRoute("/ws/chat", chat)]
    return Starlette(routes=routes)


def stock(provider: str, book: Path) -> Any:
    """``as_retriever() | prompt | ChatCohere | StrOutputParser`` over the pages in ``book``."""
    from fastapi import FastAPI, WebSocket, WebSocketDisconnect
    from langchain_cohere import ChatCohere, CohereEmbeddings
    from langchain_core.output_parsers import StrOutputParser
    from langchain_core.prompts import ChatPromptTemplate
    from langchain_core.runnables import RunnablePassthrough
    from langchain_qdrant import QdrantVectorStore
    from langserve import add_routes

    given: Any = {"cohere_api_key": KEY, "base_url": provider}
    embeddings = CohereEmbeddings(model="embed-v4.0", **given)
    pages = [page.read_text("utf-8") for page in sorted(book.rglob("*.md*"))]
    chunks = [page[at : at + _CHUNK] for page in pages for at in range(0, len(page), _CHUNK)]
    store = QdrantVectorStore.from_texts(
        chunks, embeddings, location=":memory:", collection_name="book"
    )

    def joined(documents: list[Any]) -> str:
        return "\n\n".join(d.page_content for d in documents)

    prompt = ChatPromptTemplate.from_template(
        "Answer from the context.\n\nContext:\n{context}\n\nQuestion: {question}"
    )
    context = store.as_retriever() | joined
    chain: Any = (
        {"context": context, "question": RunnablePassthrough()}
        | prompt
        | ChatCohere(model="command-a-03-2025", **given)
        | StrOutputParser()
    )
    app = FastAPI()
    add_routes(app, chain.with_types(input_type=str), path="/chat")

    @app.websocket("/ws/chat")
    async def chat(socket: WebSocket) -> None:
        await socket.accept()
        try:
            while True:
                question = (await socket.receive_json())["question"]
                async for text in chain.astream(question):
                    await socket.send_text(text)
                await socket.send_text(END)
        except WebSocketDisconnect:
            return

    return app


def main(arguments: list[str] | None = None) -> None:
    """Serves until interrupted."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("system", choices=["relay", "stock"])
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--provider", required=True)
    parser.add_argument("--book", type=Path, required=True)
    given = parser.parse_args(arguments)
    app = relay(given.provider) if given.system == "relay" else stock(given.provider, given.book)
    uvicorn.run(app, host="127.0.0.1", port=given.port, log_level="error", backlog=2048)


if __name__ == "__main__":
    main()
