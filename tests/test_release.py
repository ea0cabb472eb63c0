"""A release has one version, a dated CHANGELOG part, a commit and a tag."""

import subprocess
from datetime import date
from pathlib import Path

import pytest

from scripts.release import ReleaseError, main, prepare

VERSION_FILE = 'VERSION: Final = "1.9.0"\n'
CHANGELOG = (
    "# Changelog\n\n## [Unreleased]\n\n### Added\n- A door.\n\n## [1.9.0] - 2026-01-01\n- Old.\n"
)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "api").mkdir()
    (tmp_path / "api/version.py").write_text(VERSION_FILE)
    (tmp_path / "CHANGELOG.md").write_text(CHANGELOG)
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "config", "user.email", "a@b.example")
    git(tmp_path, "config", "user.name", "A B")
    git(tmp_path, "add", "--all")
    git(tmp_path, "commit", "--quiet", "--message", "Begin")
    return tmp_path


def git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", *arguments], cwd=folder, check=True, capture_output=True, text=True
    )
    return done.stdout


def test_the_unreleased_part_gets_its_number_and_date() -> None:
    release = prepare("1.10.0", VERSION_FILE, CHANGELOG, date(2026, 11, 21))

    assert release.version_file == 'VERSION: Final = "1.10.0"\n'
    assert (
        "## [Unreleased]\n\n## [1.10.0] - 2026-11-21\n\n### Added\n- A door.\n" in release.changelog
    )
    assert release.changelog.endswith("## [1.9.0] - 2026-01-01\n- Old.\n")


@pytest.mark.parametrize("version", ["1.9.0", "1.8.7", "2", "v2.0.0", "2.0.0rc1"])
def test_only_a_greater_version_is_released(version: str) -> None:
    with pytest.raises(ReleaseError):
        prepare(version, VERSION_FILE, CHANGELOG, date(2026, 11, 21))


def test_nothing_is_released_when_nothing_changed() -> None:
    with pytest.raises(ReleaseError, match="nothing under Unreleased"):
        prepare("2.0.0", VERSION_FILE, "## [Unreleased]\n\n## [1.9.0]\n", date(2026, 11, 21))


def test_a_dry_run_shows_the_notes_and_writes_nothing(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["2.0.0", "--dry-run"], project) == 0

    assert "would release 2.0.0:\n\n### Added\n- A door." in capsys.readouterr().out
    assert git(project, "status", "--porcelain") == ""
    assert git(project, "tag") == ""


def test_a_release_is_committed_and_tagged(project: Path) -> None:
    assert main(["2.0.0"], project) == 0

    assert git(project, "log", "-1", "--format=%s").strip() == "Release 2.0.0"
    assert "A door." in git(project, "tag", "--list", "--format=%(contents)", "v2.0.0")
    assert '"2.0.0"' in (project / "api/version.py").read_text()


def test_a_release_with_uncommitted_changes_is_refused(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "CHANGELOG.md").write_text(CHANGELOG + "- More.\n")

    assert main(["2.0.0"], project) == 1
    assert "not committed" in capsys.readouterr().err
