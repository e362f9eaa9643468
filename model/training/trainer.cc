#include "model/training/trainer.h"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/ops/div.h>

#include <algorithm>
#include <cmath>
#include <iostream>
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "model/layers/guard.h"
#include "model/training/checkpoint_output.h"
#include "model/training/evaluator.h"
#include "model/training/local_heads.h"
#include "model/training/loss.h"
#include "model/training/optimizer.h"
#include "model/training/report/progress_line.h"
#include "model/training/settings.h"
#include "model/training/step_plan.h"
#include "model/training/training_state.h"

namespace diffuser::training {
namespace {

// Rows of metrics.csv between the evaluations, about, over a run.
constexpr int64_t kRowsOfLoss = 200;
// The seeds of one pass's layers follow each other: passes lie further apart.
constexpr uint64_t kSeedsOfPass = 1 << 10;

// Spreads (seed, step, batch) over 64 bits (splitmix64's finaliser).
uint64_t PassSeed(uint64_t seed, int64_t step, int64_t batch) {
  uint64_t x = seed * 0x9e3779b97f4a7c15u + static_cast<uint64_t>(step) * 0x100000001b3u +
               static_cast<uint64_t>(batch) + 1;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return (x ^ (x >> 31)) * kSeedsOfPass;
}

// The share of the documents that have each label, kept off 0 and 1.
std::vector<double> LabelFrequencies(const TokenizedDataset& data, size_t labels) {
  std::vector<double> shares;
  for (const int64_t count : data.label_counts(static_cast<int>(labels))) {
    shares.push_back((static_cast<double>(count) + 1.0) / (static_cast<double>(data.size()) + 2.0));
  }
  return shares;
}

// One run. Its methods throw what LibTorch throws.
class Run {
 public:
  explicit Run(const TrainingJob& job)
      : job_(job),
        plan_(job.train, job.options),
        evaluator_(job.eval, job.options),
        parameters_(std::make_shared<TrainableParameters>(job.config, job.options.initializer_range,
                                                          job.options.seed)),
        optimizer_(parameters_->all(), job.options) {}

  absl::Status Execute() {
    if (absl::Status status = Prepare(); !status.ok()) return status;
    while (!IsDone()) {
      if (absl::Status status = Step(); !status.ok()) return status;
      if (absl::Status status = AfterStep(); !status.ok()) return status;
    }
    if (progress_.step < plan_.steps()) {
      line_->Say(
          absl::StrCat("no better score in ", job_.options.patience, " evaluations: stops here"));
    }
    return Conclude();
  }

 private:
  // Brings the run to where it starts: anew, from a checkpoint, or from its own state.
  absl::Status Prepare() {
    progress_.settings = SettingsText(job_);
    if (job_.options.initializer == Initializer::kLocalHeads) {
      StartWithLocalHeads(*parameters_, job_.options.initializer_range);
    }
    parameters_->StartAtFrequencies(LabelFrequencies(job_.train, job_.config.labels.size()));
    if (job_.resume) {
      auto state = LoadState(StateDir(), progress_.settings, *parameters_, optimizer_);
      if (!state.ok()) return state.status();
      progress_ = *std::move(state);
    } else if (!job_.init_dir.empty()) {
      if (absl::Status status = parameters_->CopyFrom(job_.init_dir); !status.ok()) return status;
    }
    auto model = TrainableModel::Make(parameters_);
    if (!model.ok()) return model.status();
    model_ = *std::move(model);
    auto csv = MetricsCsv::Open(job_.output_dir + "/metrics.csv", progress_.step);
    if (!csv.ok()) return csv.status();
    csv_.emplace(*std::move(csv));
    line_.emplace(std::cerr, StandardErrorOptions(), absl::Now, progress_.step);
    // What is killed before its first evaluation can be resumed too; and a disk that is too full
    // for a state shows now.
    return job_.resume ? absl::OkStatus() : Save();
  }

