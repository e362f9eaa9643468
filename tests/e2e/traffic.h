#ifndef DIFFUSER_TESTS_E2E_TRAFFIC_H_
#define DIFFUSER_TESTS_E2E_TRAFFIC_H_

#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "diffuser/v1/classification.pb.h"
#include "tests/e2e/wire.h"

namespace diffuser::testing {

// A document that callers ask about again and again.
struct PooledDocument {
  v1::ClassifyRequest request = {};
  absl::StatusCode code = absl::StatusCode::kOk;  // that it must be answered with
  std::string answer = {};  // of a good one: what Canonical gives of its answer when asked alone
};

// The answer without what may differ from call to call: the id and the timings.
std::string Canonical(v1::ClassifyResponse response);

// Documents of every kind for the model `text`: by option set, so that a batch, which has one set
// of options, can be drawn from one of them. Good and bad ones, texts and ids, of 1 to 10,000
// tokens. Without the good ones' answers.
std::vector<std::vector<PooledDocument>> MakePool(uint32_t seed);

// What callers saw. Documents of a stream count one by one, other calls as wholes, as the server
// counts them.
struct Tally {
  std::map<std::pair<std::string, absl::StatusCode>, int> answered;  // by method and code
  std::map<std::string, int> given_up;        // by method: ended CANCELLED or DEADLINE_EXCEEDED
  std::map<absl::StatusCode, int> documents;  // by code, whichever way they were asked about
  std::vector<std::string> wrong;             // what must not happen

  void Add(const Tally& other);
};

// Makes random calls, one after the other, and holds every answer against what it must be. For one
// thread.
class Caller {
 public:
  using Pool = std::vector<std::vector<PooledDocument>>;

  // Both must outlive it.
  Caller(const Wire& wire, const Pool& pool, uint32_t seed)
      : wire_(wire), pool_(pool), random_(seed) {}

  // One call of a random kind; about one in four is given up early. Blocks: until it has ended.
  void CallOnce();

  const Tally& tally() const { return tally_; }

 private:
  // How a call is given up: by cancelling it, or by its deadline, after this long.
  struct Haste {
    std::optional<absl::Duration> cancel_after;
    std::optional<absl::Duration> deadline;
    bool any() const { return cancel_after.has_value() || deadline.has_value(); }
  };

  int Draw(int limit) { return static_cast<int>(random_() % static_cast<uint32_t>(limit)); }
  Haste DrawHaste();
  const PooledDocument& DrawDocument(size_t option_set);

  void CallClassify(const Haste& haste);
  void CallBatch(const Haste& haste);
  void CallStream(const Haste& haste);
  void CallUnknownModel();

  // The documents of a stream by id.
  using Unanswered = std::map<std::string, const PooledDocument*>;
  void TakeStreamAnswer(const v1::ClassifyStreamResponse& answer, const Haste& haste,
                        Unanswered& unanswered);

  // Counts one answer of a method in the server's own unit.
  void Count(const std::string& method, const absl::Status& status, const Haste& haste);
  // Holds one document's outcome against what it must be.
  void Judge(const PooledDocument& document, const absl::Status& status,
             const v1::ClassifyResponse& response, const Haste& haste);

  const Wire& wire_;
  const Pool& pool_;
  std::mt19937 random_;
  Tally tally_;
};

}  // namespace diffuser::testing

#endif  // DIFFUSER_TESTS_E2E_TRAFFIC_H_
