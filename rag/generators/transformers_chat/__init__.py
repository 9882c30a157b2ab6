"""Any chat decoder that transformers can load, run in this process.

loading      a name or folder in, tokenizer and network out; the only part that may use the network
chat         messages in, token ids out; nothing in a message is read as a control token
generator    token ids in, text out, piece by piece, until the model or the reader stops
"""

from rag.generators.transformers_chat.generator import TransformersGenerator

__all__ = ["TransformersGenerator"]
