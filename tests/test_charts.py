"""The charts of the lessons: what stands beside the curves can be read."""

import pytest
import torch
from matplotlib.text import Annotation

import charts


@pytest.fixture
def figure(monkeypatch):
    """The matplotlib figure of charts.lines, in place of the picture that is made of it."""
    monkeypatch.setattr(charts, "show_figure", lambda fig, alt: fig)

    def draw(curves, **how):
        fig = charts.lines(curves, **(dict(x="x", y="y", alt="a chart") | how))
        fig.canvas.draw()
        return fig

    yield draw
    charts.plt.close("all")


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("place", [-3.0, 0.4, 3.0])
def test_the_label_of_a_mark_stands_where_no_curve_is(figure, place, reverse):
    x = torch.linspace(-3, 3, 50)
    fig = figure({"a": (x, x), "b": (x, -x)}, marks={"seen here": place}, reverse=reverse)
    (ax,) = fig.axes
    (label,) = (child for child in ax.get_children() if isinstance(child, Annotation))
    box = label.get_window_extent()
    assert not box.overlaps(ax.get_window_extent())  # curves are drawn inside of the axes only
    assert abs((box.x0 + box.x1) / 2 - ax.transData.transform((place, 0))[0]) < 1  # and it stands at its line
    assert 0 < box.y0 - ax.get_window_extent().y1 < 10


def test_a_legend_beside_the_axes_covers_no_curve(figure):
    x = torch.linspace(0, 1, 50)
    for beside in (False, True):
        (ax,) = figure({"falling": (x, -x), "rising": (x, x), "level": (x, 0 * x)}, beside=beside).axes
        assert ax.get_legend().get_window_extent().overlaps(ax.get_window_extent()) != beside


def test_a_few_places_on_a_logarithmic_axis_are_named_as_they_are(figure):
    (ax,) = figure({"a": ((5, 10, 20), (4, 2, 1)), "b": ((10, 40), (1, 2))}, log="xy").axes
    assert [label.get_text() for label in ax.get_xticklabels()] == ["5", "10", "20", "40"]
    assert not len(ax.get_xticks(minor=True))
    many = torch.logspace(0, 2, 30)
    (ax,) = figure({"a": (many, many)}, log="x").axes
    assert len(ax.get_xticks()) < 10


def test_a_table_has_a_cell_for_each_head():
    text = charts.table(["one", "two"], {"a": ["1", "x"], "b": ["2", ""]}, "name").data
    assert text.splitlines() == ["| name | one | two |", "|---|---|---|", "| a | 1 | x |", "| b | 2 |  |"]
    assert charts.table(["one"], {}).data.startswith("| | one |")
    with pytest.raises(ValueError, match="'a' has 1 cells, for 2 heads"):
        charts.table(["one", "two"], {"a": ["1"]})


def test_heat_is_dark_for_0_and_bright_for_1():
    maps = charts.heat(torch.tensor([-1.0, 0.0, 0.5, 1.0, 2.0])[:, None, None].expand(5, 2, 2))
    assert maps.shape == (5, 3, 2, 2) and -1 <= maps.min() and maps.max() <= 1
    assert torch.equal(maps[0], maps[1]) and torch.equal(maps[3], maps[4])
    assert maps[0].mean() < maps[2].mean() < maps[3].mean()
