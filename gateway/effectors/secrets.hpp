// Secrets: read by name when they are needed, put into what leaves, and taken out of what comes
// back.
#pragma once

#include "model/result.hpp"
#include "rules/action_settings.hpp"

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace nocturne::gateway {

// The names in "${secret:NAME}", in order. An Error for one that is not closed or not a name.
Result<std::vector<std::string>> secret_names_in(std::string_view text);

// Remembers the secrets that one call was given, and takes them out of its answer.
class Redactor {
   public:
    void add(std::string name, std::string value);

    // Each secret, plain, as %XX and in base64, becomes "${secret:NAME}". With `is_cut` also the
    // beginning of one at the end of the text, where the rest was cut off.
    std::string redact(std::string text, bool is_cut = false) const;

   private:
    struct Form {
        std::string name;
        std::string text;
    };

    std::vector<Form> forms_;
};

class Secrets {
   public:
    static constexpr std::size_t kBytesMin = 8;  // shorter ones stand in texts by chance
    static constexpr std::size_t kBytesMax = 64U << 10;

    explicit Secrets(std::vector<rules::SecretSource> sources) : sources_(std::move(sources)) {}

    // Of a file without the line end behind it. The Error never shows a part of the value.
    Result<std::string> read(std::string_view name) const;

    // `text` with the secrets in it, each of which must be among `allowed`; they are added to
    // `redactor`.
    Result<std::string> put_into(std::string_view text, std::span<const std::string> allowed,
                                 Redactor& redactor) const;

   private:
    std::vector<rules::SecretSource> sources_;
};

}  // namespace nocturne::gateway