  std::string StateDir() const { return absl::StrCat(job_.output_dir, "/", kStateFolder); }
  absl::Status Save() { return SaveState(StateDir(), progress_, *parameters_, optimizer_); }

  layers::Dropout DropoutOf(int64_t batch) const {
    return {.hidden = job_.options.hidden_dropout,
            .attention = job_.options.attention_dropout,
            .hop = job_.options.hop_dropout,
            .seed = PassSeed(job_.options.seed, progress_.step, batch)};
  }

  absl::Status Step() {
    const absl::Time begin = absl::Now();
    const std::vector<BatchRows> batches = plan_.Step(progress_.step);
    int64_t documents = 0;
    for (const BatchRows& rows : batches) documents += static_cast<int64_t>(rows.size());
    double loss = 0;
    int64_t tokens = 0;
    for (size_t i = 0; i < batches.size(); ++i) {
      model::PackedBatch packed;
      for (const int64_t row : batches[i]) packed.Append(job_.train.ids(row));
      loss += Backward(packed, batches[i], DropoutOf(static_cast<int64_t>(i)), documents);
      tokens += packed.tokens();
    }
    const double norm = optimizer_.GradientNorm();
    if (!std::isfinite(loss) || !std::isfinite(norm)) {
      return absl::InternalError(absl::StrCat("loss or gradient is no number any more at step ",
                                              progress_.step + 1, "; try a lower learning rate"));
    }
    optimizer_.Step(LearningRateAt(progress_.step, plan_.steps(), job_.options), norm);
    Count(loss, documents, tokens, absl::ToDoubleSeconds(absl::Now() - begin));
    return absl::OkStatus();
  }

  // Adds the gradient of the batch's part in the step's mean loss; returns the batch's sum.
  double Backward(const model::PackedBatch& packed, const BatchRows& rows,
                  const layers::Dropout& dropout, int64_t documents) {
    at::manual_seed(dropout.seed);
    const at::Tensor sum =
        SumOfLosses(model_->TrainingLogits(packed, dropout, job_.options.recompute), job_.train,
                    rows, job_.config.problem_type, job_.options.label_smoothing);
    sum.div(static_cast<double>(documents)).backward();
    return sum.item<double>();
  }

  void Count(double loss, int64_t documents, int64_t tokens, double seconds) {
    ++progress_.step;
    progress_.tokens += tokens;
    progress_.seconds += seconds;
    progress_.loss_sum += loss;
    progress_.loss_documents += documents;
    progress_.row_tokens += tokens;
    progress_.row_seconds += seconds;
    line_->Update({.step = progress_.step,
                   .total_steps = plan_.steps(),
                   .loss = loss / static_cast<double>(documents),
                   .tokens_per_second = static_cast<double>(tokens) / seconds});
  }

  // Evaluates, reports, saves and stops where it is time to.
  absl::Status AfterStep() {
    const bool last = progress_.step == plan_.steps();
    const int64_t every = job_.options.eval_every;
    const bool evaluate =
        last || (every > 0 ? progress_.step % every == 0 : plan_.EndsEpoch(progress_.step));
    const bool row = progress_.step % std::max<int64_t>(1, plan_.steps() / kRowsOfLoss) == 0;
    if (evaluate) {
      if (absl::Status status = Evaluate(); !status.ok()) return status;
    } else if (row) {
      if (absl::Status status = csv_->Append(MakeRow()); !status.ok()) return status;
    }
    const bool stop = job_.stop != nullptr && job_.stop->load();
    const int64_t save_every = job_.options.checkpoint_every;
    if (evaluate || stop || (save_every > 0 && progress_.step % save_every == 0)) {
      if (absl::Status status = Save(); !status.ok()) return status;
    }
    if (!stop || last) return absl::OkStatus();
    line_->Clear();
    return absl::CancelledError(absl::StrCat("stopped after step ", progress_.step, " of ",
                                             plan_.steps(), "; --resume goes on from there"));
  }

