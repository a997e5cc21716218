"""A folder below a permitted one, and nothing else of the server."""

import os
from pathlib import Path

import pytest

from fiscal.by_file.cells import FileError
from fiscal.by_file.folder import (
    DONE,
    FAILED,
    Folder,
    check_path,
    is_within,
    roots_of,
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "root" / "in").mkdir(parents=True)
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret.csv").write_text("secret")
    return tmp_path / "root"


def opened(root: Path, *below: str) -> Folder:
    return Folder(str(root.joinpath(*below)), [str(root)])


def test_only_below_permitted_folders(root: Path) -> None:
    for path in (
        root.parent / "outside",
        root.parent,
        f"{root}/../outside",
        f"{root}/in/../../outside",
        f"{root}-evil",
        "root/in",
        "",
        "/",
        f"{root}/in\0",
    ):
        with pytest.raises(FileError, match="not below a folder"):
            Folder(str(path), [str(root)])
        with pytest.raises(FileError, match="not below a folder"):
            check_path(str(path), [str(root)])
    with pytest.raises(FileError, match="No folder is permitted"):
        Folder(str(root), [])
    for bad in ("/", "relative", f"{root}/../outside"):
        with pytest.raises(FileError, match="not below a folder"):
            Folder(str(root / "in"), [bad])


def test_links_lead_nowhere(root: Path) -> None:
    outside = root.parent / "outside"
    (root / "link").symlink_to(outside)
    (root / "in" / "deep").symlink_to(outside)
    for below in (("link",), ("in", "deep"), ("link", "in")):
        with pytest.raises(FileError, match="cannot be opened"):
            opened(root, *below)
    (root / "in" / "a.csv").symlink_to(outside / "secret.csv")
    (root / "in" / "done").symlink_to(outside)
    (root / "in" / "b.csv").write_text("b")
    with opened(root, "in") as folder:
        assert folder.names() == ["b.csv"]
        with pytest.raises(FileError):
            folder.content("a.csv", 100)
        with pytest.raises(FileError):
            folder.move("b.csv", DONE)
    assert os.listdir(outside) == ["secret.csv"]


def test_a_link_put_in_place_meanwhile(root: Path) -> None:
    """What is open stays what it is, whatever the path leads to by now."""
    (root / "in" / "b.csv").write_text("b")
    with opened(root, "in") as folder:
        (root / "in").rename(root / "moved")
        (root / "in").symlink_to(root.parent / "outside")
        assert folder.content("b.csv", 100) == b"b"
        folder.move("b.csv", DONE)
    assert (root / "moved" / "done" / "b.csv").read_text() == "b"


def test_a_permitted_folder_may_be_a_link_itself(root: Path) -> None:
    link = root.parent / "mnt"
    link.symlink_to(root)
    (root / "in" / "b.csv").write_text("b")
    with Folder(str(link / "in"), [str(link)]) as folder:
        assert folder.content("b.csv", 100) == b"b"


@pytest.mark.parametrize(
    "name", ["../a.csv", "a/b.csv", ".a.csv", "", "x" * 201, "a\0"]
)
def test_names_lead_nowhere(root: Path, name: str) -> None:
    with opened(root, "in") as folder:
        for attempt in (
            lambda: folder.content(name, 10),
            lambda: folder.prepare(name, b""),
            lambda: folder.publish(name),
            lambda: folder.move(name, DONE),
        ):
            with pytest.raises(FileError, match="no name of a file"):
                attempt()


def test_what_is_no_plain_file(root: Path) -> None:
    os.mkfifo(root / "in" / "pipe.csv")
    (root / "in" / "folder.csv").mkdir()
    with opened(root, "in") as folder:
        assert folder.names() == []
        for name in ("pipe.csv", "folder.csv"):
            with pytest.raises(FileError):
                folder.content(name, 10)


def test_names_in_order_of_whole_files(root: Path) -> None:
    for name in ("b.csv", "a.CSV", "c.txt", ".d.csv.part"):
        (root / "in" / name).write_text("x")
    with opened(root, "in") as folder:
        assert folder.names(".csv") == ["a.CSV", "b.csv"]
        assert folder.names(".csv", quiet_seconds=60) == []
        os.utime(root / "in" / "b.csv", (1, 1))
        assert folder.names(".csv", quiet_seconds=60) == ["b.csv"]
        assert folder.content("b.csv", 0) == b"x", "one more tells that it is too large"


def test_published_once(root: Path) -> None:
    with opened(root, "in") as folder:
        folder.prepare("a.csv", b"first")
        folder.prepare("a.csv", b"again")
        assert folder.names() == []
        assert folder.publish("a.csv")
        assert (root / "in" / "a.csv").read_bytes() == b"again"
        assert not folder.publish("a.csv")
        (root / "in" / "a.csv").unlink()
        assert not folder.publish("a.csv"), "it was taken, and does not come back"
        assert os.listdir(root / "in") == []


def test_nobody_is_overwritten(root: Path) -> None:
    (root / "in" / "a.csv").write_text("theirs")
    with opened(root, "in") as folder:
        folder.prepare("a.csv", b"ours")
        with pytest.raises(FileError, match="another file"):
            folder.publish("a.csv")
        folder.discard("a.csv")
        folder.discard("a.csv")
    assert os.listdir(root / "in") == ["a.csv"]
    assert (root / "in" / "a.csv").read_text() == "theirs"


def test_moved_and_kept(root: Path) -> None:
    with opened(root, "in") as folder:
        for _twice in range(2):
            (root / "in" / "a.csv").write_text("x")
            folder.move("a.csv", FAILED)
        folder.keep(FAILED, "a-errors.csv", b"wrong")
        folder.keep(FAILED, "a-errors.csv", b"wrong again")
        with pytest.raises(FileError):
            folder.move("a.csv", DONE)
        with pytest.raises(ValueError):
            folder.move("a.csv", "..")
    assert sorted(os.listdir(root / "in" / FAILED)) == [
        "a-2.csv",
        "a-errors.csv",
        "a.csv",
    ]
    assert (root / "in" / FAILED / "a-errors.csv").read_bytes() == b"wrong"


def test_settings() -> None:
    assert roots_of(" /a, /b ,,") == ["/a", "/b"]
    assert is_within("/a/b", "/a")
    assert is_within("/a", "/a")
    assert not is_within("/ab", "/a")
