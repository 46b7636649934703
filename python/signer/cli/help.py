"""The --help of a command whose flags are grouped, as the fields of `Config` say."""

from dataclasses import fields

import click

from ..config.flags import by_group
from ..config.settings import Config
from .options import Flag


class GroupedCommand(click.Command):
    """A command whose --help has a section for each group of flags."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Writes what is no field of Config first, such as --config, then each group."""
        lines = {}
        others = []
        for parameter in self.get_params(ctx):
            line = parameter.get_help_record(ctx)
            if isinstance(parameter, Flag):
                lines[parameter.declared.name] = line
            elif line:
                others.append(line)
        sections = {"Options": others}
        for group, members in by_group(fields(Config)).items():
            lines_of_group = [lines.get(declared.name) for declared in members]
            sections[group] = [line for line in lines_of_group if line]
        for title, section in sections.items():
            if section:
                with formatter.section(title):
                    formatter.write_dl(section)
