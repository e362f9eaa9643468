#include "tests/bench/results.h"

namespace diffuser::bench {

const EngineResult* FindEngine(const RunResult& run, const std::string& checkpoint,
                               const std::string& precision) {
  for (const EngineResult& engine : run.engines) {
    if (engine.checkpoint == checkpoint && engine.precision == precision) return &engine;
  }
  return nullptr;
}

const CaseResult* FindCase(const EngineResult& engine, const std::string& name) {
  for (const CaseResult& of_case : engine.cases) {
    if (of_case.name == name) return &of_case;
  }
  return nullptr;
}

}  // namespace diffuser::bench
