// The token file: what is right reads back, what is wrong is told with its place.
#include "rules/tokens.hpp"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

namespace nocturne::rules {
namespace {

using testing::HasSubstr;
using testing::SizeIs;
using testing::StartsWith;

Token token_of(const std::string& name, const std::string& secret) {
    Token token;
    token.name = name;
    token.role = model::Role::Responder;
    token.hash = hash_of_secret(secret);
    token.created_at = model::from_unix_ms(1'700'000'000'000);
    token.expires_at = model::from_unix_ms(1'800'000'000'000);
    return token;
}

std::string problem_of(const std::string& yaml) {
    const TokenFile file = parse_tokens(yaml, "tokens.yaml");
    return file.problems.empty() ? "" : to_string(file.problems.front());
}

}  // namespace

TEST(TokenFile, ReadsBackWhatIsWritten) {
    const std::vector<Token> tokens{token_of("anna", "a"), token_of("prom@web-1", "b")};

    const TokenFile file = parse_tokens(render_tokens(tokens), "tokens.yaml");

    EXPECT_THAT(file.problems, SizeIs(0));
    EXPECT_EQ(file.tokens, tokens);
    EXPECT_THAT(parse_tokens(render_tokens({}), "tokens.yaml").problems, SizeIs(0));
}

TEST(TokenFile, HoldsNoSecret) {
    const std::string secret = make_secret();

    EXPECT_EQ(render_tokens({token_of("anna", secret)}).find(secret.substr(4)), std::string::npos);
}

TEST(TokenFile, TellsWhatIsWrongAndWhere) {
    const std::string hash(64, 'a');

    EXPECT_THAT(problem_of("people: []"), HasSubstr("expected one key, tokens"));
    EXPECT_THAT(problem_of("tokens:\n  - {name: anna, role: boss, hash: " + hash + "}"),
                StartsWith("tokens.yaml:2:24: role: \"boss\" is not one of viewer"));
    EXPECT_THAT(problem_of("tokens:\n  - {name: a b, role: viewer, hash: " + hash + "}"),
                HasSubstr("name: expected letters"));
    EXPECT_THAT(problem_of("tokens:\n  - {name: anna, role: viewer, hash: secret}"),
                HasSubstr("hash: expected 64"));
    EXPECT_THAT(problem_of("tokens:\n  - {name: anna, role: viewer, hash: " + hash +
                           ", expire: 2027-01-01T00:00:00Z}"),
                HasSubstr("did you mean \"expires\"?"));
    EXPECT_THAT(problem_of("tokens:\n  - {name: anna, role: viewer, hash: " + hash +
                           "}\n  - {name: bob, role: viewer, hash: " + hash + "}"),
                HasSubstr("another token has it already"));
    EXPECT_THAT(problem_of("tokens: ["), StartsWith("tokens.yaml:"));
}

TEST(TokenFile, IsRefusedWhenEverybodyMayWriteIt) {
    std::string name = "/tmp/nocturne-tokens-XXXXXX";
    const int file = ::mkstemp(name.data());
    ASSERT_GE(file, 0);
    ::close(file);
    std::ofstream(name) << render_tokens({});

    EXPECT_TRUE(read_tokens(name));
    ::chmod(name.c_str(), 0666);
    const auto read = read_tokens(name);
    ::unlink(name.c_str());

    ASSERT_FALSE(read);
    EXPECT_THAT(read.error().message, HasSubstr("chmod 600"));
}

TEST(Tokens, AreFoundByTheirSecretAlone) {
    const std::vector<Token> tokens{token_of("anna", "a"), token_of("bob", "b")};

    ASSERT_NE(find_token(tokens, "b"), nullptr);
    EXPECT_EQ(find_token(tokens, "b")->name, "bob");
    EXPECT_EQ(find_token(tokens, "B"), nullptr);
    EXPECT_EQ(find_token(tokens, ""), nullptr);
    EXPECT_EQ(find_token(tokens, model::to_string(tokens[0].hash)), nullptr);
}

TEST(Tokens, HaveSecretsOf256BitsThatDiffer) {
    const std::string secret = make_secret();

    EXPECT_THAT(secret, StartsWith("nct_"));
    EXPECT_EQ(secret.size(), 4 + 43U);
    EXPECT_NE(make_secret(), secret);
}

}  // namespace nocturne::rules
