"""What a script has checked: it ends at the first thing that is not as it should be, and says at its end how many were."""

passed = 0


def count():
    """One more thing was found as it should be."""
    global passed
    passed += 1


def check(what, left, right=True):
    if left != right:
        raise AssertionError(f"{what}: {left!r} is not {right!r}")
    count()


def report():
    print(f"{passed} checks passed")
