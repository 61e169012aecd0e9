#include "rules/tokens.hpp"

#include "model/severity.hpp"
#include "model/suggestion.hpp"

#include <sodium.h>
#include <sys/stat.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>
#include <optional>

namespace nocturne::rules {

namespace {

constexpr std::size_t kFileBytesMax = 1U << 20;
constexpr std::size_t kNameLettersMax = 64;
constexpr std::array<std::string_view, 5> kKeys{"name", "role", "hash", "created", "expires"};

class TokenReader {
   public:
    explicit TokenReader(const std::string& file_name) : file_name_(file_name) {}

    TokenFile read(std::string_view text) {
        try {
            read_root(YAML::Load(std::string(text)));
        } catch (const YAML::Exception& error) {
            report(error.mark, error.msg);
        }
        return std::move(file_);
    }

   private:
    void read_root(const YAML::Node& root) {
        if (!root.IsDefined() || root.IsNull()) {
            return;
        }
        const bool is_list = root.IsMap() && root.size() == 1 && root["tokens"] &&
                             (root["tokens"].IsSequence() || root["tokens"].IsNull());
        if (!is_list) {
            report(root.Mark(), "expected one key, tokens, with a list; `nocturne token create` "
                                "writes this file");
            return;
        }
        if (root["tokens"].size() > kTokensMax) {
            report(root.Mark(), std::to_string(root["tokens"].size()) + " tokens are more than " +
                                    std::to_string(kTokensMax));
            return;
        }
        for (const YAML::Node& item : root["tokens"]) {
            read_token(item);
        }
    }

    void read_token(const YAML::Node& node) {
        if (!node.IsMap()) {
            report(node.Mark(), "expected a token: {name: anna, role: responder, hash: ...}");
            return;
        }
        check_keys(node);
        Token token;
        token.name = text_of(node, "name");
        if (!is_token_name(token.name)) {
            report(mark_of(node, "name"), "name: expected letters, digits and ._@-, at most 64");
        }
        const std::string role = text_of(node, "role");
        if (const auto found = model::find_name<model::Role>(model::kRoleNames, role)) {
            token.role = *found;
        } else {
            report(mark_of(node, "role"),
                   "role: \"" + role.substr(0, kNameLettersMax) +
                       "\" is not one of viewer, responder, approver, admin, ingest");
        }
        if (const auto hash = model::parse_sha256(text_of(node, "hash"))) {
            token.hash = *hash;
        } else {
            report(mark_of(node, "hash"),
                   "hash: expected 64 hexadecimal digits, as `nocturne token create` writes them");
        }
        token.created_at = time_of(node, "created");
        token.expires_at = time_of(node, "expires");
        const bool is_known =
            std::any_of(file_.tokens.begin(), file_.tokens.end(),
                        [&](const Token& other) { return other.hash == token.hash; });
        if (is_known) {
            report(mark_of(node, "hash"), "hash: another token has it already");
        }
        file_.tokens.push_back(std::move(token));
    }

    void check_keys(const YAML::Node& node) {
        for (const auto& member : node) {
            const std::string key = member.first.IsScalar() ? member.first.Scalar() : "";
            if (std::find(kKeys.begin(), kKeys.end(), key) == kKeys.end()) {
                report(member.first.Mark(), "unknown key \"" + key.substr(0, kNameLettersMax) +
                                                "\"; " + model::suggest(key, kKeys));
            }
        }
    }

    model::Time time_of(const YAML::Node& node, const char* key) {
        const std::string text = text_of(node, key);
        if (text.empty()) {
            return model::kNoTime;
        }
        const Result<model::Time> time = model::parse_time(text);
        if (!time) {
            report(mark_of(node, key), std::string(key) + ": " + time.error().message);
        }
        return time ? *time : model::kNoTime;
    }

    static std::string text_of(const YAML::Node& node, const char* key) {
        return node[key] && node[key].IsScalar() ? node[key].Scalar() : std::string();
    }

    static YAML::Mark mark_of(const YAML::Node& node, const char* key) {
        return node[key] ? node[key].Mark() : node.Mark();
    }

    void report(const YAML::Mark& mark, std::string message) {
        Place place{file_name_, 1, 1};
        if (!mark.is_null()) {
            place.line = static_cast<std::uint32_t>(mark.line + 1);
            place.column = static_cast<std::uint32_t>(mark.column + 1);
        }
        file_.problems.push_back({ErrorCode::Invalid, std::move(message), {std::move(place)}});
    }

    std::string file_name_;
    TokenFile file_;
};

}  // namespace

std::string id_of(const Token& token) {
    constexpr std::size_t kDigits = 8;
    return model::to_string(token.hash).substr(0, kDigits);
}

const Token* find_token(const std::vector<Token>& tokens, std::string_view secret) {
    const model::Sha256 hash = hash_of_secret(secret);
    const Token* found = nullptr;
    for (const Token& token : tokens) {
        if (model::are_equal(token.hash, hash)) {
            found = &token;
        }
    }
    return found;
}

std::string make_secret() {
    std::array<unsigned char, 32> random{};
    randombytes_buf(random.data(), random.size());
    std::array<char, sodium_base64_ENCODED_LEN(32, sodium_base64_VARIANT_URLSAFE_NO_PADDING)>
        text{};
    sodium_bin2base64(text.data(), text.size(), random.data(), random.size(),
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    sodium_memzero(random.data(), random.size());
    return std::string("nct_") + text.data();
}

model::Sha256 hash_of_secret(std::string_view secret) {
    return model::sha256_of({secret});
}

TokenFile parse_tokens(std::string_view yaml, const std::string& file_name) {
    return TokenReader(file_name).read(yaml);
}

Result<TokenFile> read_tokens(const std::filesystem::path& path) {
    struct stat about {};

    std::ifstream in(path, std::ios::binary);
    if (!in || ::stat(path.c_str(), &about) != 0 || !S_ISREG(about.st_mode)) {
        return fail(ErrorCode::NotFound,
                    path.string() + ": cannot be read; `nocturne token create` makes it");
    }
    if ((about.st_mode & S_IWOTH) != 0) {
        return fail(ErrorCode::Invalid, path.string() +
                                            ": everybody may write this file, and so let "
                                            "themselves in; chmod 600 it");
    }
    std::string text(kFileBytesMax + 1, '\0');
    in.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(in.gcount()));
    if (text.size() > kFileBytesMax) {
        return fail(ErrorCode::Invalid, path.string() + ": more than 1 MiB is no token file");
    }
    return parse_tokens(text, path.string());
}

std::string render_tokens(const std::vector<Token>& tokens) {
    std::string text =
        "# Who may use Nocturne's HTTP interface; written by `nocturne token`. Hashes, no "
        "secrets.\n";
    text += tokens.empty() ? "tokens: []\n" : "tokens:\n";
    for (const Token& token : tokens) {
        text += "  - name: " + token.name + "\n    role: " + std::string(name_of(token.role)) +
                "\n    hash: \"" + model::to_string(token.hash) + "\"\n";
        if (token.created_at != model::kNoTime) {
            text += "    created: " + model::format_time(token.created_at) + "\n";
        }
        if (token.expires_at != model::kNoTime) {
            text += "    expires: " + model::format_time(token.expires_at) + "\n";
        }
    }
    return text;
}

bool is_token_name(std::string_view name) {
    const auto is_plain = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               std::string_view("._@-").find(c) != std::string_view::npos;
    };
    return !name.empty() && name.size() <= kNameLettersMax &&
           std::all_of(name.begin(), name.end(), is_plain);
}

}  // namespace nocturne::rules
