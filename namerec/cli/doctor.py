"""`doctor`: what is installed, where data lie, and what is not as it should be."""

import sys

import click

from namerec.cli.common import json_option, print_json, sentences_for_errors


@click.command()
@click.option("--licences", is_flag=True, help="List the licence of each package instead.")
@json_option
@sentences_for_errors
def doctor(licences: bool, as_json: bool) -> None:
    """Check for what is missing, damaged or left over, and say how to repair it.

    Changes nothing. Exit code 0 if all is well, 1 if there are problems.
    """
    if licences:
        _list_licences(as_json=as_json)
        return
    from namerec.cli.checkup import check_up

    answers, problems = {}, 0
    for findings in check_up():
        facts = ", ".join(
            f"{name} {'–' if value is None else value}" for name, value in findings.facts.items()
        )
        click.echo(_printable(f"{findings.title}: {facts or 'as by default'}"))
        for problem in findings.problems:
            click.echo(_printable(f"  problem: {problem}"))
        problems += len(findings.problems)
        answers[findings.title] = {"facts": findings.facts, "problems": findings.problems}
    click.echo("All is well." if not problems else f"Problems: {problems}")
    if as_json:
        print_json({"well": not problems, "problems": problems, **answers})
    sys.exit(1 if problems else 0)


def _list_licences(*, as_json: bool) -> None:
    from namerec.cli.licences import licences

    found = licences()
    for one in found:
        click.echo(_printable(f"{one.package} {one.version}: {one.licence}"))
    if as_json:
        print_json({"licences": [one._asdict() for one in found]})


def _printable(text: str) -> str:
    """One line, whatever a file's name holds; what no encoding has is shown as its code."""
    clean = text.encode(errors="backslashreplace").decode()
    return "".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in clean)
