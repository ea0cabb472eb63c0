"""A Docusaurus site with two versions and two locales, from its files to answers at every door."""

import json
from pathlib import Path
from typing import Any

import httpx

from standins.server import free_port
from tests.processes import environment, service

FORCE = "With how much force does the gripper of the robot close?"
BAUD = "At which baud rate does the serial port of the arm run?"
PLUGIN = "i18n/ur/docusaurus-plugin-content-docs"


def site(root: Path) -> Path:
    """Versions 2.0 and 1.0 and the next one in English and Urdu; the serial port is gone in 2.0."""

    def write(path: str, text: str) -> None:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, "utf-8")

    write(
        "docusaurus.config.js",
        "module.exports = {baseUrl: '/', i18n: {defaultLocale: 'en', locales: ['en', 'ur']}};",
    )
    write("versions.json", '["2.0", "1.0"]')
    for folder, version, newtons in (
        ("docs", "current", 60),
        ("versioned_docs/version-2.0", "version-2.0", 40),
        ("versioned_docs/version-1.0", "version-1.0", 15),
    ):
        force = f"The gripper of the robot closes with a force of {newtons} newtons."
        write(f"{folder}/gripper.md", f"# The gripper\n\n{force}\n")
        write(f"{folder}/nodes.md", "# Nodes\n\nA node is a program that publishes messages.\n")
        urdu = f"روبوٹ کا گرپر {newtons} نیوٹن کی قوت سے بند ہوتا ہے۔"
        write(f"{PLUGIN}/{version}/gripper.md", f"# گرپر\n\n{urdu}\n")
    baud = "The serial port of the arm runs at 9600 baud."
    write("versioned_docs/version-1.0/serial.md", f"# Serial port\n\n{baud}\n")
    return root


def ask(http: httpx.Client, question: str, **fields: Any) -> dict[str, Any]:
    response = http.post("/chat/invoke", json={"input": {"question": question, **fields}})
    assert response.status_code == 200, response.text
    output: dict[str, Any] = response.json()["output"]
    return output


def first(answer: dict[str, Any]) -> tuple[str, str, str]:
    source = answer["sources"][0]
    return source["version"], source["locale"], source["url"]


def test_every_version_and_locale_answers_its_own_readers(tmp_path: Path) -> None:
    env = environment(tmp_path, BOOK_DIR=str(site(tmp_path / "site")))
    with service(tmp_path, env, free_port()) as http:
        for version, newtons, url in (
            (None, "40", "/pages/docs/gripper"),
            ("1.0", "15", "/pages/docs/1.0/gripper"),
            ("current", "60", "/pages/docs/next/gripper"),
        ):
            answer = ask(http, FORCE, version=version)
            assert f"{newtons} newtons" in answer["answer"]
            assert first(answer) == (version or "2.0", "en", url)
            assert {source["version"] for source in answer["sources"]} == {version or "2.0"}
            assert http.get(url).status_code == 200

        urdu = ask(http, "روبوٹ کا گرپر کتنی قوت سے بند ہوتا ہے؟", version="1.0", locale="ur")
        assert first(urdu) == ("1.0", "ur", "/pages/ur/docs/1.0/gripper")

        older = ask(http, BAUD)
        assert older["answer"].startswith("Version 2.0 of the book does not answer this")
        assert "9600 baud" in older["answer"]
        assert first(older) == ("1.0", "en", "/pages/docs/1.0/serial")
        assert "does not answer" not in ask(http, BAUD, version="1.0")["answer"]
        assert ask(http, "Who won the world cup in Qatar?")["status"] == "not_in_book"
        _other_doors(http)


def _other_doors(http: httpx.Client) -> None:
    asked = {"messages": [{"role": "user", "content": FORCE}], "version": "1.0"}
    assert "15 newtons" in http.post("/v1/chat/completions", json=asked).text

    message = {"id": "m", "role": "user", "parts": [{"type": "text", "text": FORCE}]}
    streamed = http.post("/ai-sdk", json={"messages": [message], "version": "1.0"}).text
    deltas = [json.loads(line[6:]) for line in streamed.splitlines() if line[:7] == "data: {"]
    assert "15 newtons" in "".join(one.get("delta", "") for one in deltas)

    for query in ("q=gripper+force", "q=gripp&mode=typing"):
        for wanted, version in (("", "2.0"), ("&version=1.0", "1.0")):
            sources = http.get(f"/search?{query}{wanted}").json()["sources"]
            assert {source["version"] for source in sources} == {version}

    listed = http.get("/llms.txt").text
    assert "version-2.0/gripper" in listed
    assert "version-1.0" not in listed
