"""stub"""
def covers_all(tree, function, known): return False
