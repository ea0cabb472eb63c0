"""Pages have the routes that Docusaurus publishes them at."""

import pytest

from tests.loaders.conftest import Site


@pytest.mark.parametrize(
    ("path", "front", "url"),
    [
        ("intro.md", "", "/book/docs/intro"),
        ("module-1/01-ros2-foundations.md", "", "/book/docs/module-1/ros2-foundations"),
        ("02. second/003 - spaced.md", "", "/book/docs/second/spaced"),
        ("notes/2024-01-notes.md", "", "/book/docs/notes/2024-01-notes"),
        ("notes/7.0-release.md", "", "/book/docs/notes/7.0-release"),
        ("module-1/index.mdx", "", "/book/docs/module-1/"),
        ("module-1/README.md", "", "/book/docs/module-1/"),
        ("guide/guide.md", "", "/book/docs/guide/"),
        ("index.md", "", "/book/docs/"),
        ("a/b.md", "id: other", "/book/docs/a/other"),
        ("a/b.md", "slug: /top/level", "/book/docs/top/level"),
        ("a/b.md", "slug: beside", "/book/docs/a/beside"),
        ("a/b.md", "slug: ../up", "/book/docs/up"),
        ("a/b.md", "slug: /", "/book/docs/"),
        ("01-a/02-b.md", "parse_number_prefixes: false", "/book/docs/01-a/02-b"),
        ("a/with space.md", "", "/book/docs/a/with%20space"),
        ("باب/تعارف.md", "", "/book/docs/باب/تعارف"),
    ],
)
def test_a_page_has_docusaurus_route(site: Site, path: str, front: str, url: str) -> None:
    site.file(f"docs/{path}", f"---\n{front}\n---\n# T\n\nText.\n")

    assert site.urls() == [url]


@pytest.mark.parametrize(
    ("setting", "urls"),
    [
        ("trailingSlash: true", {"/book/docs/a/", "/book/docs/m/"}),
        ("trailingSlash: false", {"/book/docs/a", "/book/docs/m"}),
        ("", {"/book/docs/a", "/book/docs/m/"}),
        ("presets: [['classic', {docs: {routeBasePath: '/'}}]]", {"/book/a", "/book/m/"}),
        ("presets: [['classic', {docs: {routeBasePath: 'learn'}}]]", {"/book/learn/a"}),
        ("plugins: [['@docusaurus/plugin-content-docs', {routeBasePath: 'l'}]]", {"/book/l/a"}),
    ],
)
def test_the_sites_configuration_shapes_routes(site: Site, setting: str, urls: set[str]) -> None:
    site.config(setting).file("docs/a.md").file("docs/m/index.md")

    assert urls <= set(site.urls())


@pytest.mark.parametrize(
    "config",
    [
        "const base = '/x/';\nexport default { baseUrl: base };",
        "const baseUrl = '/x/';\nmodule.exports = { baseUrl, title: 'T' };",
        "module.exports = { baseUrl: process.env.BASE || '/x/' };",
        "// baseUrl: '/no/'\n/* baseUrl: '/no/' */\nmodule.exports = { 'baseUrl': \"/x/\" };",
        "const config: Config = {\n  title: 'It\\'s {odd}',\n  baseUrl: `/x/`,\n};",
    ],
)
def test_the_base_url_is_read_without_running_the_configuration(site: Site, config: str) -> None:
    site.file("docusaurus.config.js", config).file("docs/a.md")

    assert site.urls() == ["/x/docs/a"]


def test_citations_link_to_the_published_book(site: Site) -> None:
    site.file("docs/a.md", "# A\n\n## Part one\n\nText.\n")

    assert site.urls() == ["/book/docs/a#part-one"]
    assert site.urls("https://h.example") == ["https://h.example/book/docs/a#part-one"]
    # A book URL with a path is the whole public base.
    assert site.urls("https://h.example/lib/x") == ["https://h.example/lib/x/docs/a#part-one"]


def test_translations_have_their_locale_in_front_of_the_route(site: Site) -> None:
    translated = "i18n/ur/docusaurus-plugin-content-docs/current/module-1/01-intro.md"
    site.config("i18n: {defaultLocale: 'en', locales: ['en', 'ur']}")
    site.file("docs/module-1/01-intro.md").file(translated, "# تعارف\n\n## پہلا حصہ؟\n\nمتن\n")

    english, urdu = site.book()

    assert english.metadata["locale"] == "en"
    assert urdu.metadata["locale"] == "ur"
    assert urdu.metadata["path"] == translated
    assert urdu.metadata["url"] == "/book/ur/docs/module-1/intro#پہلا-حصہ"
    assert "module-1" in urdu.metadata["scopes"]


def test_a_translation_of_no_page_is_named_and_left_out(site: Site) -> None:
    site.file("docs/a.md").file("i18n/ur/docusaurus-plugin-content-docs/current/b.md")
    book = site.book()

    assert [section.metadata["path"] for section in book] == ["a.md"]
    (problem,) = book.problems
    assert problem.path.endswith("current/b.md")
    assert "translates no page" in problem.reason


