"""Cubist's text is read, evaluated as Cubist does, and written without loss."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest

from fluxscape.errors import FileFormatError, MissingVariableError
from fluxscape.upscaling.cubist_text import read_model_text, write_model_text
from fluxscape.upscaling.model_tree import ModelTreeRegressor
from fluxscape.upscaling.tables import attribute_matrix
from reference import cubist_cases as cases

pytestmark = pytest.mark.kernel

CATEGORIES = r"""id="Cubist 2.07 GPL Edition 2026-11-22"
prec="2" globalmean="0.9" extrap="0.05" insts="0" ceiling="8.4" floor="-5.3"
att="flux" mean="0.9" sd="2.1" min="-4.6" max="7.8"
att="a b" mean="-0.1" sd="1" min="-3.9" max="2.8"
att="c\"d" mean="0" sd="1" min="-3.8" max="3.1"
att="pft" mode="C RO"
att="bin" mode="no"
entries="1"
rules="2"
conds="3" cover="19" mean="-3.3" loval="-4.6" hival="-0.8" esterr="0.2"
type="2" att="c\"d" cut="-1.29" result="<="
type="1" att="bin" val="yes"
type="3" att="pft" elts="DBF","ENF","GRA"
coeff="-0.5" att="a b" coeff="0.93" att="c\"d" coeff="1.71"
conds="1" cover="63" mean="3.4" loval="1" hival="7.8" esterr="0.1"
type="3" att="pft" elts="C RO"
coeff="3" att="c\"d" coeff="1.97"
"""


def test_cubists_model_predicts_what_cubist_predicts() -> None:
    model = read_model_text(cases.MODEL)
    predicted = model.predict(np.array(cases.X_TEST))
    np.testing.assert_allclose(predicted, cases.CUBIST_PRED_TEST, atol=1e-6)
    assert model.n_rules == 4
    assert model.names == ("a", "b")


def test_a_model_that_is_written_and_read_again_is_the_same() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(200, 3))
    y = np.where(x[:, 0] > 0.0, x[:, 1], x[:, 2] ** 2) + 0.1 * rng.normal(size=200)
    rules = ModelTreeRegressor(4, committee="bagged", random_state=0).fit(x, y).rules_
    again = read_model_text(write_model_text(rules, x))
    for field in dataclasses.fields(rules):
        one, other = getattr(rules, field.name), getattr(again, field.name)
        if isinstance(one, np.ndarray):
            np.testing.assert_array_equal(one, other, err_msg=field.name)
        elif field.name != "target":
            assert one == other, field.name
    assert np.array_equal(rules.predict(x), again.predict(x))


def test_text_of_cubist_keeps_its_meaning_when_written_again() -> None:
    for text in (cases.MODEL, CATEGORIES):
        model = read_model_text(text)
        once = write_model_text(model)
        assert write_model_text(read_model_text(once)) == once
        assert read_model_text(once).table() == model.table()


def test_categories_choose_their_rules() -> None:
    model = read_model_text(CATEGORIES)
    frame = pd.DataFrame(
        {
            "a b": [0.0, 0.0, 1.0],
            'c"d': [-2.0, 1.0, 1.0],
            "pft": ["ENF", "C RO", "ICE"],
            "bin": ["yes", "no", "no"],
        }
    )
    x = attribute_matrix(frame, model.names, model.levels)
    # Clipped to its own range; plain; no rule for a category that no rule names: the mean.
    np.testing.assert_allclose(model.predict(x), [-3.92, 4.97, 0.9])
    assert model.which(x).tolist() == [[True, False], [False, True], [False, False]]


def test_an_absent_column_is_named_with_the_nearest() -> None:
    model = read_model_text(CATEGORIES)
    frame = pd.DataFrame({"a b": [0.0], 'c"d': [0.0], "pft": ["ENF"], "bim": ["no"]})
    with pytest.raises(MissingVariableError, match=r"'bin' is missing.*'bim'"):
        attribute_matrix(frame, model.names, model.levels)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('entries="1"', 'entries="0"', "no member"),
        ('rules="2"', 'rules="3"', "ends in the middle"),
        ('cut="-1.29"', 'cut="north"', "line 11: .*no finite number"),
        ('type="1"', 'type="7"', "type '7'"),
        ('result="<="', 'result="=="', "result="),
        ('att="pft" elts', 'att="pfd" elts', "'pfd' is not in the head"),
        ('rules="2"', 'rules="999999999"', "no count"),
        ('att="bin" mode', 'att="pft" mode', "named twice"),
        ('coeff="3" att', "coeff=3 att", "pairs"),
        ('globalmean="0.9" ', "", "globalmean="),
    ],
)
def test_broken_text_is_refused_with_its_line(old: str, new: str, message: str) -> None:
    with pytest.raises(FileFormatError, match=message):
        read_model_text(CATEGORIES.replace(old, new, 1), name="x.model")


def test_rules_read_as_words() -> None:
    text = read_model_text(CATEGORIES).text()
    assert "if  pft in {C RO}" in text
    assert 'then flux = 3 + 1.97 c"d' in text
    assert read_model_text(cases.MODEL).text(1).count("Rule 1.") == 4
