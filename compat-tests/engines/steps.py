"""Steps of a workload: each has a name, runs a few statements and checks what they answer.

A step that fails is reported and the workload goes on, so that one run shows everything that is wrong. The output is one
line a step and a last line `N passed, M failed`; the exit code is 1 if any step failed.
"""

import sys
import time
import traceback
from contextlib import contextmanager

passed = 0
failed = 0


@contextmanager
def step(name):
    global passed, failed
    start = time.monotonic()
    try:
        yield
    except Exception as error:
        failed += 1
        print(f"FAIL {name}: {summary(error)}", flush=True)
        traceback.print_exc()
    else:
        passed += 1
        print(f"ok   {name} ({time.monotonic() - start:.1f}s)", flush=True)


def all_passed():
    return failed == 0


def finish():
    print(f"{passed} passed, {failed} failed", flush=True)
    sys.exit(1 if failed or not passed else 0)


def equal(actual, expected):
    if actual != expected:
        raise AssertionError(f"expected {expected!r}, got {actual!r}")


def contains(collection, *items):
    for item in items:
        if item not in collection:
            raise AssertionError(f"{item!r} is not in {collection!r}")


def lacks(collection, *items):
    for item in items:
        if item in collection:
            raise AssertionError(f"{item!r} should not be in {collection!r}")


def refused(action, *words):
    """`action` raises an error that has one of `words` in it, upper or lower case."""
    try:
        action()
    except Exception as error:
        if not any(word.lower() in str(error).lower() for word in words):
            raise AssertionError(f"refused, but without any of {words}: {summary(error)}") from error
    else:
        raise AssertionError(f"accepted, but should be refused with one of {words}")


def answers(code, action):
    """`action` raises the service's error of that code, as botocore tells it; its message."""
    try:
        action()
    except Exception as error:
        answer = getattr(error, "response", {}).get("Error", {})
        if answer.get("Code") != code:
            raise AssertionError(f"expected {code}, got {summary(error)}") from error
        return answer["Message"]
    raise AssertionError(f"accepted, but should be refused with {code}")


def summary(error):
    """The first line of an error: engines append pages of stack."""
    lines = str(error).strip().splitlines() or [""]
    return f"{type(error).__name__}: {lines[0][:500]}"