def test_locales_that_the_site_does_not_publish_stay_out(site: Site) -> None:
    site.config("i18n: {defaultLocale: 'en', locales: ['en']}")
    site.file("docs/a.md").file("i18n/ur/docusaurus-plugin-content-docs/current/a.md")

    assert site.urls() == ["/book/docs/a"]


def test_a_second_docs_plugin_is_part_of_the_book(site: Site) -> None:
    site.config(
        "presets: [['classic', {docs: {path: 'docs'}}]], plugins: [['content-docs',"
        " {id: 'lab', path: 'lab', routeBasePath: 'lab-manual'}]]"
    )
    site.file("docs/a.md").file("lab/b.md")

    assert site.urls() == ["/book/docs/a", "/book/lab-manual/b"]


def test_generated_overviews_of_folders_are_pages(site: Site) -> None:
    link = '{"type": "generated-index", "description": "All about motion."}'
    site.file("docs/m/_category_.json", f'{{"label": "Move & Act", "link": {link}}}')
    site.file("docs/m/a.md")

    overview = next(s for s in site.book() if s.page_content == "All about motion.")

    assert overview.metadata["url"] == "/book/docs/category/move--act"
    assert overview.metadata["title"] == "Move & Act"


def test_what_docusaurus_does_not_publish_stays_out(site: Site) -> None:
    site.config("presets: [['classic', {docs: {exclude: ['**/drafts/**', '**/_*.{md,mdx}']}}]]")
    site.file("docs/a.md").file("docs/_partial.mdx").file("docs/drafts/b.md")
    site.file("docs/c.md", "---\ndraft: true\n---\n# C\n\nText.\n")
    site.file("docs/d.md", "---\nunlisted: true\n---\n# D\n\nText.\n")
    site.file("docs/.hidden/e.md").file("docs/node_modules/x/f.md")

    assert site.urls() == ["/book/docs/a"]


def test_a_docs_folder_or_a_page_of_a_site_keeps_its_route(site: Site) -> None:
    from loaders.sources import load

    site.file("docs/m/a.md").file("docs/b.md")

    assert [s.metadata["url"] for s in load(site.root / "docs" / "m")] == ["/book/docs/m/a"]
    assert [s.metadata["path"] for s in load(site.root / "docs" / "m" / "a.md")] == ["m/a.md"]
    assert len(list(load(site.root / "docs"))) == 2


def test_the_site_inside_a_repository_is_the_book(site: Site) -> None:
    from loaders.sources import load

    site.file("docs/a.md")
    (site.root.parent / "README.md").write_text("# Not the book\n\nText.\n")

    assert [s.metadata["url"] for s in load(site.root.parent)] == ["/book/docs/a"]


def test_pages_are_read_one_at_a_time(site: Site) -> None:
    site.file("docs/a.md").file("docs/b.md")
    sections = iter(site.book())
    next(sections)

    site.file("docs/b.md", "# T\n\nWritten later.\n")

    assert next(sections).page_content == "Written later."


def test_a_plain_folder_of_pages_stands_at_the_root(site: Site) -> None:
    (site.root / "docusaurus.config.js").unlink()
    site.file("01-a.md")

    assert site.urls() == ["/a"]


def test_breadcrumbs_name_the_folders_as_the_sidebar_does(site: Site) -> None:
    site.file("docs/m/_category_.json", '{"label": "Module 1"}')
    site.file("docs/m/02-n/index.md", "---\nsidebar_label: Nodes\n---\n# All nodes\n\nText.\n")
    site.file("docs/m/02-n/a.md", "# Topics\n\n## Names\n\n### Rules\n\nText.\n")
    site.file("docs/m/03-raw/b.md")

    crumbs = [section.metadata["breadcrumb"] for section in site.book()]

    assert crumbs == [
        ["Module 1", "All nodes"],
        ["Module 1", "Nodes", "Topics", "Names", "Rules"],
        ["Module 1", "raw", "T"],
    ]


def test_labels_of_folders_are_translated_with_the_book(site: Site) -> None:
    root = "i18n/ur/docusaurus-plugin-content-docs/current"
    site.file("docs/m/_category_.json", '{"label": "Module 1"}').file("docs/m/a.md")
    site.file(f"{root}/m/a.md")
    message = '{"sidebar.book.category.Module 1": {"message": "ماڈیول ۱"}}'
    site.file(f"{root}.json", message)

    assert [s.metadata["breadcrumb"][0] for s in site.book()] == ["Module 1", "ماڈیول ۱"]


def test_a_section_filter_reaches_pages_by_path_and_by_route(site: Site) -> None:
    site.file("docs/module-1/01-ros2-foundations.md").file("docs/module-10/a.md")

    first, tenth = (section.metadata["scopes"] for section in site.book())

    for scope in (
        "module-1",
        "module-1/01-ros2-foundations.md",
        "module-1/01",
        "module-1/ros2-foundations",
        "/module-1/ros2-foundations",
        "docs/module-1",
        "/docs/module-1/ros2-foundations",
        "/book/docs/module-1/ros2-foundations",
        "book/docs/module-1",
    ):
        assert scope in first, scope
    assert "module-1" not in tenth
    assert all(scope == scope.lower() for scope in first)
