#include "model/training/evaluator.h"

#include <ATen/ops/sigmoid.h>
#include <ATen/ops/softmax.h>

#include <algorithm>

#include "model/packed_batch.h"
#include "model/training/evaluation/score_matrix.h"
#include "model/training/loss.h"

namespace diffuser::training {
namespace {

constexpr float kThreshold = 0.5f;
constexpr int64_t kChoice = -1;  // in the place of an epoch: an order that no epoch has

std::vector<int64_t> ChooseRows(const TokenizedDataset& data, const TrainingOptions& options) {
  std::vector<int64_t> rows = ShuffledOrder(data.size(), options.seed, kChoice);
  if (options.eval_documents > 0 && options.eval_documents < data.size()) {
    rows.resize(options.eval_documents);
  }
  std::sort(rows.begin(), rows.end());
  return rows;
}

void AppendScores(const at::Tensor& logits, model::ProblemType type, ScoreMatrix& scores) {
  const at::Tensor values =
      (type == model::ProblemType::kMultiLabel ? at::sigmoid(logits) : at::softmax(logits, 1))
          .contiguous();
  const float* row = values.const_data_ptr<float>();
  for (int64_t i = 0; i < values.size(0); ++i, row += values.size(1)) {
    scores.Append({row, static_cast<size_t>(values.size(1))});
  }
}

}  // namespace

Evaluator::Evaluator(const TokenizedDataset& data, const TrainingOptions& options)
    : data_(data),
      batches_(PackBatches(ChooseRows(data, options), data.lengths(), options.batch_tokens)) {}

Evaluation Evaluator::Evaluate(const TrainableModel& model) const {
  const model::ModelConfig& config = model.parameters().config();
  const int labels = static_cast<int>(config.labels.size());
  ScoreMatrix scores(labels);
  LabelSets truth;
  double loss = 0;
  for (const BatchRows& rows : batches_) {
    model::PackedBatch batch;
    for (const int64_t row : rows) {
      batch.Append(data_.ids(row));
      truth.emplace_back(data_.labels(row).begin(), data_.labels(row).end());
    }
    const at::Tensor logits = model.Logits(batch);
    loss += SumOfLosses(logits, data_, rows, config.problem_type, 0.0).item<double>();
    AppendScores(logits, config.problem_type, scores);
  }
  const LabelSets predicted =
      config.problem_type == model::ProblemType::kMultiLabel
          ? PredictByThreshold(scores, std::vector<float>(labels, kThreshold))
          : PredictBest(scores);
  return {loss / static_cast<double>(truth.size()), ComputeScores(predicted, truth, labels)};
}

}  // namespace diffuser::training
