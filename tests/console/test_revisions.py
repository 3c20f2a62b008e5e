"""Route files of git revisions: what is taken out of a repository, what is left out, and what is refused."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from sluicegate.console import revisions
from sluicegate.console.options import UnusableError
from sluicegate.console.revisions import revision

from .sluice import write

FILE = "host: a.test\nendpoints:\n  GET /a: http://127.0.0.1:1/\n"


def git(folder: Path, *arguments: str, given: str = "") -> str:
    ran = subprocess.run(
        ["git", "-c", "user.name=a", "-c", "user.email=a@a.test", *arguments],
        cwd=folder,
        check=True,
        capture_output=True,
        text=True,
        input=given,
    )
    return ran.stdout.strip()


def commit(folder: Path) -> None:
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "x")


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository that is the working directory: routes in a folder, one of them below another, and what is none."""
    write(
        tmp_path,
        {
            "routes/a.yaml": FILE,
            "routes/sub/b.yml": FILE + "# b\n",
            "routes/gateway.yaml": "{}\n",
            "routes/notes.txt": "no route file",
        },
    )
    git(tmp_path, "init", "-q")
    commit(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def taken(named: str) -> dict[str, str]:
    """The files that a revision comes to, with their text."""
    with revision(named) as source:
        return {
            str(path.relative_to(source.folder)): path.read_text()
            for path in source.folder.rglob("*")
            if path.is_file()
        }


def refused(named: str) -> str:
    with pytest.raises(UnusableError) as caught, revision(named):
        pass
    return caught.value.message


def test_a_folder_of_a_revision_is_its_route_files_as_they_were(repository: Path) -> None:
    write(repository, {"routes/a.yaml": "changed", "routes/new.yaml": "new"})
    assert taken("HEAD:routes") == {"a.yaml": FILE, "sub/b.yml": FILE + "# b\n", "gateway.yaml": "{}\n"}


def test_a_path_from_the_working_directory_is_written_as_git_has_it(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(repository / "routes")
    assert taken("HEAD:./sub") == {"b.yml": FILE + "# b\n"}


def test_one_file_is_read_with_the_gateways_own_file_beside_it(repository: Path) -> None:
    with revision("HEAD:routes/a.yaml") as source:
        assert source.names == {"a.yaml"}
        assert (source.folder / "gateway.yaml").read_text() == "{}\n"
        assert source.path("a.yaml") == "HEAD:routes/a.yaml"


def test_the_top_of_a_repository_can_be_named(repository: Path) -> None:
    write(repository, {"top.yaml": FILE})
    commit(repository)
    with revision("HEAD:") as source:
        assert (source.folder / "top.yaml").read_text() == FILE
        assert source.path("top.yaml") == "HEAD:./top.yaml"
    with revision("HEAD:top.yaml") as source:
        assert source.names == {"top.yaml"}


def test_the_temporary_folder_is_gone_afterwards(repository: Path) -> None:
    with revision("HEAD:routes") as source:
        folder = source.folder
        assert folder.is_dir()
    assert not folder.exists()


def test_names_with_blanks_and_other_letters_are_kept_and_empty_files_too(repository: Path) -> None:
    write(repository, {"odd/ä b\n.yaml": FILE, "odd/empty.yaml": ""})
    commit(repository)
    assert taken("HEAD:odd") == {"ä b\n.yaml": FILE, "empty.yaml": ""}


def test_links_and_submodules_are_left_out_and_said(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (repository / "routes" / "link.yaml").symlink_to("/etc/passwd")
    git(repository, "add", "-A")
    git(repository, "update-index", "--add", "--cacheinfo", f"160000,{git(repository, 'rev-parse', 'HEAD')},routes/m")
    git(repository, "commit", "-qm", "x")
    assert "link.yaml" not in taken("HEAD:routes")
    assert capsys.readouterr().err.splitlines() == [
        "sluice: HEAD:routes: link.yaml: a symbolic link of a revision is left out",
        "sluice: HEAD:routes: m: a submodule of a revision is left out",
    ]


def test_a_name_that_leads_out_of_the_folder_is_refused(repository: Path) -> None:
    blob = git(repository, "hash-object", "-w", "--stdin", given=FILE)
    inner = git(repository, "mktree", given=f"100644 blob {blob}\tout.yaml\n")
    tree = git(repository, "mktree", given=f"040000 tree {inner}\t..\n")
    commit_id = git(repository, "commit-tree", tree, "-m", "x")
    assert refused(f"{commit_id}:") == f"{commit_id}:: ../out.yaml: not a name that a file can have"


def test_a_folder_without_route_files_and_a_file_that_is_none_are_refused(repository: Path) -> None:
    write(repository, {"docs/read.txt": "x"})
    commit(repository)
    assert refused("HEAD:docs") == "HEAD:docs: no route files in this folder: they end in .yaml or .yml"
    assert refused("HEAD:docs/read.txt") == "HEAD:docs/read.txt: not a route file: its name ends in .yaml or .yml"


def test_files_that_are_too_large_together_are_refused_before_they_are_read(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(revisions, "MOST_BYTES", 10)
    assert refused("HEAD:routes") == "HEAD:routes: its route files are larger than 0 MiB together"


@pytest.mark.parametrize("named", [":routes", "--help:routes", "-x:"])
def test_what_git_would_take_for_an_option_or_for_its_index_never_reaches_it(repository: Path, named: str) -> None:
    assert refused(named) == f"{named}: no such file or folder, and no revision: write REV:PATH, such as HEAD:routes"


@pytest.mark.parametrize("named", ["HEAD:none", "nobody:routes", "HEAD~9:routes", "HEAD:../../etc"])
def test_a_revision_that_git_does_not_find_is_one_line(repository: Path, named: str) -> None:
    message = refused(named)
    assert message.startswith(f"{named}: no such file or folder, and git finds no such revision: ")
    assert "\n" not in message


def test_outside_a_repository_git_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert "not a git repository" in refused("HEAD:routes")


def test_without_git_the_error_says_what_is_missing(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(repository))
    assert refused("HEAD:routes").endswith("no such file or folder, and there is no git to read a revision with")
