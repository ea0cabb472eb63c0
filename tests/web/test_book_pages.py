"""The service's own pages of the book: what a citation opens without a published site."""

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.fakes import chunk
from tests.web.accessibility import findings
from tests.web.conftest import NewPage, Site

TEXT = """Some words about walking.

| Need of a humanoid | What ROS 2 offers | Where the book says more about it |
|---|---|---|
| Several computers in one body | Communication over DDS | `a_rather_long_name_of_a_module` |

```python
value = "a line of code that is much wider than the screen of any telephone" + "!" * 10
```

$$
\\omega = \\sqrt{g / z_c} + \\alpha + \\beta + \\gamma + \\delta + \\epsilon + \\zeta + \\eta
$$
"""


@pytest.fixture
def book_base() -> str:
    return ""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390, 320])
def test_a_page_is_readable_and_reachable_by_everybody(
    new_page: NewPage, site: Site, width: int, scheme: Any
) -> None:
    for number, heading in enumerate(("Balance", "Walking", "Falling", "Standing up")):
        made = chunk(TEXT, heading, path="docs/legs.md", index=number)
        made.metadata |= {"url": f"/legs#{heading.lower().replace(' ', '-')}", "title": "Legs"}
        made.metadata |= {"breadcrumb": ["Legs", heading]}
        site.store.chunks.append(made)
    page = new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
    page.goto(f"{site.url}/pages/legs#walking")
    expect(page.get_by_role("heading", name="Walking")).to_be_in_viewport()
    expect(page.locator("math").first).to_be_attached()
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert findings(page, within="html") == []
