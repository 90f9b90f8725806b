"""Schemas in the words of each provider, what is lost on the way, and the way back.

`lower(tool.parameters, "openai-strict")` is what a provider is sent; `raise_` of what it answers is what
the tool takes.
"""

from lumos_tools.dialects.lowering import lower
from lumos_tools.dialects.offers import Offer, offer
from lumos_tools.dialects.report import Loss, Lowered
from lumos_tools.dialects.tables import DIALECTS, Dialect, DialectName

__all__ = ["DIALECTS", "Dialect", "DialectName", "Loss", "Lowered", "Offer", "lower", "offer"]
