"""A Dockerfile's steps without Docker: each stage in a folder of its own, its absolute paths below that."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

# What a stage's folder has in place of the image's own root; everything else is the machine's.
OWN = ("/opt", "/build", "/app", "/var/lib")
_PATH = re.compile(rf"(?<![\w./])({'|'.join(OWN)})(?=/|\b)")
# Accounts belong to a machine, not to a folder.
_OF_THE_MACHINE = ("groupadd", "useradd")


def instructions(text: str) -> list[tuple[str, str]]:
    """(instruction, arguments) in order, comments gone and continued lines joined."""
    lines = re.sub(r"\\\n\s*", " ", re.sub(r"(?m)^\s*#.*\n", "", text)).splitlines()
    return [(line.split()[0], line.partition(" ")[2].strip()) for line in lines if line.strip()]


@dataclass
class Stage:
    """One stage as it is after its steps."""

    root: Path
    context: Path
    workdir: str = "/"
    env: dict[str, str] = field(default_factory=dict)
    entrypoint: list[str] = field(default_factory=list)
    command: list[str] = field(default_factory=list)
    healthcheck: list[str] = field(default_factory=list)

    def below(self, text: str) -> str:
        """`text` with the image's own paths below this stage's folder."""
        return _PATH.sub(lambda found: f"{self.root}{found[0]}", text)

    def place(self, path: str) -> Path:
        """A path of the image as a path here."""
        return Path(f"{self.root}{path if path.startswith('/') else f'{self.workdir}/{path}'}")

    def run(self, command: list[str], **env: str) -> "subprocess.Popen[bytes]":
        """Start a command as the image would: in its folder, with its environment."""
        program, *rest = [self.below(part) for part in command]
        given = {**os.environ, "PATH": f"{self._python()}:{os.environ['PATH']}"}
        own = {name: self.below(value).replace("$PATH", given["PATH"]) for name, value in self.env.items()}
        found = {**given, **own, **env}
        place = self.place(".")
        return subprocess.Popen([shutil.which(program, path=found["PATH"]) or program, *rest], cwd=place, env=found)

    def step(self, name: str, arguments: str, stages: dict[str, "Stage"]) -> None:
        """Carry out one instruction."""
        if name == "ENV":
            self.env |= dict(part.partition("=")[::2] for part in shlex.split(arguments))
        elif name == "WORKDIR":
            self.workdir = arguments
            self.place(".").mkdir(parents=True, exist_ok=True)
        elif name == "COPY":
            self._copy(arguments.split(), stages)
        elif name == "RUN":
            kept = [part for part in arguments.split(" && ") if not part.startswith(_OF_THE_MACHINE)]
            if kept:
                assert self.run(["sh", "-c", " && ".join(kept)]).wait() == 0, arguments
        elif name == "ENTRYPOINT":
            self.entrypoint = json.loads(arguments)
        elif name == "CMD":
            self.command = json.loads(arguments)
        elif name == "HEALTHCHECK":
            self.healthcheck = json.loads(arguments.partition("CMD ")[2])

    def _copy(self, parts: list[str], stages: dict[str, "Stage"]) -> None:
        come_from = next((stages[part.removeprefix("--from=")] for part in parts if part.startswith("--from=")), None)
        *sources, target = [part for part in parts if not part.startswith("--")]
        for source in sources:
            origin = self.context / source if come_from is None else come_from.place(source)
            place = self.place(target) / origin.name if target.endswith("/") else self.place(target)
            place.parent.mkdir(parents=True, exist_ok=True)
            copy = shutil.copytree if origin.is_dir() else shutil.copy
            copy(origin, place, **({"symlinks": True} if origin.is_dir() else {}))

    def _python(self) -> Path:
        """A folder in which `python` is the interpreter that all this was made with."""
        place = self.root / "interpreter"
        place.mkdir(parents=True, exist_ok=True)
        if not (place / "python").exists():
            (place / "python").symlink_to(getattr(sys, "_base_executable", sys.executable))
        return place


def built(dockerfile: Path, place: Path) -> Stage:
    """The last stage, all steps carried out in the empty folder `place`."""
    stages: dict[str, Stage] = {}
    last = Stage(place, dockerfile.parent)
    for name, arguments in instructions(dockerfile.read_text()):
        if name == "FROM":
            called = arguments.partition(" AS ")[2] or "last"
            last = stages[called] = Stage(place / called, dockerfile.parent)
        else:
            last.step(name, arguments, stages)
    return last
