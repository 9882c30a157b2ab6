"""`rag doctor`."""

from dataclasses import asdict

import click

from rag import wire_doctor
from rag.cli import options
from rag.cli.output import one_line, plural, put, put_json, say
from rag.cli.streams import FAILED
from rag.config import Settings
from rag.errors import BadSettings


@click.command()
@options.index
@options.as_json
def doctor(*, index: str | None, as_json: bool) -> int:
    """Tell what works here, and what to do about the rest.

    Nothing is changed, no model is loaded, and nobody beyond this machine is asked. The exit code
    is 0 where all works that your settings need.
    """
    problem = None
    settings = Settings().override({"index": index}, "command line")
    try:
        settings = options.settings(index=index)
    except BadSettings as error:
        problem = error
    findings = []
    for finding in wire_doctor.examine(settings, problem):
        findings.append(finding)
        if not as_json:
            state = "ok" if finding.ok else "broken" if finding.needed else "missing"
            remedy = f"; {finding.remedy}" if finding.remedy else ""
            put(one_line(f"{state:8} {finding.name:10} {finding.detail}{remedy}"))
    broken = [finding for finding in findings if finding.needed and not finding.ok]
    if as_json:
        put_json({"ok": not broken, "findings": [asdict(finding) for finding in findings]})
    elif broken:
        say(f"rag: {plural(len(broken), 'thing')} to mend: {', '.join(f.name for f in broken)}")
    return FAILED if broken else 0
