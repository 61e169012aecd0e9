#include "gateway/effectors/secrets.hpp"

#include "gateway/http_client.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <fstream>

namespace nocturne::gateway {

namespace {

constexpr std::string_view kOpen = "${secret:";

bool is_name(std::string_view name) {
    return !name.empty() && name.size() <= 128 &&
           std::all_of(name.begin(), name.end(), [](char letter) {
               return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
                      (letter >= '0' && letter <= '9') || letter == '_';
           });
}

std::string base64(std::string_view bytes) {
    static constexpr std::string_view kLetters =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string out;
    for (std::size_t i = 0; i + 2 < bytes.size(); i += 3) {  // whole groups: the rest depends on
                                                             // what follows
        std::uint32_t group = 0;
        for (std::size_t k = 0; k < 3; ++k) {
            group = group << 8 | static_cast<unsigned char>(bytes[i + k]);
        }
        for (const unsigned shift : {18U, 12U, 6U, 0U}) {
            out += kLetters[group >> shift & 63U];
        }
    }
    return out;
}

void replace_all(std::string& text, std::string_view what, std::string_view by) {
    for (std::size_t at = text.find(what); at != std::string::npos;
         at = text.find(what, at + by.size())) {
        text.replace(at, what.size(), by);
    }
}

// What the beginning of `secret` at the end of `text` is long.
std::size_t beginning_at_end(std::string_view text, std::string_view secret) {
    for (std::size_t size = std::min(text.size(), secret.size() - 1); size > 0; --size) {
        if (text.ends_with(secret.substr(0, size))) {
            return size;
        }
    }
    return 0;
}

}  // namespace

Result<std::vector<std::string>> secret_names_in(std::string_view text) {
    std::vector<std::string> names;
    for (std::size_t at = text.find(kOpen); at != std::string_view::npos;
         at = text.find(kOpen, at)) {
        at += kOpen.size();
        const std::size_t end = text.find('}', at);
        const std::string_view name =
            text.substr(at, end == std::string_view::npos ? std::size_t{0} : end - at);
        if (!is_name(name)) {
            return fail(ErrorCode::Invalid,
                        "\"${secret:\" without a name and \"}\" behind it; expected e.g. "
                        "${secret:DEPLOY_TOKEN}");
        }
        names.emplace_back(name);
    }
    return names;
}

void Redactor::add(std::string name, std::string value) {
    const std::array<std::string, 3> forms{value, url_encode(value), base64(value)};
    for (const std::string& form : forms) {
        if (form.size() >= Secrets::kBytesMin) {
            forms_.push_back({name, form});
        }
    }
    // The longest first: a secret may hold another one.
    std::stable_sort(forms_.begin(), forms_.end(),
                     [](const Form& a, const Form& b) { return a.text.size() > b.text.size(); });
}

std::string Redactor::redact(std::string text, bool is_cut) const {
    for (const Form& form : forms_) {
        replace_all(text, form.text, "${secret:" + form.name + "}");
    }
    if (is_cut) {
        std::size_t cut = 0;
        for (const Form& form : forms_) {
            cut = std::max(cut, beginning_at_end(text, form.text));
        }
        text.resize(text.size() - cut);
    }
    return text;
}

Result<std::string> Secrets::read(std::string_view name) const {
    const auto source =
        std::find_if(sources_.begin(), sources_.end(),
                     [&](const rules::SecretSource& it) { return it.name == name; });
    const std::string called = "secret " + std::string(name.substr(0, 128));
    if (source == sources_.end()) {
        return fail(ErrorCode::NotFound, called + " is not listed under secrets");
    }
    std::string value;
    if (source->file.empty()) {
        const char* variable = std::getenv(source->env.c_str());
        if (variable == nullptr) {
            return fail(ErrorCode::NotFound, called + ": the environment has no " + source->env);
        }
        value = variable;
    } else {
        std::ifstream file(source->file, std::ios::binary);
        value.resize(kBytesMax + 1);
        if (!file.is_open()) {
            return fail(ErrorCode::NotFound, called + ": cannot read " + source->file.string());
        }
        file.read(value.data(), static_cast<std::streamsize>(value.size()));
        value.resize(static_cast<std::size_t>(file.gcount()));
        value.erase(value.find_last_not_of("\r\n") + 1);
    }
    if (value.size() < kBytesMin || value.size() > kBytesMax) {
        return fail(ErrorCode::Invalid,
                    called + " has " +
                        std::string(value.size() < kBytesMin ? "less than 8" : "more than 64Ki") +
                        " bytes");
    }
    return value;
}

Result<std::string> Secrets::put_into(std::string_view text, std::span<const std::string> allowed,
                                      Redactor& redactor) const {
    NOCTURNE_TRY(const std::vector<std::string> names, secret_names_in(text));
    std::string out;
    for (const std::string& name : names) {
        if (std::find(allowed.begin(), allowed.end(), name) == allowed.end()) {
            return fail(ErrorCode::Invalid, "secret " + name + " may not go there");
        }
        NOCTURNE_TRY(std::string value, read(name));
        const std::size_t at = text.find(kOpen);
        out.append(text.substr(0, at)).append(value);
        text.remove_prefix(at + kOpen.size() + name.size() + 1);
        redactor.add(name, std::move(value));
    }
    return out.append(text);
}

}  // namespace nocturne::gateway
