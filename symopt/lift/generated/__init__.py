"""Translation validation: the text of a generated kernel is read back and proved equal to its rule."""
