"""Fetches libtorch: the members of the torch wheel that the CPU needs, and for a CUDA build of it libcudart and libcupti.

    python3 fetch.py --version 2.13.0 --work FOLDER [--wheel FILE ...] [--offline]

Downloads go through pip's own client, so its index, mirrors, proxy, certificates and credentials hold. Where pip's
insides are not as expected or the server has no range requests, `pip download` fetches whole wheels. The result is
FOLDER/tree, laid out like site-packages. Each line on stdout is a JSON object: {"phase", "done", "total", "detail"} or,
last, {"result"} or {"error", "message"}. The standard library suffices with --wheel; else pip is imported.
"""

import argparse
import errno
import glob
import json
import os
import re
import shutil
import subprocess
import sys
import time
import zipfile
import zlib

from partial_wheel import Incomplete, NoRanges, PartialWheel, PartialWheelFull, spans_of

# Any CPython's wheel holds the same libtorch. This one is asked for when there is none for the running Python.
OTHER_PYTHON = "3.12"
LIBRARY = re.compile(r"\.(so(\.\d+)*|dylib|dll|lib)$")
# Parts of torch/lib that the CPU never loads: CUDA and ROCm, and what only Python uses. libtorch.so is among them in a
# CUDA build, since it is an empty shell that needs libtorch_cuda.so.
NOT_FOR_CPU = re.compile(r"cuda|nvrtc|nvshmem|cudnn|cublas|nccl|hip|roc|python|shm|global_deps|(lib)?torch\.(so|dll|lib|dylib)$")
LICENCE = re.compile(r"^[^/]+\.dist-info/(METADATA|NOTICE.*|LICENSE.*|licenses/.*)$")


class Failure(Exception):
    def __init__(self, code, message):
        super().__init__(message)
        self.code = code


def say(**line):
    print(json.dumps(line), flush=True)


class Meter:
    """Progress of one phase, at most ten lines a second."""

    def __init__(self, phase, total):
        self.phase, self.total, self.done, self.last = phase, total, 0, 0.0

    def add(self, count):
        self.done += count
        now = time.monotonic()
        if now - self.last > 0.1 or self.done >= self.total:
            self.last = now
            say(phase=self.phase, done=self.done, total=self.total)


def wanted(name, cuda):
    """Whether a member of the torch wheel, or of a CUDA runtime wheel, belongs into our copy."""
    if name.endswith("/"):
        return False
    folder, _, base = name.rpartition("/")
    if name == "torch/version.py" or name.startswith("torch/include/") or LICENCE.match(name):
        return True
    if folder in ("torch/lib", "torch/.dylibs"):
        return bool(LIBRARY.search(base)) and not NOT_FOR_CPU.search(base)
    if folder == "torch.libs":
        return True
    return cuda and name.startswith("nvidia/") and re.match(r"(lib)?(cudart|cupti)[\d_]*\.(so|dll)", base) is not None


def check_names(archive, label):
    for name in archive.namelist():
        if name.startswith(("/", "\\")) or re.match(r"^[A-Za-z]:", name) or ".." in re.split(r"[/\\]", name):
            raise Failure("file-unreadable", "%s holds a path that leaves its folder: %r" % (label, name))


def read_text(archive, pattern):
    name = next((name for name in archive.namelist() if re.match(pattern, name)), None)
    return archive.read(name).decode("utf-8", "replace") if name else ""


def runtime_requirements(metadata, extras=()):
    """Requirement lines of a wheel's METADATA that bring libcudart and libcupti: [(name, version specifier)]."""
    found = []
    for line in re.findall(r"^Requires-Dist: (.+)$", metadata, re.M):
        requirement, _, marker = line.partition(";")
        extra = re.search(r"extra\s*==\s*['\"]([^'\"]+)", marker)
        if extra and extra.group(1) not in extras:
            continue
        parts = re.match(r"\s*([A-Za-z0-9_.-]+)\s*(?:\[[^\]]*\])?\s*\(?([^)]*)\)?\s*$", requirement)
        if parts and re.match(r"(nvidia-cuda-(runtime|cupti)(-cu\d+)?|cuda-toolkit)$", parts.group(1)):
            found.append((parts.group(1), parts.group(2).strip()))
    return sorted(set(found))


