"""The rules of the catalogue, as modules: ``from symopt.specs.adamw import AdamW``.

The files stand in the top-level folder ``specs``; this package only says where that is.
"""

from symopt._paths import data_dir

__path__ = [str(data_dir("specs"))]
