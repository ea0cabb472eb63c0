"""Creates or updates a Hugging Face Space: ``python -m scripts.space OWNER/NAME``.

Uploads the files of the last commit, as one commit that names it. Secrets are taken from the
environment by name and are never printed. ``--dry-run`` shows what would happen, without network.
"""

import argparse
import os
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from settings import ROOT, Settings

KNOWN: Final = {
    str(field.validation_alias or name.upper()) for name, field in Settings.model_fields.items()
}
NOT_FOR_A_SPACE: Final = {"HOST", "PORT"}


class WrongUseError(Exception):
    """Said to the caller in one line."""


@dataclass(frozen=True)
class Plan:
    """What will be done."""

    repo_id: str
    commit: str
    secrets: dict[str, str]
    variables: dict[str, str]
    private: bool

    def __str__(self) -> str:
        """For people; no secret's value."""
        variables = [f"variable {name}={value}" for name, value in self.variables.items()]
        lines = [
            f"Space {self.repo_id} (docker{', private' if self.private else ''})",
            *(f"secret {name}" for name in self.secrets),
            *variables,
            f"files of commit {self.commit}",
        ]
        return "\n".join(lines)


def plan(options: argparse.Namespace, environment: dict[str, str]) -> Plan:
    """Raises WrongUseError when a name is unknown or a secret is not in the environment."""
    variables = dict(_pair(text) for text in options.variable)
    for name in [*options.secret, *variables]:
        if name not in KNOWN - NOT_FOR_A_SPACE:
            raise WrongUseError(f"{name} is no setting of Book Chat (see docs/configuration.md)")
    missing = [name for name in options.secret if not environment.get(name)]
    if missing:
        raise WrongUseError(f"{missing[0]} is not set in the environment")
    if options.repo_id.count("/") != 1:
        raise WrongUseError("the Space is named OWNER/NAME")
    commit = _git("rev-parse", "--short=12", "HEAD").decode().strip()
    secrets = {name: environment[name] for name in options.secret}
    variables["GIT_COMMIT"] = commit
    return Plan(options.repo_id, commit, secrets, variables, options.private)


def _pair(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign:
        raise WrongUseError(f"{text}: a variable is NAME=value")
    return name, value


def _git(*arguments: str) -> bytes:
    command = ["git", "-C", str(ROOT), *arguments]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout  # noqa: S603 - git, with arguments of our own


def carry_out(wanted: Plan, token: str | None, endpoint: str | None = None) -> str:
    """Creates the Space if need be, sets everything, uploads; returns the Space's address."""
    from huggingface_hub import HfApi  # takes a second to import; a dry run needs none of it

    hub = HfApi(endpoint=endpoint, token=token)
    space = hub.create_repo(
        wanted.repo_id,
        repo_type="space",
        space_sdk="docker",
        private=wanted.private or None,
        exist_ok=True,
    )
    for name, value in wanted.secrets.items():
        hub.add_space_secret(wanted.repo_id, name, value)
    for name, value in wanted.variables.items():
        hub.add_space_variable(wanted.repo_id, name, value)
    with tempfile.TemporaryDirectory() as folder:
        _unpack(Path(folder))
        hub.upload_folder(
            repo_id=wanted.repo_id,
            repo_type="space",
            folder_path=folder,
            delete_patterns="*",
            commit_message=f"Book Chat at {wanted.commit}",
        )
    return str(space)


def _unpack(folder: Path) -> None:
    """The last commit's files: nothing uncommitted, ignored or secret."""
    archive = folder / "commit.tar"
    archive.write_bytes(_git("archive", "HEAD"))
    with tarfile.open(archive) as tar:
        tar.extractall(folder, filter="data")
    archive.unlink()


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status: 0 done, 1 something is missing."""
    parser = argparse.ArgumentParser(prog="python -m scripts.space", description=__doc__)
    parser.add_argument("repo_id", metavar="OWNER/NAME")
    parser.add_argument("--secret", action="append", default=[], metavar="NAME")
    parser.add_argument("--variable", action="append", default=[], metavar="NAME=value")
    parser.add_argument("--private", action="store_true")
    parser.add_argument("--dry-run", action="store_true", help="print the plan and stop")
    options = parser.parse_args(arguments)
    try:
        wanted = plan(options, dict(os.environ))
    except WrongUseError as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    sys.stdout.write(f"{wanted}\n")
    if not options.dry_run:
        sys.stdout.write(f"{carry_out(wanted, os.environ.get('HF_TOKEN'))}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
