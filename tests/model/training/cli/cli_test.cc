#include "model/training/cli/cli.h"

#include <gmock/gmock.h>

#include "tests/model/training/cli/train_fixture.h"

namespace diffuser::training {
namespace {

using ::testing::HasSubstr;

using TrainCli = TrainCliTest;

TEST_F(TrainCli, NamesTheFlagThatIsMissing) {
  EXPECT_EQ(Refused({}, kUsage).err,
            "diffuser-train: --data is required (--help shows all flags)\n");
  EXPECT_THAT(Refused(Flags({{"--eval", ""}}), kUsage).err, HasSubstr("--eval is required"));
  EXPECT_THAT(Refused(Flags({{"--output", ""}}), kUsage).err, HasSubstr("--output is required"));
  EXPECT_THAT(Refused(Flags({{"--config", ""}}), kUsage).err,
              HasSubstr("--config or --init is required"));
  EXPECT_THAT(Refused(Flags({{"--tokenizer", ""}}), kUsage).err,
              HasSubstr("--tokenizer or --init is required"));
}

TEST_F(TrainCli, RefusesFlagsAndValuesThatAreNone) {
  EXPECT_THAT(Refused(Flags({{"--colour", "red"}}), kUsage).err, HasSubstr("--colour"));
  EXPECT_THAT(Refused(Flags({{"--epochs", "many"}}), kUsage).err, HasSubstr("--epochs"));
  EXPECT_THAT(Refused(Flags({{"--epochs", "0"}}), kUsage).err,
              HasSubstr("--epochs: found 0, expected 1 or more"));
  EXPECT_THAT(Refused(Flags({{"--weights_type", "int4"}}), kUsage).err,
              HasSubstr("--weights_type"));
  EXPECT_THAT(Refused(Flags({{"--long_documents", "chunk"}}), kUsage).err,
              HasSubstr("--long_documents"));
}

TEST_F(TrainCli, RefusesToResumeAndToOverwriteAtOnce) {
  std::vector<std::string> flags = Flags();
  flags.push_back("--resume");
  flags.push_back("--overwrite");
  EXPECT_THAT(Refused(flags, kUsage).err, HasSubstr("--resume excludes --overwrite"));
}

TEST_F(TrainCli, RunsTheCommandThatIsCalled) {
  const CliResult fine = Run({"eval"});
  EXPECT_EQ(fine.code, kOk) << fine.err;
  FakeEvalStatus() = absl::NotFoundError("m/config.json: no such\tfile");
  EXPECT_EQ(Refused({"eval"}, kFailed).err, "diffuser-train: m/config.json: no such file\n");
}

TEST_F(TrainCli, ShowsItsFlagsWithTheirDefaults) {
  const CliResult help = Run({"--help"});
  EXPECT_EQ(help.code, kOk);
  EXPECT_THAT(help.out, HasSubstr("--batch_tokens COUNT=8192"));
  EXPECT_THAT(help.out, HasSubstr("fail|head|drop=fail"));
  EXPECT_THAT(help.out, HasSubstr("eval"));
}

}  // namespace
}  // namespace diffuser::training
