"""A child process gives its result, its error or the reason of its end, and harms nothing."""

from __future__ import annotations

import os
import time

import numpy as np
import pytest

from fluxscape.errors import MissingVariableError, RunError, UnsafeInputError
from fluxscape.io.child import Child, run_in_child
from helpers import job_targets


def test_the_result_of_a_function_comes_back() -> None:
    result = run_in_child(job_targets.double, np.arange(3.0))
    np.testing.assert_array_equal(result, [0.0, 2.0, 4.0])


def test_our_errors_keep_their_type_text_and_facts() -> None:
    with pytest.raises(MissingVariableError, match="column 'FC' is missing in row 3") as caught:
        run_in_child(job_targets.fail_by_name)
    assert caught.value.details == {"variable": "FC", "row": 3}


def test_other_errors_become_run_errors_that_name_them() -> None:
    with pytest.raises(RunError, match=r"fail_by_surprise failed with KeyError: .*surprise"):
        run_in_child(job_targets.fail_by_surprise)


def test_a_function_that_takes_too_much_memory_fails_alone() -> None:
    with pytest.raises(RunError) as caught:
        run_in_child(job_targets.allocate, 1024, memory_mb=512)
    assert caught.value.details["reason"] == "memory"


def test_an_endless_loop_ends_with_its_processor_time() -> None:
    with pytest.raises(RunError) as caught:
        run_in_child(job_targets.burn, cpu_seconds=1, wall_seconds=20)
    assert caught.value.details["reason"] == "timeout"


def test_an_endless_wait_ends_with_its_wall_time() -> None:
    start = time.monotonic()
    with pytest.raises(RunError, match=r"stopped after 1 s") as caught:
        run_in_child(time.sleep, 60, wall_seconds=1)
    assert caught.value.details["reason"] == "timeout"
    assert time.monotonic() - start < 5.0


def test_a_crash_is_an_error_that_names_the_signal() -> None:
    with pytest.raises(RunError, match="SIGSEGV") as caught:
        run_in_child(job_targets.crash)
    assert caught.value.details["reason"] == "died"


def test_leaving_the_process_is_an_error() -> None:
    with pytest.raises(RunError, match=r"tried to exit \(3\)"):
        run_in_child(job_targets.leave)


def test_what_the_function_prints_does_not_disturb_the_answer() -> None:
    assert run_in_child(job_targets.print_much) == "answered"


def test_a_result_that_is_not_plain_is_refused_in_the_child() -> None:
    with pytest.raises(UnsafeInputError, match=r"result\['value'\]\['inner'\]\[0\]"):
        run_in_child(job_targets.not_plain)


def test_a_child_does_not_see_the_secrets_of_its_parent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLUXSCAPE_SECRET", "0123456789")
    monkeypatch.setenv("SOME_API_KEY", "0123456789")
    monkeypatch.setenv("HARMLESS", "yes")
    seen = run_in_child(job_targets.environment)
    assert seen["HARMLESS"] == "yes"
    assert not any("0123456789" in value for value in seen.values())


def test_no_process_is_left_behind() -> None:
    child = Child(memory_mb=256)
    child.wait_ready()
    child.close()
    with pytest.raises(ProcessLookupError):
        os.kill(child.pid, 0)


def test_only_functions_of_the_named_package_are_called() -> None:
    child = Child(memory_mb=256)
    try:
        for target in ("helpers.job_targets:os", "helpers.job_targets:Path", "helpers.none:f", ""):
            with pytest.raises(RunError):
                child.call(target)
        assert child.call("helpers.job_targets:double", args=[2]) == 4
    finally:
        child.close()
