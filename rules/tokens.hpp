// Tokens: who may use the HTTP interface, and as what. The file holds hashes, never a secret.
#pragma once

#include "model/result.hpp"
#include "model/role.hpp"
#include "model/sha256.hpp"
#include "model/time.hpp"

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace nocturne::rules {

struct Token {
    std::string name;  // of the person or the tool; may have several tokens
    model::Role role = model::Role::Viewer;
    model::Sha256 hash{};  // of the secret
    model::Time created_at = model::kNoTime;
    model::Time expires_at = model::kNoTime;  // kNoTime: never

    friend bool operator==(const Token&, const Token&) = default;
};

inline constexpr std::size_t kTokensMax = 1000;

// The first eight digits of the hash: enough to name one.
std::string id_of(const Token& token);

// The token of that secret, expired or not; nullptr when there is none. Looks at every token and
// at every byte, so that the time it takes tells nothing.
const Token* find_token(const std::vector<Token>& tokens, std::string_view secret);

// "nct_" and 256 random bits as 43 letters.
std::string make_secret();
model::Sha256 hash_of_secret(std::string_view secret);

struct TokenFile {
    std::vector<Token> tokens;
    std::vector<Error> problems;  // all of them, with their places; with any, do not use the rest
};

TokenFile parse_tokens(std::string_view yaml, const std::string& file_name);

// An Error: the file cannot be read, or everybody may write it.
Result<TokenFile> read_tokens(const std::filesystem::path& path);

// The file as parse_tokens reads it.
std::string render_tokens(const std::vector<Token>& tokens);

// Letters, digits and ._@- only, so that a name looks the same everywhere; at most 64.
bool is_token_name(std::string_view name);

}  // namespace nocturne::rules
