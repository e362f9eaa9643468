#include "model/training/evaluator.h"

#include <ATen/ops/tensor.h>

#include <algorithm>
#include <utility>

#include "model/label_scores.h"
#include "model/packed_batch.h"
#include "model/training/evaluation/score_matrix.h"
#include "model/training/loss.h"

namespace diffuser::training {
namespace {

constexpr float kThreshold = 0.5f;
constexpr int64_t kChoice = -1;  // in the place of an epoch: an order that no epoch has

// All rows of the documents to evaluate on, ascending.
std::vector<int64_t> ChooseRows(const TokenizedDataset& data, const TrainingOptions& options) {
  const std::vector<int64_t> first = data.first_rows();
  const int64_t documents = static_cast<int64_t>(first.size());
  std::vector<int64_t> chosen = ShuffledOrder(documents, options.seed, kChoice);
  if (options.eval_documents > 0 && options.eval_documents < documents) {
    chosen.resize(options.eval_documents);
  }
  std::sort(chosen.begin(), chosen.end());
  std::vector<int64_t> rows;
  for (const int64_t document : chosen) {
    const int64_t end = document + 1 < documents ? first[document + 1] : data.size();
    for (int64_t row = first[document]; row < end; ++row) rows.push_back(row);
  }
  return rows;
}

// The logits of every row of a batch.
std::vector<std::vector<float>> RowsOf(const at::Tensor& logits) {
  const at::Tensor values = logits.contiguous();
  const float* row = values.const_data_ptr<float>();
  std::vector<std::vector<float>> rows;
  for (int64_t i = 0; i < values.size(0); ++i, row += values.size(1)) {
    rows.emplace_back(row, row + values.size(1));
  }
  return rows;
}

// Gathers the rows of each document, in order, and scores it when its last one is there.
class Collector {
 public:
  Collector(const TokenizedDataset& data, const model::ModelConfig& config)
      : data_(data), config_(config), scores_(static_cast<int>(config.labels.size())) {}

  void Add(int64_t row, std::vector<float> logits) {
    if (!windows_.empty() && data_.example(row) != data_.example(row_)) Finish();
    row_ = row;
    windows_.push_back(std::move(logits));
  }

  // The scores at threshold 0.5, or of the best label; and the mean loss.
  Evaluation Result() {
    if (!windows_.empty()) Finish();
    const LabelSets predicted =
        config_.problem_type == model::ProblemType::kMultiLabel
            ? PredictByThreshold(scores_, std::vector<float>(scores_.labels(), kThreshold))
            : PredictBest(scores_);
    return {loss_ / static_cast<double>(truth_.size()),
            ComputeScores(predicted, truth_, scores_.labels())};
  }

 private:
  void Finish() {
    const model::CombinedScores combined = model::CombineChunks(config_.problem_type, windows_);
    scores_.Append(std::vector<float>(combined.scores.begin(), combined.scores.end()));
    truth_.emplace_back(data_.labels(row_).begin(), data_.labels(row_).end());
    const at::Tensor logits = at::tensor(combined.logits).unsqueeze(0);
    loss_ += SumOfLosses(logits, data_, {row_}, config_.problem_type, 0.0).item<double>();
    windows_.clear();
  }

  const TokenizedDataset& data_;
  const model::ModelConfig& config_;
  ScoreMatrix scores_;
  LabelSets truth_;
  double loss_ = 0;
  int64_t row_ = 0;  // the last one added
  std::vector<std::vector<float>> windows_;
};

}  // namespace

Evaluator::Evaluator(const TokenizedDataset& data, const TrainingOptions& options)
    : data_(data),
      batches_(PackBatches(ChooseRows(data, options), data.lengths(), options.batch_tokens)) {}

Evaluation Evaluator::Evaluate(const TrainableModel& model) const {
  Collector collector(data_, model.parameters().config());
  for (const BatchRows& rows : batches_) {
    model::PackedBatch batch;
    for (const int64_t row : rows) batch.Append(data_.ids(row));
    std::vector<std::vector<float>> logits = RowsOf(model.Logits(batch));
    for (size_t i = 0; i < rows.size(); ++i) collector.Add(rows[i], std::move(logits[i]));
  }
  return collector.Result();
}

}  // namespace diffuser::training
