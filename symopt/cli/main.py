"""The command ``symopt``: the table of commands, and what an error becomes.

Whatever goes wrong is one line on standard error and an exit status; a traceback is shown only where
``SYMOPT_TRACEBACK`` is set.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import click

from symopt import __version__
from symopt.errors import SymoptError, nearest

INTERRUPTED = 130
# What no message of ours foresaw; sysexits.h calls it EX_SOFTWARE.
INTERNAL_ERROR = 70

# command -> what it does; each stands in the module of its name beside this one, with _ for -.
COMMANDS: Mapping[str, str] = {
    "list": "The rules of the catalogue, with source and class.",
    "show": "The update as statements and equations.",
    "compare": "Are the two the same optimizer?",
    "identify": "Which rule of the catalogue is this?",
    "matrix": "Compare all pairs: a table.",
    "convert-state": "The state of one optimizer as that of another that is proved to be the same.",
    "prove": "Settle the theorems and re-check their proofs.",
    "generate": "Write kernels for the backends.",
    "check": "Generated kernels: run against each other, and proved to be their rules.",
    "explain": "The passes, one after the other, with operation counts.",
    "new": "A rule file to start from.",
    "doctor": "What is installed, and what each missing piece would enable.",
}


class LazyGroup(click.Group):
    """A group that imports a command's module only when the command runs."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The commands in the order of the table, for help and completion."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of a name; for help and completion its summary is enough."""
        if cmd_name not in COMMANDS:
            return None
        command = importlib.import_module(f"symopt.cli.{cmd_name.replace('-', '_')}").command
        assert isinstance(command, click.Command)
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; an interrupt is passed on as click's own, which adds no empty line."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            raise click.Abort() from None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that the arguments name; an unknown one is answered with the nearest."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            raise click.UsageError(f"no command is called {args[0]!r}; {nearest(args[0], COMMANDS)}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The table of commands, without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="symopt", message="%(prog)s %(version)s")
def group() -> None:
    """Optimizer update rules written once: proofs, kernels and equations from one text.

    A TARGET is a rule's name (adamw), with options and values fixed in brackets
    (adamw[amsgrad=True]), or anyone's code: torch.optim.AdamW, optax.adamw,
    keras.optimizers.Adam, opt.py:MyAdam, opt.py:step, kernel.c:adamw_step.
    A target in a Python file runs that file; C is read and never run.
    """


def main(args: Sequence[str] | None = None) -> None:
    """Run the command line and exit with its status."""
    sys.exit(run(args))


def run(args: Sequence[str] | None = None) -> int:
    """Run the command line; the exit status."""
    output = sys.stdout
    try:
        status = group.main(args=list(args) if args is not None else None, prog_name="symopt", standalone_mode=False)
        if sys.stdout is not None:  # it is None where the shell has closed it
            sys.stdout.flush()
        return status if isinstance(status, int) else 0
    except click.exceptions.NoArgsIsHelpError:
        return _complain(
            f"no command is given; known: {', '.join(COMMANDS)}; see symopt --help", SymoptError.exit_status
        )
    except click.ClickException as error:
        return _complain(_usage(error), error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        return _complain("interrupted", INTERRUPTED)
    except SymoptError as error:
        return _complain(str(error), error.exit_status)
    except BrokenPipeError:
        _drop_output()
        return 0
    except SystemExit as error:
        # So click ends completion; where the reader has gone, it puts another standard output in place first.
        return error.code if isinstance(error.code, int) and sys.stdout is output else 0
    except OSError as error:
        _drop_what_cannot_be_written()
        where = f"{error.filename}: " if error.filename else ""
        return _complain(f"{where}{error.strerror or error}", SymoptError.exit_status)
    except Exception as error:  # a fault of ours: still one line for the user, the traceback on request
        if os.environ.get("SYMOPT_TRACEBACK"):
            raise
        what = f"{type(error).__name__}: {error}".rstrip(": ")
        return _complain(f"internal error: {what}; SYMOPT_TRACEBACK=1 shows where", INTERNAL_ERROR)


def _drop_output() -> None:
    """The reader has had enough; Python would complain again when it flushes at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _drop_what_cannot_be_written() -> None:
    """Python flushes standard output at exit and has a status of its own for failing at it."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError:
        _drop_output()


def _usage(error: click.ClickException) -> str:
    """A usage error with the command that explains the usage."""
    context = getattr(error, "ctx", None)
    message = error.format_message().rstrip(".")
    return f"{message}; see {context.command_path} --help" if context is not None else message


def _complain(message: str, status: int) -> int:
    if sys.stderr is not None:
        print("symopt: " + " ".join(message.split()), file=sys.stderr)
    return status