class RangeSource:
    """Wheels by range requests through pip's session."""

    def __init__(self, work):
        from pip._internal.cli import cmdoptions
        from pip._internal.commands import create_command
        from pip._vendor.packaging.specifiers import SpecifierSet

        self.work, self.specifiers = work, SpecifierSet
        self.command = create_command("download")
        self.context = self.command.main_context()
        self.context.__enter__()
        self.finders = []
        for target in ([], ["--python-version", OTHER_PYTHON]):
            arguments = ["--no-deps", "--only-binary=:all:", "--no-cache-dir", "--no-input", "--dest", work]
            options, _ = self.command.parse_args(arguments + target + ["torch"])
            self.session = self.command.get_default_session(options)
            python = cmdoptions.make_target_python(options)
            finder = self.command._build_package_finder(options=options, session=self.session, target_python=python)
            self.finders.append(finder)

    def open(self, name, specifier):
        for finder in self.finders:
            best = finder.find_best_candidate(name, self.specifiers(specifier)).best_candidate
            if best is not None:
                break
        else:
            raise LookupError("%s%s" % (name, specifier))
        link = best.link
        if link.is_file:
            return open_local(link.file_path)
        path = os.path.join(self.work, link.filename)
        wheel = PartialWheel(self.session, link.url_without_fragment, link.hash or link.url_without_fragment, path)
        return zipfile.ZipFile(wheel), wheel, link.filename


class WholeSource:
    """Whole wheels by `pip download`."""

    def __init__(self, work):
        self.work = work

    def open(self, name, specifier):
        folder = os.path.join(self.work, "whole", name)
        base = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--no-input", "--quiet", "-d", folder]
        for target in ([], ["--python-version", OTHER_PYTHON]):
            say(phase="download", done=0, total=0, detail="%s, the whole wheel" % name)
            # Run where nothing of the caller's can shadow pip.
            outcome = subprocess.run(
                base + target + [name + specifier],
                cwd=self.work, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, universal_newlines=True,
            )
            if outcome.returncode == 0:
                return open_local(sorted(glob.glob(os.path.join(folder, "*.whl")))[-1])
        raise Failure("torch-download-failed", "pip cannot download %s%s:\n%s" % (name, specifier, last_lines(outcome.stdout)))


class LocalSource:
    """The CUDA runtime wheels that lie beside, or are given with, a wheel of the user's."""

    def __init__(self, wheels):
        beside = os.path.join(os.path.dirname(os.path.abspath(wheels[0])), "*.whl")
        self.wheels = list(wheels[1:]) + sorted(glob.glob(beside))

    def open(self, name, specifier):
        prefix = name.replace("-", "_") + "-"
        for wheel in self.wheels:
            if os.path.basename(wheel).startswith(prefix):
                return open_local(wheel)
        raise LookupError(name + specifier)


def open_local(path):
    try:
        return zipfile.ZipFile(path), None, os.path.basename(path)
    except zipfile.BadZipFile as error:
        size = format(os.path.getsize(path), ",")
        raise Failure("file-unreadable", "%s (%s bytes) is not a complete wheel: %s" % (path, size, error))


def last_lines(text, count=6):
    return "\n".join(line.rstrip() for line in text.strip().splitlines()[-count:])


def gather(source, torch):
    """[(archive, partial wheel or None, label)]: the torch wheel, then for a CUDA build those of its runtime."""
    archive, _, label = torch
    check_names(archive, label)
    version = read_text(archive, r"torch/version\.py$")
    if not version:
        raise Failure("file-unreadable", "%s is not a torch wheel: it holds no torch/version.py" % label)
    wheels = [torch]
    if re.search(r"^cuda\b[^=]*=\s*['\"]", version, re.M):
        todo = runtime_requirements(read_text(archive, r"torch-[^/]+\.dist-info/METADATA$"))
        while todo:
            name, specifier = todo.pop(0)
            opened = source.open(name, specifier)
            check_names(opened[0], opened[2])
            if name == "cuda-toolkit":
                todo += runtime_requirements(read_text(opened[0], r"[^/]+\.dist-info/METADATA$"), ("cudart", "cupti"))
            else:
                wheels.append(opened)
    return wheels


