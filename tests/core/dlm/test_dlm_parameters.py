import pytest
from hypothesis import given
from hypothesis import strategies as st

from fluxscape.dlm import DlmParameters, parameters_for
from fluxscape.dlm._pft_tables import TYPE_BY_IGBP, VALUES_BY_TEXTURE
from fluxscape.dlm.parameters import PARAMETER_DTYPE
from fluxscape.errors import MissingVariableError, OutOfBoundsError


@pytest.mark.parametrize("igbp", TYPE_BY_IGBP)
@pytest.mark.parametrize("texture", VALUES_BY_TEXTURE)
def test_every_type_on_every_soil_has_parameters_within_their_bounds(igbp, texture):
    p = parameters_for(igbp, texture)
    assert p.wilting_point < p.field_capacity < p.porosity


def test_every_parameter_says_what_it_is():
    for row in DlmParameters.table():
        assert row.description, row.name
        assert row.group, row.name
        assert row.symbol, row.name
        assert row.unit, row.name
        assert "doi:" in row.source or row.source.startswith(("assumed", "0 by", "1 by")), row.name


def test_groups_stand_together_from_canopy_to_respiration():
    groups = [row.group for row in DlmParameters.table()]
    order = sorted(set(groups), key=groups.index)
    assert order == ["Canopy", "Photosynthesis", "Stomata", "Soil", "Snow", "Respiration"]
    assert groups == [group for name in order for group in groups if group == name]


def test_names_are_matched_without_case_and_unknown_ones_get_a_hint():
    assert parameters_for("enf", "Silt_Loam") == parameters_for("ENF", "silt loam")
    with pytest.raises(MissingVariableError, match="Did you mean 'DBF'"):
        parameters_for("DBFF")
    with pytest.raises(MissingVariableError, match="Did you mean 'loam'"):
        parameters_for("DBF", "loem")
    with pytest.raises(MissingVariableError, match="Did you mean 'vcmax25'"):
        DlmParameters.from_dict({"vcmax": 60.0})
    with pytest.raises(OutOfBoundsError, match="outside its bounds"):
        DlmParameters.from_dict({"vcmax25": 1000.0})


@given(st.sampled_from(sorted(TYPE_BY_IGBP)))
def test_records_hold_the_values_by_name(igbp):
    p = parameters_for(igbp)
    record = p.to_record()[0]
    for name in PARAMETER_DTYPE.names:
        assert getattr(record, name) == getattr(p, name)


def test_published_values_stand_where_they_were_read():
    assert parameters_for("DBF").vcmax25 == 57.7  # Kattge et al. 2009
    assert parameters_for("ENF").stomatal_slope == 2.35  # De Kauwe et al. 2015
    assert parameters_for("GRA", "clay").wilting_point == 0.272  # Rawls et al. 1982, Table 2
