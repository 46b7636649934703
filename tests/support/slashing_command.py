"""`signer slashing`: what it imports and exports."""

import json
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from signer.cli import main


def slashing(*arguments: str | Path) -> Result:
    """How the command ends, in this process."""
    return CliRunner().invoke(main, ["slashing", *map(str, arguments)])


def exported(data_dir: Path) -> Any:
    """The document of what a data directory has."""
    file = data_dir / "exported"
    done = slashing("export", "--data-dir", data_dir, file)
    assert 0 == done.exit_code, done.output
    return json.loads(file.read_text())


def imported(data_dir: Path, text: str) -> Result:
    """How the import of a document ends."""
    (file := data_dir / "imported").write_text(text)
    return slashing("import", "--data-dir", data_dir, file)
