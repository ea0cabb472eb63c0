"""The embedded model, run no more often than needed."""

import numpy as np
import pytest

from extractive.encoder import Vectors
from providers.embedded.minilm import MiniLMEmbeddings, Offsets


class Counting(MiniLMEmbeddings):
    """Notes each text that the model reads."""

    def __init__(self) -> None:
        super().__init__()
        self.read: list[str] = []

    def _hidden(self, text: str) -> tuple[Vectors, Offsets]:
        self.read.append(text)
        return super()._hidden(text)


def test_a_question_that_was_searched_for_is_not_read_again_to_answer_it() -> None:
    model = Counting()
    searched = model.embed_query("What is a node?")
    [answered] = model.encode(["What is a node?"])
    assert model.read == ["What is a node?"]
    assert answered.tolist() == searched


def test_a_caller_who_changes_a_vector_changes_no_other() -> None:
    model = Counting()
    before = model.encode(["What is a node?"])
    before[:] = 0
    assert np.linalg.norm(model.encode(["What is a node?"])) == pytest.approx(1, abs=1e-4)
