"""``book-chat serve | index | ask | eval | smoke``: the commands of a clone, without a clone."""

import os
import runpy
import sys
from pathlib import Path
from typing import Final

APP: Final = Path(__file__).resolve().parent / "app"
MODULES: Final = {"serve": "api", "index": "loaders", "eval": "evals", "smoke": "deploy.smoke"}
USAGE: Final = """usage: book-chat COMMAND [OPTIONS]

  serve             serve the chat on PORT (7860)
  index [SOURCE]    index a book: a folder, a file or the address of a site
  ask QUESTION      one answer in the terminal, with its sources
  eval              retrieval and answer quality on a question set
  smoke URL         does a deployed service work, seen from outside?

Settings come from the environment and from .env in this folder: COHERE_API_KEY, BOOK_DIR, PORT
and more. `book-chat COMMAND --help` shows the options of a command.
"""


def main() -> int:
    """Exit status of the command; 2 for a command that does not exist."""
    command, arguments = (sys.argv[1:2] or ["--help"])[0], sys.argv[2:]
    if command in ("-h", "--help"):
        sys.stdout.write(USAGE)
        return 0
    # The rooms of the service have common names. Only this program's process sees them.
    sys.path.insert(0, str(APP))
    os.environ["PYTHONPATH"] = os.pathsep.join([str(APP), os.environ.get("PYTHONPATH", "")])
    if command == "ask":
        from scripts.ask import ask  # found only now that APP is on the path

        return ask(" ".join(arguments))
    if command not in MODULES:
        sys.stderr.write(f"book-chat: there is no command {command}\n\n{USAGE}")
        return 2
    sys.argv = [f"book-chat {command}", *arguments]
    runpy.run_module(MODULES[command], run_name="__main__", alter_sys=True)
    return 0
