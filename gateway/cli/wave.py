"""`tinbao wave`: from plan to done; each module adds its commands."""

import typer

from gateway.cli import wave_approval, wave_life, wave_papers, wave_plan, wave_preview


def add_commands(app: typer.Typer) -> None:
    """Add `wave`."""
    wave = typer.Typer(help="Waves: one text to the households of villages.", no_args_is_help=True)
    for module in (wave_plan, wave_preview, wave_approval, wave_papers, wave_life):  # in the order of a wave's life
        module.add_commands(wave)
    app.add_typer(wave, name="wave")
