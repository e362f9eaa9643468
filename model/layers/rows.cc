#include "model/layers/rows.h"

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>

#include "model/layers/int8_weight.h"

namespace diffuser::layers {
namespace {

// Rows that are worth another thread.
constexpr int64_t kGrainRows = 16;

kernels::Element ElementOf(const at::Tensor& tensor) {
  return tensor.scalar_type() == at::kBFloat16 ? kernels::Element::kBFloat16
                                               : kernels::Element::kFloat32;
}

const float* FloatsOrNull(const at::Tensor& tensor, int64_t first = 0) {
  return tensor.defined() ? tensor.const_data_ptr<float>() + first : nullptr;
}

kernels::RowSource SourceOf(const Product& product, int64_t first) {
  const kernels::Element element = ElementOf(product.values);
  return {.values = kernels::ElementAt(product.values.const_data_ptr(), element,
                                       first * product.values.size(1)),
          .element = element,
          .scales = FloatsOrNull(product.scales, first),
          .bias = FloatsOrNull(product.bias)};
}

kernels::RowSink SinkOf(at::Tensor& values, int64_t first) {
  const int64_t begin = first * values.size(1);
  if (values.scalar_type() == at::kBFloat16) {
    return {.bfloat16 = static_cast<kernels::BFloat16*>(values.mutable_data_ptr()) + begin};
  }
  return {.float32 = values.mutable_data_ptr<float>() + begin};
}

kernels::RowSink SinkOf(Rows& rows, const kernels::QuantizedRange& range, int64_t first) {
  if (!rows.scales.defined()) return SinkOf(rows.values, first);
  return {.quantized = rows.values.mutable_data_ptr<uint8_t>() + first * rows.values.size(1),
          .scales = rows.scales.mutable_data_ptr<float>() + first,
          .range = range};
}

Rows EmptyQuantizedRows(int64_t rows, int64_t width, const kernels::QuantizedRange& range) {
  return {at::empty({rows, width}, at::kByte), at::empty({rows}, at::kFloat), range.zero};
}

template <class Body>  // body(first row, extent)
void ForRows(const at::Tensor& values, Body body) {
  at::parallel_for(0, values.size(0), kGrainRows, [&](int64_t first, int64_t end) {
    body(first, kernels::RowExtent{.rows = end - first, .width = values.size(1)});
  });
}

}  // namespace

Rows Rows::Narrow(int64_t first, int64_t count) const {
  return {values.narrow(0, first, count),
          scales.defined() ? scales.narrow(0, first, count) : at::Tensor(), zero};
}

HiddenStates HiddenStates::Narrow(int64_t first, int64_t count) const {
  return {residual.narrow(0, first, count), rows.Narrow(first, count)};
}

HiddenStates EmptyHiddenStates(int64_t rows, int64_t hidden, model::Precision precision) {
  return HiddenStatesOver(at::empty({rows, hidden}, at::kFloat), precision);
}

HiddenStates HiddenStatesOver(const at::Tensor& residual, model::Precision precision) {
  HiddenStates states{.residual = residual, .rows = {}};
  switch (precision) {
    case model::Precision::kInt8:
      states.rows = EmptyQuantizedRows(residual.size(0), residual.size(1),
                                       Int8Range(kernels::RowActivation::kNone));
      break;
    case model::Precision::kBFloat16:
      states.rows.values = at::empty(residual.sizes(), at::kBFloat16);
      break;
    case model::Precision::kFloat32:
    case model::Precision::kFloat16:
    case model::Precision::kAuto:
      states.rows.values = states.residual;
  }
  return states;
}

kernels::RowSink SinkOf(HiddenStates& states, int64_t first) {
  kernels::RowSink sink = SinkOf(states.rows, Int8Range(kernels::RowActivation::kNone), first);
  sink.float32 = states.residual.mutable_data_ptr<float>() + first * states.residual.size(1);
  return sink;
}

Rows Quantize(const Product& product, kernels::RowActivation activation) {
  const kernels::QuantizedRange range = Int8Range(activation);
  Rows rows = EmptyQuantizedRows(product.values.size(0), product.values.size(1), range);
  ForRows(product.values, [&](int64_t first, const kernels::RowExtent& extent) {
    kernels::ConvertRows(extent, SourceOf(product, first), activation, SinkOf(rows, range, first));
  });
  return rows;
}

void Finish(const Product& product, kernels::RowActivation activation, at::Tensor out) {
  ForRows(product.values, [&](int64_t first, const kernels::RowExtent& extent) {
    kernels::ConvertRows(extent, SourceOf(product, first), activation, SinkOf(out, first));
  });
}

void AddAndNormalize(const Product& product, const at::Tensor& residual,
                     const kernels::RowNorm& norm, HiddenStates& out) {
  const float* from = residual.const_data_ptr<float>();
  ForRows(product.values, [&](int64_t first, const kernels::RowExtent& extent) {
    kernels::NormalizeRows(extent, SourceOf(product, first), from + first * extent.width, norm,
                           SinkOf(out, first));
  });
}

}  // namespace diffuser::layers
