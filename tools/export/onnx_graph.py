"""Writing a classifier as an ONNX graph, on request with 8-bit weights: the same bytes from the same classifier."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import onnx
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from tokenizers import Tokenizer
from torch import nn
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from textclf.classifiers.encoder import Encoder
from textclf.classifiers.frozen_linear import Features
from textclf.encoders.heads import read_head
from textclf.encoders.pooling import pooled
from textclf.errors import InputError
from textclf.inference.files import GRAPH
from textclf.inference.onnx_classifier import INPUTS, OUTPUTS, TOKENIZER
from textclf.logistic import linear_layer

EXAMPLE = [[101, 7, 7, 102], [101, 7, 102, 0]]  # two of each kind, so that neither size is taken for constant


class EncoderGraph(nn.Module):
    """An encoder with its head."""

    def __init__(self, classifier: Encoder) -> None:
        super().__init__()
        self.model = classifier.model

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the inputs of the output layer, and the logits."""
        return read_head(self.model, {"input_ids": input_ids, "attention_mask": attention_mask})


class FeaturesGraph(nn.Module):
    """A frozen body with the logistic regression on its pooled states, which is a linear layer."""

    def __init__(self, classifier: Features) -> None:
        super().__init__()
        self.model, self.pooling, self.unit = classifier.body, classifier.pooling, classifier.unit
        weight, bias = linear_layer(classifier.regression)
        self.weight = nn.Parameter(torch.tensor(weight.T.copy()).float())
        self.bias = nn.Parameter(torch.tensor(bias).float())

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the pooled vectors and the logits."""
        inputs = {"input_ids": input_ids, "attention_mask": attention_mask}
        vectors = pooled(self.model, inputs, self.pooling)
        scaled = vectors / vectors.norm(dim=1, keepdim=True).clamp(min=1e-12) if self.unit else vectors
        return vectors, scaled @ self.weight + self.bias


def save(classifier: object, folder: Path, int8: bool) -> None:
    """Write graph, config with label names, and tokenizer into `folder`, for `onnx_classifier.load`.

    With `int8` the weights of linear layers and embeddings have 8 bits, and so have their inputs, scaled at run time.
    `InputError` for a classifier without a network.
    """
    graph = _graph(classifier)
    assert isinstance(classifier, Encoder | Features)
    folder.mkdir(parents=True, exist_ok=True)
    write_graph(graph, folder / GRAPH)
    if int8:
        quantize(folder / GRAPH)
    graph.model.config.id2label = dict(enumerate(classifier.labels))
    graph.model.config.save_pretrained(folder)
    _save_tokenizer(classifier.tokenizer, folder)


def _graph(classifier: object) -> EncoderGraph | FeaturesGraph:
    if isinstance(classifier, Encoder):
        return EncoderGraph(classifier)
    if isinstance(classifier, Features):
        return FeaturesGraph(classifier)
    raise InputError("method baseline has no network to export")


def write_graph(graph: EncoderGraph | FeaturesGraph, path: Path) -> None:
    """Write `graph` for any number of rows and tokens, without the paths and code lines that torch notes in it."""
    example = torch.tensor(EXAMPLE, device=graph.model.device)
    sizes = ({0: "batch", 1: "tokens"},) * len(INPUTS)
    with _quiet(), _plain_attention(graph.model):
        program = torch.onnx.export(
            graph.eval(),
            (example, (example > 0).long()),
            input_names=INPUTS,
            output_names=OUTPUTS,
            dynamic_shapes=sizes,
            dynamo=True,
            verbose=False,
        )
    assert program is not None
    proto = program.model_proto
    graphs = proto.graph
    for part in (proto, graphs, *graphs.node, *graphs.initializer, *graphs.input, *graphs.output):
        part.ClearField("metadata_props")
    graphs.ClearField("value_info")  # some of these shapes are wrong, on which quantize_dynamic fails
    onnx.save(proto, path)


def quantize(path: Path) -> None:
    """Turn the weights of the graph at `path` into unsigned bytes, with a scale for each output.

    Unsigned, as processors without VNNI add up products of signed and unsigned bytes in 16 bits, which overflow.
    """
    whole = path.with_name("fp32.onnx")
    path.rename(whole)
    with _quiet():
        quantize_dynamic(whole, path, weight_type=QuantType.QUInt8, per_channel=True)
    whole.unlink()


def _save_tokenizer(tokenizer: PreTrainedTokenizerBase, folder: Path) -> None:
    """Write the tokenizer so that `tokenizers` alone cuts texts as transformers does, and pads nothing."""
    tokenizer.save_pretrained(folder)
    plain = Tokenizer.from_file(str(folder / TOKENIZER))
    plain.enable_truncation(tokenizer.model_max_length, direction=tokenizer.truncation_side)
    plain.no_padding()
    plain.save(str(folder / TOKENIZER))


@contextmanager
def _plain_attention(model: PreTrainedModel) -> Iterator[None]:
    """Attention as two products and a softmax: PyTorch's fused one becomes a longer graph."""
    before = model.config._attn_implementation
    model.set_attn_implementation("eager")
    try:
        yield
    finally:
        model.set_attn_implementation(before)


@contextmanager
def _quiet() -> Iterator[None]:
    """Drop advice of torch and onnxruntime on which a user can't act."""
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(logging.NOTSET)
