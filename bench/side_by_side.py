"""Measures two ways of doing a thing by turns, so that whatever else the machine does meets both alike."""

import statistics
import time
from collections.abc import Callable


def compare(ours: Callable[[], object], plain: Callable[[], object], rounds: int) -> tuple[float, float, float]:
    """CPU milliseconds of each (the median of the quickest half) and how many times the second the first takes."""
    taken: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds):
        for way, times in zip((ours, plain), taken, strict=True):
            began = time.process_time()
            way()
            times.append((time.process_time() - began) * 1000)
    mine, theirs = (statistics.median(sorted(times)[: max(1, rounds // 2)]) for times in taken)
    return mine, theirs, mine / theirs


def row(words: str, result: tuple[float, float, float], budget: str) -> str:
    """One line of the report."""
    mine, theirs, ratio = result
    return f"  {words:<58} {mine:9.3f} ms {theirs:9.3f} ms   {ratio:5.2f} x   {budget}"
