"""Turn pictures into pixels, by the library CairoSVG, which the extra ``png`` has."""

from __future__ import annotations

from zfstune.values.errors import ZfstuneError

__all__ = ["check_png", "png_of"]

_SCALE = 2  # pixels for each of the picture's own: sharp on paper and dense screens


def check_png() -> None:
    """Find the library.

    Raises:
        ZfstuneError: It is not installed, or the library of C below it is not.
    """
    try:
        import cairosvg  # noqa: F401, PLC0415 (the extra that has it may be missing)
    except (ImportError, OSError):
        raise ZfstuneError(
            "cannot write PNG files: cairosvg is not installed",
            hint="pip install 'zfstune[png]', or apt install python3-cairosvg",
        ) from None


def png_of(svg: str) -> bytes:
    """Return the PNG of a picture, as it looks on a light screen.

    Raises:
        ZfstuneError: As :func:`check_png` says.
    """
    check_png()
    import cairosvg  # noqa: PLC0415 (it takes a tenth of a second)

    png: bytes = cairosvg.svg2png(bytestring=svg.encode(), scale=_SCALE)
    return png
