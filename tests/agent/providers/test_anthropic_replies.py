"""Anthropic's Messages wire, replies: blocks out of a stream, however it is cut."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from lumos_agent import AssistantMessage, ToolCall
from lumos_agent.providers.anthropic_replies import BlockAssembler
from lumos_agent.providers.base import Part, TextPart

SEARCH = {
    "type": "server_tool_use",
    "id": "srvtoolu_1",
    "name": "web_search",
    "input": {"query": "x"},
}


def event(kind: str, **more: Any) -> bytes:
    return json.dumps({"type": kind, **more}).encode()


def streamed(blocks: list[dict[str, Any]], cuts: Any) -> list[bytes]:
    """Events as Anthropic cuts *blocks*; *cuts* gives the pieces of a text."""
    events = [event("message_start", message={"usage": {"input_tokens": 3}})]
    for index, block in enumerate(blocks):
        kind = block["type"]
        begun = {key: value for key, value in block.items() if key in ("type", "id", "name")}
        begun |= {"text": {"text": ""}, "thinking": {"thinking": "", "signature": ""}}.get(
            kind, {"input": {}}
        )
        events.append(event("content_block_start", index=index, content_block=begun))
        text = json.dumps(block["input"]) if kind == "tool_use" else block[kind]
        key = {"tool_use": "partial_json"}.get(kind, kind)
        for piece in cuts(text):
            events.append(
                event("content_block_delta", index=index, delta={"type": key, key: piece})
            )
        if kind == "thinking":
            delta = {"type": "signature_delta", "signature": block["signature"]}
            events.append(event("content_block_delta", index=index, delta=delta))
        events.append(event("content_block_stop", index=index))
    return [
        *events,
        event("message_delta", delta={"stop_reason": "end_turn"}),
        event("message_stop"),
    ]


texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=9)
any_blocks = st.lists(
    st.one_of(
        st.builds(lambda text: {"type": "text", "text": text}, texts),
        st.builds(
            lambda text, sign: {"type": "thinking", "thinking": text, "signature": sign},
            texts,
            texts,
        ),
        st.builds(
            lambda name, value: {"type": "tool_use", "name": name, "input": {"a": value}},
            st.sampled_from(["add", "sub"]),
            texts | st.integers(-9, 9),
        ),
    ),
    max_size=5,
)


@given(any_blocks, st.data())
def test_any_cut(blocks: list[dict[str, Any]], data: st.DataObject):
    """Blocks, however their stream is cut, are the blocks that were cut, and so is what is said."""

    def cuts(text: str) -> list[str]:
        places = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=3)))
        return [text[one:two] for one, two in zip([0, *places], [*places, len(text)], strict=True)]

    for number, block in enumerate(blocks):
        if block["type"] == "tool_use":
            block["id"] = f"toolu_{number}"
    assembler = BlockAssembler([])
    parts: list[Part] = [part for one in streamed(blocks, cuts) for part in assembler.feed(one)]
    whole = BlockAssembler([])
    whole.read(
        json.dumps(
            {"content": blocks, "stop_reason": "end_turn", "usage": {"input_tokens": 3}}
        ).encode()
    )

    assert blocks == assembler.blocks == whole.blocks
    assert whole.reply(None) == assembler.reply(None)
    assert assembler.reply(None).message.text == "".join(
        part.text for part in parts if isinstance(part, TextPart)
    )


def test_odd_events():
    """What is not known yet passes; citations are kept; an id that the history has is made anew."""
    before = [AssistantMessage("", (ToolCall("toolu_1", "add", {}),))]
    assembler = BlockAssembler(before)
    call = {"type": "tool_use", "id": "toolu_1", "name": "add", "input": {}}
    cited = {"type": "citations_delta", "citation": {"cited_text": "x"}}
    for one in (
        event("ping"),
        event("new_kind", index=7),
        event("message_start", message={}),
        event("content_block_start", index=0, content_block={"type": "text", "text": "Hi"}),
        event("content_block_delta", index=0, delta=cited),
        event("content_block_delta", index=0, delta={"type": "new_delta"}),
        event("content_block_delta", index=9, delta={"text": "late"}),
        event("content_block_start", index=1, content_block=call),
        event("content_block_start", index=2, content_block={**SEARCH, "input": {}}),
        event("content_block_delta", index=2, delta={"partial_json": '{"query": "x"}'}),
        event("content_block_start", index=3, content_block={**call, "id": "y", "input": {"a": 1}}),
        event("content_block_delta", index=3, delta={"partial_json": ""}),
    ):
        assembler.feed(one)

    text, late, used, search, given = assembler.blocks
    assert {"type": "text", "text": "late"} == late
    assert {"a": 1} == given["input"]
    assert SEARCH == search
    assert {"type": "text", "text": "Hi", "citations": [{"cited_text": "x"}]} == text
    assert used["id"].startswith("call_")
