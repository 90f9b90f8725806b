"""What a tool may ask of its run."""

from lumos_tools import ToolContext


def test_bare():
    """ToolContext() is valid for tests: nobody listens, and nothing is cancelled."""
    context = ToolContext()

    context.emit({"at": 1})

    assert (None, None, "", "", None) == (
        context.thread,
        context.resource,
        context.run,
        context.call,
        context.deps,
    )
    assert not context.cancelled


def test_given():
    """What the run hands in is what the tool sees."""
    told: list[object] = []
    context = ToolContext(deps=3, on_emit=told.append, is_cancelled=lambda: True)

    context.emit("half")

    assert ["half"] == told
    assert context.cancelled
    assert 3 == context.deps
