#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <set>

#include "tests/client/cli/cli_fixture.h"

namespace diffuser::cli {
namespace {

using client::AnswerBadly;
using client::AnswerWell;
using client::FakeServer;
using client::GoodAnswer;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;

TEST_F(CliTest, ClassifiesStandardInputIntoATable) {
  EXPECT_EQ(RunOnServer({"classify", "-"}, "some text"), kOk);
  EXPECT_EQ(out_,
            "FILE  LABEL                SCORE         TOKENS       TIME  NOTE\n"
            "-     good                0.7500            7/7    22.5 ms\n");
  EXPECT_EQ(err_, "");
}

TEST_F(CliTest, ShowsEachLabelOnARowOfItsOwn) {
  v1::ClassifyResponse response = GoodAnswer({});
  response.add_labels()->set_label("bad");
  response.mutable_usage()->set_chunks(3);
  AnswerWith(response);
  EXPECT_EQ(RunOnServer({"classify", "-"}, "t"), kOk);
  const std::vector<std::string> lines = absl::StrSplit(out_, '\n');
  ASSERT_THAT(lines, SizeIs(4));
  EXPECT_THAT(lines[1], AllOf(HasSubstr(" good "), HasSubstr("3 chunks")));
  EXPECT_THAT(lines[2], AllOf(HasSubstr(" bad "), Not(HasSubstr("ms"))));
}

TEST_F(CliTest, SaysWhereNoLabelHoldsAndWhatWasCut) {
  v1::ClassifyResponse response;
  response.mutable_usage()->set_seen(100);
  response.mutable_usage()->set_used(60);
  response.mutable_usage()->set_truncated(40);
  response.mutable_usage()->set_chunks(1);
  response.mutable_usage()->set_long_document(v1::HEAD);
  AnswerWith(response);
  EXPECT_EQ(RunOnServer({"classify", "-"}, "t"), kOk);
  EXPECT_THAT(out_,
              AllOf(HasSubstr("(none)"), HasSubstr("60/100"), HasSubstr("40 tokens cut (HEAD)")));
}

TEST_F(CliTest, SendsWhatTheFlagsSay) {
  AnswerWith(GoodAnswer({}));
  EXPECT_EQ(RunOnServer({"classify", "-", "--model=m1", "--version=v2", "--top_k=3",
                         "--threshold=0.25", "--long_document=head_tail", "--chunk_overlap=64",
                         "--logits", "--evidence", "--max_evidence=4", "--evidence_unit=token"},
                        "t"),
            kOk);
  EXPECT_EQ(request_.model(), "m1");
  EXPECT_EQ(request_.version(), "v2");
  const v1::Options& options = request_.options();
  EXPECT_EQ(options.top_k(), 3);
  EXPECT_EQ(options.threshold(), 0.25F);
  EXPECT_EQ(options.long_document(), v1::HEAD_TAIL);
  EXPECT_EQ(options.chunk_overlap(), 64);
  EXPECT_TRUE(options.return_logits());
  EXPECT_TRUE(options.return_evidence());
  EXPECT_EQ(options.max_evidence(), 4);
  EXPECT_EQ(options.evidence_unit(), v1::TOKEN);
}

TEST_F(CliTest, SendsTokenIds) {
  AnswerWith(GoodAnswer({}));
  EXPECT_EQ(RunOnServer({"classify", "-", "--token_ids"}, "0 7 8\n2\n"), kOk);
  EXPECT_THAT(request_.document().token_ids().ids(), ElementsAre(0, 7, 8, 2));
}

TEST_F(CliTest, FailsBadFilesAloneWithOneLineEach) {
  const std::string good = File("good.txt", "fine");
  const std::string empty = File("empty.txt", "");
  const std::string latin = File("latin.txt", "Z\xFCrich");
  EXPECT_EQ(RunOnServer({"classify", empty, "/no/such.txt", good, latin}), kFailed);
  EXPECT_THAT(out_, HasSubstr(good));
  EXPECT_EQ(err_, absl::StrCat("diffuser-client: ", empty, ": INVALID_ARGUMENT: is empty\n",
                               "diffuser-client: /no/such.txt: NOT_FOUND: cannot be read: "
                               "No such file or directory\n",
                               "diffuser-client: ", latin,
                               ": INVALID_ARGUMENT: is not UTF-8 at byte 1\n"));
}

TEST_F(CliTest, PrintsAJsonObjectForEveryDocument) {
  v1::ClassifyResponse response = GoodAnswer({});
  response.add_logits(0.1F);
  response.add_logits(std::numeric_limits<float>::infinity());
  response.mutable_labels(0)->set_score(0.3F);
  response.mutable_labels(0)->set_label("say \"hi\"\n");
  response.add_evidence()->set_end_byte(4);
  AnswerWith(response);
  EXPECT_EQ(RunOnServer({"classify", File("a.txt", "text"), "/no/such.txt", "--json"}), kFailed);
  EXPECT_EQ(err_, "");
  EXPECT_THAT(out_, HasSubstr("\"score\":0.3,")) << "the shortest form of the float";
  std::vector<nlohmann::json> lines = JsonLines();
  ASSERT_THAT(lines, SizeIs(2));
  if (lines[0].contains("error")) std::swap(lines[0], lines[1]);
  EXPECT_THAT(lines[0]["file"].get<std::string>(), HasSubstr("a.txt"));
  EXPECT_EQ(lines[0]["labels"][0]["label"], "say \"hi\"\n");
  EXPECT_EQ(lines[0]["labels"][0]["score"].get<float>(), 0.3F);
  EXPECT_TRUE(lines[0]["logits"][1].is_null());
  EXPECT_EQ(lines[0]["evidence"][0]["end_byte"], 4);
  EXPECT_EQ(lines[0]["usage"]["used"], 7);
  EXPECT_NEAR(lines[0]["timings"]["compute_seconds"].get<double>(), 0.021, 1e-12);
  EXPECT_EQ(lines[1]["error"]["code"], "NOT_FOUND");
}

TEST_F(CliTest, StaysJsonWhateverAFileIsCalled) {
  EXPECT_EQ(RunOnServer({"classify", "/no/\xFF\"\n", "--json"}), kFailed);
  ASSERT_THAT(JsonLines(), SizeIs(1));
}

TEST_F(CliTest, ShowsEvidenceInItsText) {
  v1::ClassifyResponse response = GoodAnswer({});
  v1::Evidence& evidence = *response.add_evidence();
  evidence.set_begin_byte(5);
  evidence.set_end_byte(13);
  evidence.set_weight(0.5F);
  AnswerWith(response);
  EXPECT_EQ(RunOnServer({"classify", "-", "--evidence"}, "Then it rained. So."), kOk);
  EXPECT_THAT(out_, HasSubstr("\n   50.0%  Then «it raine»d. So.\n"));
  EXPECT_EQ(RunOnServer({"classify", "-", "--evidence", "--color=always"}, "Then it rained. So."),
            kOk);
  EXPECT_THAT(out_, HasSubstr("\x1b[1;33mit raine\x1b[0m"));
  on_terminal_ = true;
  EXPECT_EQ(RunOnServer({"classify", "-", "--evidence"}, "Then it rained. So."), kOk);
  EXPECT_THAT(out_, HasSubstr("\x1b[1;33m"));
  EXPECT_EQ(RunOnServer({"classify", "-", "--evidence", "--color=never"}, "Then it rained. So."),
            kOk);
  EXPECT_THAT(out_, Not(HasSubstr("\x1b")));
}

TEST_F(CliTest, ShowsLogits) {
  v1::ClassifyResponse response = GoodAnswer({});
  response.add_logits(-1.25F);
  response.add_logits(3);
  AnswerWith(response);
  EXPECT_EQ(RunOnServer({"classify", "-", "--logits"}, "t"), kOk);
  EXPECT_THAT(out_, HasSubstr("\n  logits -1.25 3\n"));
}

TEST_F(CliTest, ShowsProgressOnATerminalForManyFiles) {
  const std::string a = File("a.txt", "a"), b = File("b.txt", "b");
  EXPECT_EQ(RunOnServer({"classify", a, b}), kOk);
  EXPECT_EQ(err_, "");
  on_terminal_ = true;
  EXPECT_EQ(RunOnServer({"classify", a, b}), kOk);
  EXPECT_THAT(err_, HasSubstr("2/2 100%"));
}

TEST_F(CliTest, ClassifiesManyFilesOverOneStream) {
  std::vector<std::string> words = {"classify", "--json", "--window=8"};
  for (int i = 0; i < 100; ++i)
    words.push_back(File(absl::StrCat("many", i), absl::StrCat("t", i)));
  EXPECT_EQ(RunOnServer(words), kOk);
  std::set<std::string> files;
  for (const nlohmann::json& line : JsonLines()) files.insert(line["file"].get<std::string>());
  EXPECT_EQ(files.size(), 100u);
  EXPECT_EQ(server_.request_ids().size(), 1u);
}

TEST_F(CliTest, GivesServerErrorsOfADocumentToItAlone) {
  server_.on_stream = [](FakeServer::Stream& stream) {
    v1::ClassifyRequest request;
    while (stream.Read(&request)) {
      if (request.document().text() == "bad") {
        AnswerBadly(stream, request, grpc::StatusCode::NOT_FOUND, -absl::Seconds(1));
      } else {
        AnswerWell(stream, request);
      }
    }
    return grpc::Status::OK;
  };
  const std::string good = File("good.txt", "good"), bad = File("bad.txt", "bad");
  EXPECT_EQ(RunOnServer({"classify", bad, good, "--request_id=r1"}), kFailed);
  EXPECT_EQ(err_,
            absl::StrCat("diffuser-client: ", bad, ": NOT_FOUND: turned away (request r1)\n"));
  EXPECT_THAT(out_, HasSubstr(good));
}

TEST_F(CliTest, SaysOnceThatTheServerIsNotThere) {
  const std::string a = File("a.txt", "a"), b = File("b.txt", "b");
  const std::string nowhere = "--server=" + FakeServer::NewAddress();
  EXPECT_EQ(Run({"classify", a, b, nowhere, "--retries=1"}), kFailed);
  EXPECT_THAT(err_, StartsWith("diffuser-client: UNAVAILABLE: "));
  EXPECT_THAT(err_, HasSubstr("; 2 of 2 documents have no answer\n"));
  EXPECT_EQ(std::count(err_.begin(), err_.end(), '\n'), 1) << err_;
  EXPECT_EQ(Run({"classify", a, b, nowhere, "--retries=0", "--json", "--window=1"}), kFailed);
  const std::vector<nlohmann::json> lines = JsonLines();
  ASSERT_THAT(lines, SizeIs(2));
  EXPECT_EQ(lines[1]["error"]["code"], "UNAVAILABLE");
}

}  // namespace
}  // namespace diffuser::cli
