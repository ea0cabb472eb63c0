"""Pages become sections with the headings, anchors and text that a reader sees."""

import pytest

from loaders.mdx.page import parse_page
from loaders.mdx.slugs import Slugger
from tests.loaders.conftest import Site


def anchors(source: str, *, mdx: bool = True) -> list[tuple[str, str]]:
    sections = parse_page(source, mdx=mdx).sections
    return [(s.trail[-1].text, s.trail[-1].anchor) for s in sections if s.trail]


def texts(source: str, *, mdx: bool = True) -> list[str]:
    return [s.text for s in parse_page(source, mdx=mdx).sections if s.text]


@pytest.mark.parametrize(
    ("heading", "text", "anchor"),
    [
        ("What is ROS 2?", "What is ROS 2?", "what-is-ros-2"),
        ("**Bold** and `code`", "Bold and code", "bold-and-code"),
        ("The [API](https://x.example) of ~~old~~", "The API of old", "the-api-of-old"),
        ("🚀 Quick start", "🚀 Quick start", "-quick-start"),
        ("Emoji :rocket: here", "Emoji :rocket: here", "emoji-rocket-here"),
        ("Use ros2:humble now", "Use ros2:humble now", "use-ros2-now"),
        ("A & B &amp; C", "A & B & C", "a--b--c"),
        ("snake_case and __init__", "snake_case and init", "snake_case-and-init"),
        ("ہیومنائیڈ روبوٹ کیا ہے؟", "ہیومنائیڈ روبوٹ کیا ہے؟", "ہیومنائیڈ-روبوٹ-کیا-ہے"),
        ("Ünïcödé Straße", "Ünïcödé Straße", "ünïcödé-straße"),
        ("Explicit {#my-id}", "Explicit", "my-id"),
        ("Comment {/* #my-id */}", "Comment", "my-id"),
        ("**Bold {#x}**", "Bold", "x"),
        ("With <Badge text='new'/> badge", "With badge", "with--badge"),
        ("Closed ##", "Closed", "closed"),
        ("![Robot arm](arm.png) arm", "Robot arm arm", "robot-arm-arm"),
        ("Energy $E = mc^2$", "Energy E = mc^2", "energy-e--mc2"),
        ("Value {1 + 1} here", "Value here", "value-1--1-here"),
        ("std::vector \\<T\\>", "std::vector <T>", "stdvector-t"),
    ],
)
def test_a_heading_has_docusaurus_text_and_anchor(heading: str, text: str, anchor: str) -> None:
    assert anchors(f"## {heading}\n\nText.\n") == [(text, anchor)]


def test_repeated_headings_are_numbered_as_github_slugger_does() -> None:
    slugger = Slugger()

    slugs = [slugger.slug(text) for text in ("Tasks", "Tasks", "Tasks-1", "tasks", "Tasks!")]

    assert slugs == ["tasks", "tasks-1", "tasks-1-1", "tasks-2", "tasks-3"]


def test_the_page_title_takes_its_anchor_too() -> None:
    assert anchors("# Intro\n\n## Intro\n\nText.\n")[1] == ("Intro", "intro-1")


def test_an_explicit_id_takes_no_number() -> None:
    assert [a for _, a in anchors("## A {#t}\n\nx\n\n## T\n\ny\n")] == ["t", "t"]


def test_underlined_headings_count() -> None:
    assert anchors("Big\n===\n\nSmall *one*\n---\n\nText.\n") == [
        ("Big", "big"),
        ("Small one", "small-one"),
    ]


@pytest.mark.parametrize(
    "block",
    [
        "```python\n# not a heading\nimport os\n```",
        "~~~\n## no\n~~~",
        "- item\n\n  ```bash\n  # no\n  ls\n  ```",
        "1. a\n   ```yaml\n   # no\n   ```",
        "````md\n```\n## no\n```\n````",
        "```\n# unclosed",
        "{/* ## no */}",
        "{/*\n\n## no\n\n*/}",
        "<!--\n## no\n-->",
    ],
)
def test_only_headings_make_sections(block: str) -> None:
    assert len(anchors(f"## Yes\n\nText.\n\n{block}\n")) == 1


