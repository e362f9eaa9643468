#ifndef DIFFUSER_MODEL_KERNELS_ROWS_ROW_KERNELS_H_
#define DIFFUSER_MODEL_KERNELS_ROWS_ROW_KERNELS_H_

#include <cstdint>

#include "absl/types/span.h"
#include "model/kernels/element.h"
#include "model/kernels/row_activation.h"

// What stands between the dense products of an encoder, row by row: a row is read once, worked on
// in the first-level cache, and written once in every form that the next product or the residual
// stream takes. Arithmetic is float32. A row's result depends on that row alone, bit for bit.
//
// Each function runs on the calling thread with the widest vectors the machine has; callers hand
// out ranges of rows. Thread-safe. Layout: rows lie one behind the other, `width` elements each.
namespace diffuser::kernels {

struct RowExtent {
  int64_t rows = 0;
  int64_t width = 0;  // >= 1
};

// Rows to read: row r stands for values[r] * scales[r] + bias. Owns nothing.
struct RowSource {
  const void* values = nullptr;  // [rows, width]
  Element element = Element::kFloat32;
  const float* scales = nullptr;  // [rows]; null: all 1
  const float* bias = nullptr;    // [width]; null: all 0
};

// The whole numbers of quantised rows: 0 to `top`, of which `zero` stands for 0.
struct QuantizedRange {
  int zero = 128;  // 0 to top - 1; at 0, negative values become 0
  int top = 255;   // at most 255
};

// Where results go: everywhere that is not null. Owns nothing.
struct RowSink {
  float* float32 = nullptr;      // [rows, width]
  BFloat16* bfloat16 = nullptr;  // [rows, width], rounded to the nearest
  // [rows, width]: row r stands for (quantized - range.zero) * scales[r], with the least scale that
  // its values allow.
  uint8_t* quantized = nullptr;
  float* scales = nullptr;  // [rows]
  QuantizedRange range = {};
};

struct RowNorm {
  const float* weight = nullptr;  // [width]
  const float* bias = nullptr;    // [width]
  float epsilon = 0.0f;
};

// sink = activation(source). The sink may be the source itself, in its own type. Where quantised
// numbers are all that it takes, a gelu may be off by 6e-5, or by 8e-6 of its argument.
void ConvertRows(const RowExtent& extent, const RowSource& source, RowActivation activation,
                 const RowSink& sink);

// sink = LayerNorm(source + residual); residual [rows, width]. The sink may be the residual.
void NormalizeRows(const RowExtent& extent, const RowSource& source, const float* residual,
                   const RowNorm& norm, const RowSink& sink);

// Tables of float32 rows of `width`.
struct EmbeddingTables {
  const float* word = nullptr;
  const float* position = nullptr;
  const float* token_type = nullptr;  // the one row that is added to all
};

// sink = LayerNorm(word[ids[r]] + position[positions[r]] + token_type), for every r.
// REQUIRES: the tables have those rows; ids.size() == positions.size().
void EmbedRows(absl::Span<const int32_t> ids, absl::Span<const int32_t> positions, int64_t width,
               const EmbeddingTables& tables, const RowNorm& norm, const RowSink& sink);

}  // namespace diffuser::kernels

#endif  // DIFFUSER_MODEL_KERNELS_ROWS_ROW_KERNELS_H_
