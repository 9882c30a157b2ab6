"""An ingest that the page starts can be watched and called off, and loses nothing."""

from pathlib import Path

import pytest

from rag import wire
from rag.config import Settings
from rag.errors import NoIndex, NoVault
from rag.page.jobs import Job, Jobs

SECONDS = 30


@pytest.fixture
def settings(vault: Path, tmp_path: Path) -> Settings:
    return Settings(vault=str(vault), index=str(tmp_path / "index"))


def test_it_reports_what_was_done(settings: Settings) -> None:
    job = Job(settings, rebuild=False)
    job.wait(SECONDS)
    assert not job.state.is_running
    assert job.state.report is not None
    assert job.state.report.added == 5
    assert wire.read_status(settings)[0].notes == 5


def test_one_that_was_called_off_leaves_nothing_half_done(settings: Settings) -> None:
    job = Job(settings, rebuild=False)
    job.cancel()
    job.wait(SECONDS)
    assert job.state.was_cancelled
    with pytest.raises(NoIndex):
        wire.read_status(settings)
    again = Job(settings, rebuild=False)
    again.wait(SECONDS)
    assert again.state.report is not None
    assert wire.check(settings, repair=False, progress=lambda *_: None) == []


def test_what_went_wrong_is_kept(settings: Settings, tmp_path: Path) -> None:
    job = Job(Settings(vault=str(tmp_path / "none"), index=settings.index), rebuild=False)
    job.wait(SECONDS)
    assert isinstance(job.state.error, NoVault)


def test_two_tabs_start_one(settings: Settings) -> None:
    jobs = Jobs()
    first = jobs.start(settings, rebuild=False)
    assert jobs.start(settings, rebuild=True) is first or not first.state.is_running
    first.wait(SECONDS)
    second = jobs.start(settings, rebuild=False)
    assert second is not first
    second.wait(SECONDS)
    assert second.state.report is not None
    assert second.state.report.unchanged == 5
