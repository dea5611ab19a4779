from fluxscape import _jit


def test_compiled_kernels_are_kept_apart_by_the_sources_they_depend_on(tmp_path, monkeypatch):
    for name in ("dlm", "footprint", "meteorology"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "_kernels.py").write_text("x = 1\n", encoding="utf-8")
    for name in ("constants.py", "_jit.py"):
        (tmp_path / name).write_text("y = 1\n", encoding="utf-8")
    monkeypatch.setattr(_jit, "_PACKAGE", tmp_path)
    folder = _jit._cache_folder.__wrapped__

    before = {name: folder(name) for name in ("dlm", "footprint")}
    assert before["dlm"] != before["footprint"]
    (tmp_path / "dlm" / "_kernels.py").write_text("x = 2\n", encoding="utf-8")
    assert folder("dlm") != before["dlm"]
    assert folder("footprint") == before["footprint"]
    (tmp_path / "meteorology" / "_kernels.py").write_text("x = 2\n", encoding="utf-8")
    assert folder("footprint") != before["footprint"]
