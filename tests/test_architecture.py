"""docs/architecture.md names only what exists, and leaves no folder out."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "architecture.md"
PATH = re.compile(r"(?:[\w.]+/)+(?:[\w.]+\.\w+)?|\w+\.(?:toml|md)")


def quoted(page: str) -> list[str]:
    return re.findall(r"`([^`\n]+)`", page)


def paths_of(page: str) -> set[str]:
    """Paths in backquotes; those below the home folder begin with <home> or <site> and are no paths of ours."""
    return {text for text in quoted(page) if PATH.fullmatch(text)}


def test_every_path_on_the_page_exists():
    paths = paths_of(PAGE.read_text(encoding="utf-8"))
    assert len(paths) > 50
    assert sorted(path for path in paths if not (ROOT / path).exists()) == []


def test_every_link_on_the_page_leads_somewhere():
    links = re.findall(r"\]\(([^)#]+)\)", PAGE.read_text(encoding="utf-8"))
    assert links
    assert [link for link in links if not (PAGE.parent / link).exists()] == []


def test_a_path_that_is_gone_is_noticed():
    assert paths_of("see `pipelines/serving/loop.py`, `<home>/store/` and `decide(row, at)`") == {
        "pipelines/serving/loop.py"
    }


def test_every_folder_of_the_pipelines_has_its_row():
    page = PAGE.read_text(encoding="utf-8")
    folders = {f"pipelines/{path.parent.name}/" for path in (ROOT / "pipelines").glob("*/__init__.py")}
    assert sorted(folders - paths_of(page)) == []


def test_every_kind_of_model_has_its_row():
    page = PAGE.read_text(encoding="utf-8")
    kinds = {f"models/{path.parent.name}/" for path in (ROOT / "models").glob("*/__init__.py")}
    assert sorted(kinds - paths_of(page)) == []


def test_contributing_points_to_the_page():
    assert "docs/architecture.md" in (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
