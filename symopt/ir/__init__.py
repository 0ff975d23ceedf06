"""The waist: the graph, traces and programs over it, and their meaning."""
