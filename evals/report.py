"""The figures as a text table and as a picture."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Final

Rows = Mapping[str, Mapping[str, float]]
_PLAIN: Final = {"n", "p50 ms", "p95 ms"}
_PLOTTED: Final = ("hit@1", "hit@5", "MRR", "fact rate", "citation precision", "refused")


def as_text(rows: Rows) -> str:
    """A Markdown table: a line per figure, a column per kind of question."""
    names = list(dict.fromkeys(name for row in rows.values() for name in row))
    kinds = list(rows)
    lines = [
        f"| {'figure':<22} | " + " | ".join(f"{kind:>13}" for kind in kinds) + " |",
        f"|{'-' * 24}|" + "|".join("-" * 14 + ":" for _ in kinds) + "|",
    ]
    for name in names:
        cells = " | ".join(f"{_cell(name, rows[kind].get(name)):>13}" for kind in kinds)
        lines.append(f"| {name:<22} | {cells} |")
    return "\n".join(lines)


def _cell(name: str, value: float | None) -> str:
    if value is None or math.isnan(value):
        return ""
    return f"{value:.0f}" if name in _PLAIN else f"{value:.3f}"


def plot(rows: Rows, file: Path) -> None:
    """Bars of the main figures by kind, as a PNG."""
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    kinds = list(rows)
    figure, axes = plt.subplots(figsize=(11, 4.5), layout="constrained")
    width = 0.8 / len(_PLOTTED)
    for i, name in enumerate(_PLOTTED):
        heights = [rows[kind].get(name, float("nan")) for kind in kinds]
        axes.bar([x + i * width for x in range(len(kinds))], heights, width, label=name)
    axes.set_xticks([x + 0.4 - width / 2 for x in range(len(kinds))], kinds)
    axes.set_ylim(0, 1)
    axes.grid(axis="y", alpha=0.3)
    axes.legend(ncols=3, loc="upper center", bbox_to_anchor=(0.5, -0.08))
    axes.set_title("Quality by kind of question")
    figure.savefig(file, dpi=110)
    plt.close(figure)
