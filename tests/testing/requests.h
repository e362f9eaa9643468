#ifndef DIFFUSER_TESTS_TESTING_REQUESTS_H_
#define DIFFUSER_TESTS_TESTING_REQUESTS_H_

#include <utility>
#include <vector>

#include "server/batching/request.h"
#include "tests/testing/answer_box.h"

namespace diffuser::testing {

using ResultBox = AnswerBox<batching::BatchedResult>;

// A request of `tokens` tokens, all with the same id.
inline batching::Request MakeRequest(int tokens, ResultBox& box, int id = 7) {
  return batching::Request{.ids = std::vector<int32_t>(tokens, id), .done = box.NewCompletion()};
}

// A document of chunks of these lengths.
inline std::vector<batching::Request> MakeDocument(const std::vector<int>& lengths,
                                                   ResultBox& box) {
  std::vector<batching::Request> requests;
  for (const int tokens : lengths) requests.push_back(MakeRequest(tokens, box));
  return requests;
}

inline std::vector<int> Lengths(const std::vector<batching::Request>& requests) {
  std::vector<int> lengths;
  for (const auto& request : requests) lengths.push_back(request.tokens());
  return lengths;
}

inline void AnswerAll(std::vector<batching::Request> requests) {
  for (auto& request : requests) std::move(request.done).Answer(batching::BatchedResult{});
}

}  // namespace diffuser::testing

#endif  // DIFFUSER_TESTS_TESTING_REQUESTS_H_