def lay_out(wheels, work):
    tree = os.path.join(work, "tree")
    shutil.rmtree(tree, ignore_errors=True)
    parts = [(archive, wheel, label, [i for i in archive.infolist() if wanted(i.filename, True)]) for archive, wheel, label in wheels]
    disk = sum(info.file_size for part in parts for info in part[3])
    spans = [(wheel, spans_of(infos, wheel.size)) for _, wheel, _, infos in parts if wheel]
    total = sum(b - a for _, list_of in spans for a, b in list_of)
    missing = sum(b - a for wheel, list_of in spans for span in list_of for a, b in wheel.missing(*span))
    say(phase="plan", done=0, total=missing, disk=disk, detail=", ".join(label for _, _, label in wheels))
    free = shutil.disk_usage(work).free
    if free < missing + disk:
        raise Failure("disk-full", "libtorch needs %s, %s are free in %s" % (size(missing + disk), size(free), work))
    meter = Meter("download", total)
    meter.add(total - missing)
    for wheel, list_of in spans:
        wheel.on_bytes = meter.add
        for span in list_of:
            wheel.ensure(*span)
    meter = Meter("extract", disk)
    for archive, wheel, label, infos in parts:
        try:
            for info in infos:
                extract(archive, info, tree, meter)
        except (zipfile.BadZipFile, zlib.error, EOFError, ValueError) as error:
            if wheel is None:
                raise Failure("file-unreadable", "%s is damaged: %s" % (label, error))
            wheel.forget()
            raise Failure("torch-download-failed", "what arrived of %s is damaged: %s" % (label, error))
    return tree


def extract(archive, info, tree, meter):
    target = os.path.join(tree, *info.filename.split("/"))
    os.makedirs(os.path.dirname(target), exist_ok=True)
    with archive.open(info) as member, open(target, "wb") as file:
        while True:
            block = member.read(1 << 20)
            if not block:
                break
            file.write(block)
            meter.add(len(block))


def size(count):
    return "%d MB" % round(count / 1e6)


def fetch(options, work):
    if options.wheel:
        torch = open_local(options.wheel[0])
        try:
            return lay_out(gather(LocalSource(options.wheel), torch), work)
        except LookupError as missing:
            if options.offline:
                raise Failure(
                    "file-missing",
                    "%s is a CUDA build and needs the wheel of %s beside it (two small libraries of it, no GPU)" % (torch[2], missing),
                )
        return lay_out(gather(source_for(work), torch), work)
    try:
        source = RangeSource(work)
        wheels = gather(source, source.open("torch", "==" + options.version))
    except (ImportError, AttributeError, TypeError, LookupError, NoRanges):
        # Another pip inside than we know, no candidate (pip itself says why), or a server without ranges.
        source = WholeSource(work)
        wheels = gather(source, source.open("torch", "==" + options.version))
    return lay_out(wheels, work)


def source_for(work):
    try:
        return RangeSource(work)
    except (ImportError, AttributeError, TypeError):
        return WholeSource(work)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--version", required=True)
    parser.add_argument("--work", required=True)
    parser.add_argument("--wheel", action="append")
    parser.add_argument("--offline", action="store_true")
    options = parser.parse_args()
    try:
        say(result=fetch(options, options.work))
        return 0
    except Failure as failure:
        say(error=failure.code, message=str(failure))
    except (OSError, PartialWheelFull) as error:
        cause = error.args[0] if isinstance(error, PartialWheelFull) else error
        full = getattr(cause, "errno", None) in (errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC))
        say(error="disk-full" if full else "torch-download-failed", message=str(cause))
    except Incomplete as error:
        say(error="torch-download-failed", message=str(error))
    except Exception as error:  # anything else of pip's: its own words are the best there are
        say(error="torch-download-failed", message="%s: %s" % (type(error).__name__, error))
    return 1


if __name__ == "__main__":
    sys.exit(main())
