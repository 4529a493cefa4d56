"""The revision of the code: of its own checkout, and never of a repository around it."""

import shutil
import subprocess

import pytest

from voltward.ranges.campaign.source_revision import source_revision

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")


def git(folder, *arguments):
    command = ["git", "-C", str(folder), "-c", "user.name=x", "-c", "user.email=x@example.org"]
    return subprocess.run(
        [*command, *arguments], check=True, capture_output=True, text=True
    ).stdout.strip()


@pytest.fixture
def package(tmp_path):
    package = tmp_path / "project" / "src" / "package"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("", encoding="utf-8")
    (tmp_path / "project" / "notes.txt").write_text("", encoding="utf-8")
    git(tmp_path / "project", "init", "--quiet")
    return package


def test_a_checkout_tells_its_revision_and_whether_the_package_was_changed(package):
    project = package.parents[1]
    git(project, "add", ".")
    git(project, "commit", "--quiet", "-m", "first")
    revision = git(project, "rev-parse", "HEAD")
    (project / "notes.txt").write_text("changed", encoding="utf-8")
    assert source_revision(package) == {"revision": revision, "dirty": False}
    (package / "more.py").write_text("", encoding="utf-8")
    assert source_revision(package) == {"revision": revision, "dirty": True}


def test_a_package_installed_inside_another_repository_is_not_that_repository(package):
    project = package.parents[1]
    git(project, "add", "notes.txt")
    git(project, "commit", "--quiet", "-m", "first")
    assert source_revision(package) is None
