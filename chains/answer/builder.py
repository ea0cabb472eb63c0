"""The one place where partial answers are added up."""

from schema import AnswerChunk


class AnswerBuilder:
    """Adds up the partial answers of one stream, in linear time.

    Text and lists are appended; every other field comes once.
    """

    def __init__(self) -> None:
        self._text: list[str] = []
        self._lists: dict[str, list[object]] = {}
        self._fields: dict[str, object] = {}

    @property
    def begun(self) -> bool:
        """Something was added."""
        return bool(self._text or self._lists or self._fields)

    def add(self, part: AnswerChunk) -> None:
        """Adds a partial answer."""
        for key, value in part.items():
            if key == "answer":
                self._text.append(str(value))
            elif isinstance(value, list):
                self._lists.setdefault(key, []).extend(value)
            else:
                self._fields[key] = value

    def sum(self) -> AnswerChunk:
        """What has been added so far, as one partial answer."""
        whole: AnswerChunk = {**self._lists, **self._fields}  # type: ignore[typeddict-item]  # the keys are those of the parts
        if self._text:
            whole["answer"] = "".join(self._text)
        return whole