@pytest.mark.parametrize(
    ("around", "anchor"),
    [
        (
            "<Tabs>\n  <TabItem value='a' label='A'>\n\n  ## In\n\n  text\n\n  </TabItem>\n</Tabs>",
            "in",
        ),
        ("<details>\n<summary>S</summary>\n\n## In\n\ntext\n\n</details>", "in"),
        (":::tip\n\n## In\n\ntext\n\n:::", "in"),
        ("text\n## In\ntext", "in"),
        ("    ## In\n\ntext", "in"),
        ("```mdx-code-block\n## In\n\ntext\n```", "in"),
        (
            "<Card\n  title={`a {b}`}\n  render={() => <div>{'}'}</div>}\n>\n## In\ntext\n</Card>",
            "in",
        ),
    ],
)
def test_headings_inside_components_are_headings(around: str, anchor: str) -> None:
    assert anchor in [a for _, a in anchors(f"## Out\n\nx\n\n{around}\n")]


def test_imports_and_exports_go_and_python_imports_stay() -> None:
    source = (
        "import Tabs from '@theme/Tabs';\nimport {\n  A,\n} from './a';\n\n"
        "export const x = {\n  a: 1,\n\n  b: 2,\n};\n\n"
        "# T\n\nThe word import is fine.\n\nimport data from your robot first.\n\n"
        "```python\nimport rclpy\n```\n"
    )

    (text,) = texts(source)

    assert text == (
        "The word import is fine.\n\nimport data from your robot first.\n\n"
        "```python\nimport rclpy\n```"
    )


def test_an_export_that_never_closes_swallows_no_chapter() -> None:
    assert texts("export const x = {\n\n# T\n\nText.\n") == ["Text."]


def test_components_go_and_their_text_stays() -> None:
    source = (
        "<Tabs>\n<TabItem value='py' label='Python'>Run it.</TabItem>\n"
        "<TabItem value='cpp' label='C++'>\n\nBuild it.\n\n</TabItem>\n</Tabs>\n\n"
        "<Figure src='a.png' caption='The arm'/>\n\n"
        "Press <kbd>Enter</kbd>{/* note */} now.<br/>Next.\n\n"
        "<details>\n<summary>More</summary>\n\nHidden truth.\n\n</details>\n"
    )

    (text,) = texts(source)

    assert text == (
        "**Python** Run it.\n\n**C++**\n\nBuild it.\n\n**The arm**\n\n"
        "Press Enter now.\nNext.\n\nMore\n\nHidden truth."
    )


@pytest.mark.parametrize(
    ("opening", "shown"),
    [
        (":::tip", "**Tip**"),
        (":::tip[Read me]", "**Tip: Read me**"),
        (":::warning Mind the gap", "**Warning: Mind the gap**"),
        (':::note{title="Old"}', "**Note: Old**"),
        ("::::info[Out]", "**Info: Out**"),
    ],
)
def test_admonitions_keep_their_title(opening: str, shown: str) -> None:
    colons = opening[: len(opening) - len(opening.lstrip(":"))]

    assert texts(f"{opening}\n\nBody.\n\n{colons}\n") == [f"{shown}\n\nBody."]


def test_code_keeps_its_language_and_title() -> None:
    source = '```python title="talker.py" {2}\na = 1\n\n\nb = 2\n```\n'

    assert texts(source) == ['```python title="talker.py" {2}\na = 1\n\n\nb = 2\n```']


@pytest.mark.parametrize(
    "block",
    [
        "```mermaid\ngraph TD;\n  A-->B;\n```",
        "$$\n\\frac{a}{b}\n$$",
        "The value $x_{1}$ is small.",
        "> Quoted **words**\n>\n> and more",
        "- a\n  - b\n    - c\n- d",
        "3. three\n4. four",
        "| a | b |\n| --- | --- |\n| 1 | x \\| y |",
        "Price: 5 < 6 and a > b.",
        "A [link](https://x.example/a_b) stays.",
        "std::vector<int> stays.",
    ],
)
def test_what_a_reader_sees_stays_as_markdown(block: str) -> None:
    assert texts(f"{block}\n") == [block]


def test_links_within_the_book_become_their_text_and_images_their_description() -> None:
    source = "See [nodes](./02-nodes.mdx#x), [R][r] and [C][c].\n\n![An arm](a.png)\n\n"
    source += "[r]: https://r.example\n[c]: ./c.md\n"

    assert texts(source) == ["See nodes, [R](https://r.example) and C.\n\n[Figure: An arm]"]


def test_entities_are_decoded_and_footnotes_stay() -> None:
    assert texts("A&nbsp;&amp;&#32;B[^1]\n\n[^1]: The note.\n") == ["A & B[^1]\n\n[^1]: The note."]


def test_script_and_style_are_never_text() -> None:
    assert texts("<style>{`a { b: c }`}</style>\n\nText.\n\n<script>alert(1)</script>\n") == [
        "Text."
    ]