  // What is known since the last row, which it begins anew.
  MetricsRow MakeRow() {
    MetricsRow row;
    row.step = progress_.step;
    row.epoch = plan_.EpochsAfter(progress_.step);
    row.tokens = progress_.tokens;
    row.seconds = progress_.seconds;
    row.learning_rate = LearningRateAt(progress_.step - 1, plan_.steps(), job_.options);
    if (progress_.loss_documents > 0) {
      row.train_loss = progress_.loss_sum / static_cast<double>(progress_.loss_documents);
      row.tokens_per_second = static_cast<double>(progress_.row_tokens) / progress_.row_seconds;
    }
    progress_.loss_sum = progress_.row_seconds = 0;
    progress_.loss_documents = progress_.row_tokens = 0;
    return row;
  }

  absl::Status Evaluate() {
    const Evaluation evaluation = evaluator_.Evaluate(*model_);
    MetricsRow row = MakeRow();
    row.eval_loss = evaluation.loss;
    row.micro_f1 = evaluation.scores.micro.f1();
    row.macro_f1 = evaluation.scores.macro_f1;
    row.exact_match = evaluation.scores.exact_match;
    if (absl::Status status = csv_->Append(row); !status.ok()) return status;
    line_->Say(absl::StrFormat(
        "step %d, epoch %.2f: train loss %.4f, eval loss %.4f, micro F1 %.4f, macro F1 %.4f, "
        "exact %.4f",
        row.step, row.epoch, row.train_loss.value_or(NAN), *row.eval_loss, *row.micro_f1,
        *row.macro_f1, *row.exact_match));
    if (*row.micro_f1 <= progress_.best_score) {
      ++progress_.evaluations_without_gain;
      return absl::OkStatus();
    }
    progress_.best_score = *row.micro_f1;
    progress_.best_step = progress_.step;
    progress_.evaluations_without_gain = 0;
    return Keep(evaluation.scores);
  }

  // Writes the checkpoint of this step, the best so far.
  absl::Status Keep(const Scores& scores) {
    if (absl::Status status = WriteCheckpoint(job_, *parameters_); !status.ok()) return status;
    return Report(scores);
  }

  bool IsDone() const {
    const bool patience_ended =
        job_.options.patience > 0 && progress_.evaluations_without_gain >= job_.options.patience;
    return patience_ended || progress_.step >= plan_.steps();
  }

  // The last word on the checkpoint that was kept: its scores as its file has it, rounded to the
  // type that its weights are stored in. The state is saved: the parameters can be overwritten.
  absl::Status Conclude() {
    if (absl::Status status = parameters_->CopyFrom(job_.output_dir); !status.ok()) return status;
    const Evaluation evaluation = evaluator_.Evaluate(*model_);
    line_->Say(absl::StrFormat("best at step %d: micro F1 %.4f, exact %.4f; checkpoint in %s",
                               progress_.best_step, evaluation.scores.micro.f1(),
                               evaluation.scores.exact_match, job_.output_dir));
    return Report(evaluation.scores);
  }

  absl::Status Report(const Scores& scores) {
    return WriteReports(job_,
                        {.scores = scores,
                         .steps = progress_.step,
                         .best_step = progress_.best_step,
                         .trained_tokens = progress_.tokens,
                         .training_time = absl::Seconds(progress_.seconds)},
                        csv_->rows());
  }

  const TrainingJob& job_;
  StepPlan plan_;
  Evaluator evaluator_;
  std::shared_ptr<TrainableParameters> parameters_;
  Optimizer optimizer_;
  std::unique_ptr<TrainableModel> model_;
  std::optional<MetricsCsv> csv_;
  std::optional<ProgressLine> line_;
  RunProgress progress_;
};

}  // namespace

absl::Status Train(const TrainingJob& job) {
  at::set_num_threads(job.options.threads);
  const auto report = [](const std::string& details) { std::cerr << details << "\n"; };
  return layers::GuardTorch(report, [&] { return Run(job).Execute(); });
}

}  // namespace diffuser::training
