"""Find the ZFS that a command line works on: the kernel's, or an image."""

from __future__ import annotations

import os
import sys
from argparse import ArgumentTypeError

from zfstune.engine import open as opening
from zfstune.values.errors import ZfstuneError, ZfsUnavailable

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse

    from zfstune.engine.protocol import Engine


__all__ = [
    "IMAGE_VARIABLE",
    "WITHOUT_ZFS",
    "image_name",
    "image_path",
    "open_zfs",
    "uses_image",
    "uses_kernel",
]

IMAGE_VARIABLE = "ZFSTUNE_IMAGE"

WITHOUT_ZFS = (
    "without it, try this on a pool in a plain file: zfstune image create demo.zpool "
    "--size 4G, and then the same command with --image demo.zpool"
)


def open_zfs(args: argparse.Namespace) -> Engine:
    """Open the image that ``--image`` or the environment names, else the kernel's ZFS."""
    path = image_path(args)
    try:
        if args.take_over_from:
            engine = opening.open_engine(path, take_over_from=args.take_over_from)
        else:
            engine = opening.open_engine(path)
    except ZfsUnavailable as error:
        if not path:
            error.hint = "; ".join(filter(None, (error.hint, WITHOUT_ZFS)))
        raise
    except ZfstuneError as error:
        if path and not args.image:  # nobody typed that name
            error.hint = "; ".join(
                filter(None, (error.hint, f"${IMAGE_VARIABLE} names this file"))
            )
        raise
    if args.say_more:
        release = ".".join(map(str, engine.limits.release))
        place = f"'{engine.file}'" if engine.file else "the running kernel"
        print(f"zfstune: OpenZFS {release}, {place}", file=sys.stderr)
    return engine


def image_name(text: str) -> str:
    """Check the name of an image on the command line.

    ``--image "$FILE"`` gives an empty name where the variable is not set. The command
    must not work on the kernel's pools then.

    Raises:
        ArgumentTypeError: The name is empty.
    """
    if not text:
        raise ArgumentTypeError("the name of the file is empty")
    return text


def uses_image(args: argparse.Namespace) -> bool:
    """Tell whether ``--image`` or the environment names an image."""
    return image_path(args) is not None


def uses_kernel(args: argparse.Namespace) -> bool:
    """Tell whether the command works on the running kernel's ZFS."""
    # The verbs of `zfstune image` name their image as an argument.
    return image_path(args) is None and not hasattr(args, "image_file")


def image_path(args: argparse.Namespace) -> str | None:
    """Return the path of the image that ``--image`` or the environment names."""
    return args.image or os.environ.get(IMAGE_VARIABLE) or None