def test_common_mark_pages_keep_indented_code_and_html_text() -> None:
    html = "<div align='center'>\n  <b>Hello</b> &amp; <i>you</i>\n</div>"
    source = f"# T\n\n    # code\n\n{html}\n\n{{x}}\n"

    (text,) = texts(source, mdx=False)

    assert text == "```\n# code\n```\n\nHello & you\n\n{x}"


def test_front_matter_may_be_absent_empty_or_hold_dates() -> None:
    assert parse_page("# T\n").front_matter == {}
    assert parse_page("---\n---\n# T\n").front_matter == {}
    page = parse_page("\ufeff---\r\ndate: 2024-01-31\r\n---\r\n# T\r\n\r\nText.\r\n")
    assert page.front_matter == {"date": "2024-01-31"}
    assert page.sections[0].text == "Text."


def test_broken_front_matter_is_named_and_the_text_goes_in() -> None:
    page = parse_page("---\ntitle: a: b: [\n---\n# T\n\nText.\n")

    assert page.problems == ["front matter is not valid YAML in line 2"]
    assert [s.text for s in page.sections] == ["Text."]


def test_an_unclosed_fence_is_named_with_its_line() -> None:
    page = parse_page("---\na: 1\n---\n# T\n\n```python\nx = 1")

    assert page.problems == ["code fence in line 6 is not closed"]
    assert page.sections[0].text == "```python\nx = 1\n```"


def test_a_page_may_end_without_a_newline() -> None:
    assert anchors("## A\n\nx\n\n## B")[-1] == ("B", "b")
    assert parse_page("## A\n\n```\nx\n```").problems == []


def test_deep_lists_lose_nothing() -> None:
    source = "".join(f"{'  ' * n}- level {n}\n" for n in range(30))

    assert "level 29" in texts(source)[0]


def test_title_and_heading_follow_front_matter_and_page(site: Site) -> None:
    both = site.page("---\ntitle: Front\n---\nLead.\n\n# Own\n\nText.\n\n## Part\n\nMore.\n")
    bare = site.page("Only text.\n", "docs/03-bare.md")

    assert [(d.metadata["title"], d.metadata["heading"]) for d in both] == [
        ("Front", "Front"),
        ("Front", "Own"),
        ("Front", "Part"),
    ]
    assert [d.metadata["url"] for d in both] == [
        "/book/docs/page",
        "/book/docs/page",
        "/book/docs/page#part",
    ]
    assert len({d.metadata["section_id"] for d in both}) == 3
    assert bare[0].metadata["title"] == bare[0].metadata["heading"] == "bare"


def test_headings_without_text_ride_on_those_below_them(site: Site) -> None:
    (section,) = site.page("# T\n\n## Empty\n\n### Full\n\nText.\n")

    assert section.metadata["breadcrumb"] == ["T", "Empty", "Full"]


def test_a_shown_partial_is_part_of_the_page(site: Site) -> None:
    site.file("docs/_note.mdx", "---\na: 1\n---\nMind the **gap**.\n").file("secret.mdx", "No.\n")
    source = (
        "import Note from './_note.mdx';\nimport Out from '../../../secret.mdx';\n\n"
        "# T\n\nText.\n\n<Note/>\n\n<Out/>\n"
    )
    (site.root.parent.parent / "secret.mdx").write_text("Outside.\n")

    (section,) = site.page(source)

    assert section.page_content == "Text.\n\nMind the **gap**."


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("1. What is a node?\n2. Why topics?\n3. When to use services?", "echo"),
        ("- نوڈ کیا ہے؟\n- موضوع کیا ہے؟", "echo"),
        ("Try these.\n\n1. What is a node?\n2. Explain topics and how they are used.", "text"),
        ("What is a node? A process that computes.\n\nWhy topics? They decouple.", "text"),
        ("A node computes.", "text"),
    ],
)
def test_lists_that_only_ask_are_marked(site: Site, text: str, kind: str) -> None:
    (section,) = site.page(f"# T\n\n## Part\n\n{text}\n")

    assert section.metadata["kind"] == kind


def test_a_knowledge_check_with_an_introduction_is_an_echo(site: Site) -> None:
    text = "Answer before you go on.\n\n1. What is a node?\n2. How do topics differ from services?"

    (section,) = site.page(f"# T\n\n## Knowledge check\n\n{text}\n")

    assert section.metadata["kind"] == "echo"


def test_exercises_without_solutions_are_echoes(site: Site) -> None:
    tasks = "1. Compute the port of domain 7.\n2. Write a node.\n3. Repair it."
    page = f"# T\n\n## Exercises\n\n{tasks}\n\n## Steps\n\n{tasks}\n"

    assert [section.metadata["kind"] for section in site.page(page)] == ["echo", "text"]
