"""The site has a page for every rule, and every link of its index leads to one."""

import re
from pathlib import Path

from symopt import rule_names
from symopt.docs.site import write_site


def test_the_index_leads_to_every_rule(tmp_path: Path) -> None:
    written = write_site(tmp_path / "site")
    assert sorted(path.name for path in (tmp_path / "site").iterdir()) == sorted(path.name for path in written)
    links = re.findall(r'href="([^"]+)"', written[0].read_text(encoding="utf-8"))
    assert links == [f"{name}.html" for name in rule_names()]
    for link in links:
        assert (tmp_path / "site" / link).is_file()
