"""What each process runs when there are several (``WEB_CONCURRENCY`` above 1)."""

from fastapi import FastAPI

from api.app import create_app
from api.observability.logs import configure_logging
from settings import load_settings


def create_worker() -> FastAPI:
    """The application; logging is set up anew, as a process begins with nothing."""
    settings = load_settings()
    configure_logging(settings.log_level, settings.log_format, questions=settings.log_questions)
    return create_app(settings, own_process=True)
