"""Which sites are served, and in which batches."""

from pipelines.config import Settings
from pipelines.operations.alive import Sign
from pipelines.schedules.sites import batches, scheduled_sites, with_challenger, with_telemetry, without_loop


def test_sites_are_those_of_files_inboxes_and_telemetry(home):
    settings, _ = home
    (settings.home / "inbox" / "nobody").mkdir()
    (settings.sites / "new.toml").write_text("name = ")
    assert scheduled_sites(settings) == ["demo-1", "new", "nobody"]
    assert with_telemetry(settings) == ["demo-1"]
    assert with_challenger(settings) == []


def test_a_site_with_a_running_loop_is_left_to_it(home):
    settings, site = home
    sign = Sign(settings, site.name, "loop")
    sign.show("well")
    assert without_loop([site.name, "other"], settings) == ["other"]
    sign.show("stopped")
    assert without_loop([site.name], settings) == [site.name]


def test_batches_put_sites_of_like_points_together(tmp_path):
    from pipelines.config import SITE_FOLDER

    settings = Settings(home=tmp_path, sites_per_task=2)
    settings.sites.mkdir()
    for name, like in (("a", "demo"), ("b", "grundfos"), ("c", "demo")):
        text = (SITE_FOLDER / f"{like}.toml").read_text().replace(f'name = "{like}"', f'name = "{name}"', 1)
        (settings.sites / f"{name}.toml").write_text(text)
    (settings.sites / "broken.toml").write_text("=")
    found = batches(["a", "b", "c", "broken"], settings)
    ordered = [name for batch in found for name in batch]
    assert sorted(ordered) == ["a", "b", "broken", "c"]
    assert max(map(len, found)) == 2
    assert abs(ordered.index("a") - ordered.index("c")) == 1
