"""Opens one pickled checkpoint, once, where it can do least harm. Run as a program, never imported.

A pickle can run any code it likes while it is loaded. So this runs in a process of its own, with an
empty environment, in a folder of its own, without a network where the system allows that (a network
namespace on Linux), with small limits, and with an audit hook that refuses sockets, processes,
databases, and writing, moving or removing anything elsewhere. The hook is a seat belt and no wall;
the wall is that the file's SHA-256 was checked before. What comes out is safetensors and JSON, and
the library's own answers to compare with.

    python -I unpickle.py SOURCE OUT BASE    (the texts to answer come as JSON on standard input)
"""

import ctypes
import io
import json
import os
import resource
import sys
from pathlib import Path
from typing import Any

NEW_USER, NEW_NET = 0x10000000, 0x40000000
CPU_SECONDS = 900
FILE_BYTES = 4 << 30
REFUSED = (
    *("socket.", "subprocess.", "sqlite3."),
    *("os.system", "os.exec", "os.posix_spawn", "os.fork", "os.kill"),
)
CHANGES = {
    "os.remove": 1,
    "os.rmdir": 1,
    "os.mkdir": 1,
    "os.truncate": 1,
    "os.chmod": 1,
    "os.chown": 1,
    "os.utime": 1,
    "os.setxattr": 1,
    "os.removexattr": 1,
    "os.rename": 2,
    "os.link": 2,
    "os.symlink": 2,
}
"""What changes a file or folder without opening it, and how many paths each such event begins with.
Both of two count: a link in our own folder to a file elsewhere would be a way to write there."""


def leave_the_network() -> bool:
    """Enter a network namespace with nothing in it; whether the system allowed it."""
    try:
        return bool(ctypes.CDLL(None).unshare(NEW_USER | NEW_NET) == 0)
    except (OSError, AttributeError):
        return False


def set_limits() -> None:
    """Bound processor time and file size; leave no core behind."""
    for what, most in (
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_FSIZE, FILE_BYTES),
        (resource.RLIMIT_CORE, 0),
    ):
        hard = resource.getrlimit(what)[1]
        bound = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(what, (bound, bound))


def refuse_the_rest(out: Path) -> None:
    """From here on: no sockets, no processes, no change outside of `out`. Cannot be undone."""

    def hook(event: str, args: tuple[Any, ...]) -> None:
        if event.startswith(REFUSED):
            raise PermissionError(f"a checkpoint tried {event}")
        if event == "open" and _writes(args) and not _may_write(args, out):
            raise PermissionError("a checkpoint tried to write a file")
        if not all(_is_ours(path, out) for path in args[: CHANGES.get(event, 0)]):
            raise PermissionError(f"a checkpoint tried {event}")

    sys.addaudithook(hook)


def _writes(args: tuple[Any, ...]) -> bool:
    mode, flags = args[1], args[2]
    if isinstance(mode, str) and set(mode) & set("wax+"):
        return True
    writing = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
    return isinstance(flags, int) and bool(flags & writing)


def _may_write(args: tuple[Any, ...], out: Path) -> bool:
    path, mode = args[0], args[1]
    if isinstance(path, int):
        return True
    name = os.fsdecode(path)
    if mode is None and not os.path.isabs(name):
        return False  # `os.open` may mean it from any open folder, and its event does not say so.
    return name == os.devnull or _lies_in(out, os.path.realpath(name))


def _is_ours(path: Any, out: Path) -> bool:
    """Whether it lies in `out` itself and, where it is a link, leads nowhere else.

    Only whole paths count, for the same reason; and a number may be a file opened to be read.
    """
    if isinstance(path, int):
        return False
    name = os.fsdecode(path)
    folder, last = os.path.split(name)
    place = os.path.join(os.path.realpath(folder), last)
    both = (place, os.path.realpath(name))
    return os.path.isabs(name) and all(_lies_in(out, one) for one in both)


def _lies_in(out: Path, name: str) -> bool:
    return name.startswith(str(out) + os.sep)


def opened(source: Path) -> tuple[dict[str, Any], str]:
    """The checkpoint, and whether reading it took more than plain tensors."""
    import pickle

    import torch

    try:
        loaded = torch.load(source, map_location="cpu", weights_only=True)
        return _checked(loaded), "tensors only"
    except pickle.UnpicklingError:
        loaded = torch.load(source, map_location="cpu", weights_only=False)
        return _checked(loaded), "full pickle"


def _checked(loaded: Any) -> dict[str, Any]:
    try:
        loaded["config"]["arch"]["args"]["num_classes"]
        loaded["config"]["dataset"]["args"]["classes"]
        dict(loaded["state_dict"])
    except (KeyError, TypeError, ValueError, IndexError):
        raise SystemExit("not_a_checkpoint") from None
    return dict(loaded)


def main() -> None:
    """Open SOURCE, write what it holds to OUT, and answer the texts with the library itself."""
    source, out, base = (Path(os.path.realpath(name)) for name in sys.argv[1:4])
    texts: list[str] = json.load(sys.stdin)
    isolated = leave_the_network()
    import torch
    from detoxify import Detoxify
    from safetensors.torch import save_file
    from transformers.utils import logging

    quiet: Any = logging
    quiet.set_verbosity_error()
    quiet.disable_progress_bar()
    torch.set_num_threads(1)
    set_limits()
    refuse_the_rest(out)
    loaded, how = opened(source)
    arch = dict(loaded["config"]["arch"]["args"])
    weights = {
        str(name): tensor.detach().to(torch.float32).contiguous().clone()
        for name, tensor in loaded["state_dict"].items()
        if not str(name).endswith("position_ids")
    }
    save_file(weights, out / "model.safetensors", metadata={"format": "pt"})
    about = {
        "arch": {k: arch[k] for k in ("num_classes", "model_name", "tokenizer_name")},
        "classes": [str(name) for name in loaded["config"]["dataset"]["args"]["classes"]],
        "opened_as": how,
        "network": "none" if isolated else "refused",
    }
    (out / "about.json").write_text(json.dumps(about), encoding="utf-8")
    arch["model_type"] = str(base)
    again = io.BytesIO()
    config = {"arch": {"args": arch}, "dataset": {"args": {"classes": about["classes"]}}}
    torch.save({"state_dict": weights, "config": config}, again)
    again.seek(0)
    answers = Detoxify(checkpoint=again).predict(texts)
    (out / "answers.json").write_text(json.dumps(answers), encoding="utf-8")


if __name__ == "__main__":
    main()
