#include "server/pipeline/evidence.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <string>

#include "server/pipeline/sentences.h"

namespace diffuser::pipeline {
namespace {

// A piece with its weight still in double.
struct Piece {
  EvidenceSpan span;
  double weight = 0;
};

std::vector<Piece> TokenPieces(const Document& document, absl::Span<const double> weights) {
  std::vector<Piece> pieces;
  for (int64_t i = document.prefix; i < document.tokens() - document.suffix; ++i) {
    Piece piece{.span = {.begin_token = i, .end_token = i + 1}, .weight = weights[i]};
    if (!document.offsets.empty()) {
      const tokenizer::ByteRange bytes = TrimWhiteSpace(document.text, document.offsets[i]);
      piece.span.begin_byte = bytes.begin;
      piece.span.end_byte = bytes.end;
    }
    pieces.push_back(piece);
  }
  return pieces;
}

// Every sentence, in order, as yet without tokens.
std::vector<Piece> EmptySentences(const std::string& text, absl::Span<const int64_t> begins) {
  std::vector<Piece> pieces;
  for (size_t i = 0; i < begins.size(); ++i) {
    const int64_t end = i + 1 < begins.size() ? begins[i + 1] : static_cast<int64_t>(text.size());
    const tokenizer::ByteRange bytes = TrimWhiteSpace(text, {begins[i], end});
    pieces.push_back({.span = {.begin_byte = bytes.begin, .end_byte = bytes.end}});
  }
  return pieces;
}

// The last byte decides, because a token may carry the white space before its word.
std::vector<Piece> SentencePieces(const Document& document, absl::Span<const double> weights) {
  const std::vector<int64_t> begins = FindSentences(document.text);
  std::vector<Piece> pieces = EmptySentences(document.text, begins);
  for (int64_t i = document.prefix; i < document.tokens() - document.suffix; ++i) {
    const tokenizer::ByteRange bytes = document.offsets[i];
    if (bytes.begin >= bytes.end) continue;
    const auto next = std::upper_bound(begins.begin(), begins.end(), bytes.end - 1);
    Piece& piece = pieces[next - begins.begin() - 1];
    if (piece.span.end_token == 0) piece.span.begin_token = i;
    piece.span.end_token = i + 1;
    piece.weight += weights[i];
  }
  return pieces;
}

}  // namespace

std::vector<double> TokenWeights(int64_t tokens, absl::Span<const model::Window> windows,
                                 absl::Span<const std::vector<float>> window_evidence) {
  std::vector<double> weights(tokens, 0.0);
  for (size_t i = 0; i < windows.size(); ++i) {
    auto evidence = window_evidence[i].begin();
    for (const model::TokenRange& range : windows[i]) {
      for (int64_t token = range.begin; token < range.end; ++token) weights[token] += *evidence++;
    }
  }
  // Dividing by the number of windows is part of the scaling.
  const double total = std::accumulate(weights.begin(), weights.end(), 0.0);
  if (total <= 0) return std::vector<double>(tokens, 0.0);
  for (double& weight : weights) weight /= total;
  return weights;
}

std::vector<EvidenceSpan> SelectEvidence(const Document& document, absl::Span<const double> weights,
                                         EvidenceUnit unit, int max_evidence) {
  const bool by_sentence = unit == EvidenceUnit::kSentence && !document.offsets.empty();
  std::vector<Piece> pieces =
      by_sentence ? SentencePieces(document, weights) : TokenPieces(document, weights);
  std::erase_if(pieces, [](const Piece& piece) { return piece.weight <= 0; });
  std::stable_sort(pieces.begin(), pieces.end(),
                   [](const Piece& a, const Piece& b) { return a.weight > b.weight; });
  if (static_cast<int>(pieces.size()) > max_evidence) pieces.resize(max_evidence);
  std::vector<EvidenceSpan> spans;
  for (Piece& piece : pieces) {
    piece.span.weight = static_cast<float>(piece.weight);
    spans.push_back(piece.span);
  }
  return spans;
}

}  // namespace diffuser::pipeline
