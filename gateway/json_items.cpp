#include "gateway/json_items.hpp"

#include <boost/json.hpp>

#include <algorithm>

namespace nocturne::gateway {

namespace json = boost::json;

namespace {

constexpr std::size_t kDepthMax = 64;

std::string_view view(const json::string& text) {
    return {text.data(), text.size()};
}

// Finds where values end without building them, so that a document may break off anywhere.
class ItemReader {
   public:
    ItemReader(std::string_view text, const std::string& file, std::string_view list_key,
               TopologyDocument& document, const std::function<void(const JsonItem&)>& visit)
        : text_(text), file_(file), list_key_(list_key), document_(document), visit_(visit) {}

    void read() {
        if (text_.starts_with("\xEF\xBB\xBF")) {
            at_ = 3;
        }
        for (std::size_t document = 0; skip_blanks(); ++document) {
            const char first = text_[at_];
            if (first == '[') {
                read_list("");
            } else if (first == '{') {
                read_object();
            } else {
                broken("", "expected a JSON object or a list of them");
                return;
            }
            if (has_ended_) {
                return;
            }
        }
    }

   private:
    // False at the end of the text.
    bool skip_blanks() {
        while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n' ||
                                      text_[at_] == '\r' || text_[at_] == '\t')) {
            line_ += text_[at_] == '\n' ? 1U : 0U;
            ++at_;
        }
        return at_ < text_.size();
    }

    // Behind the string that begins here; false when the text ends before it does.
    bool skip_string() {
        for (++at_; at_ < text_.size(); ++at_) {
            if (text_[at_] == '\\') {
                ++at_;
            } else if (text_[at_] == '"') {
                ++at_;
                return true;
            } else if (text_[at_] == '\n') {
                ++line_;
            }
        }
        at_ = text_.size();
        return false;
    }

    // Behind the value that begins here.
    bool skip_value() {
        std::size_t depth = 0;
        while (at_ < text_.size()) {
            const char byte = text_[at_];
            if (byte == '"') {
                if (!skip_string()) {
                    return false;
                }
                if (depth == 0) {
                    return true;
                }
                continue;
            }
            if (byte == '{' || byte == '[') {
                ++depth;
            } else if (byte == '}' || byte == ']') {
                if (depth == 0) {
                    return true;  // of a number or a word, that ends where its list does
                }
                if (--depth == 0) {
                    ++at_;
                    return true;
                }
            } else if (depth == 0 && (byte == ',' || byte == ' ' || byte == '\n')) {
                return true;
            }
            line_ += byte == '\n' ? 1U : 0U;
            ++at_;
        }
        return false;
    }

    void read_list(std::string_view kind) {
        const std::string name(list_name_);
        ++at_;
        for (std::size_t i = 0;; ++i) {
            const std::string path = name + "[" + std::to_string(i) + "]";
            if (!skip_blanks()) {
                cut(path);
                return;
            }
            if (text_[at_] == ',') {
                ++at_;
                --i;
                continue;
            }
            if (text_[at_] == ']') {
                ++at_;
                return;
            }
            read_item(path, kind);
            if (has_ended_) {
                return;
            }
        }
    }

    void read_item(const std::string& path, std::string_view kind) {
        const std::size_t begin = at_;
        const std::uint32_t line = line_;
        if (!skip_value()) {
            cut(path);
            return;
        }
        if (at_ == begin) {  // a stray '}'
            broken(path, "expected a value");
            return;
        }
        parse(text_.substr(begin, at_ - begin), path, line, kind);
    }

    void parse(std::string_view slice, const std::string& path, std::uint32_t line,
               std::string_view kind) {
        json::parse_options options;
        options.max_depth = kDepthMax;
        boost::system::error_code error;
        const json::value value = json::parse({slice.data(), slice.size()}, error, {}, options);
        if (error) {
            document_.is_whole = false;
            document_.report(file_, line, path,
                             "not valid JSON (" + error.message() + "); left out");
        } else if (const json::object* object = value.if_object()) {
            visit_({*object, path, line, kind});
        } else {
            document_.is_whole = false;
            document_.report(file_, line, path, "expected an object; left out");
        }
    }

    // An object that has the list, or is an item itself.
    void read_object() {
        const std::size_t begin = at_;
        const std::uint32_t line = line_;
        std::string_view kind;
        bool has_list = false;
        ++at_;
        while (skip_blanks() && text_[at_] != '}') {
            if (text_[at_] == ',') {
                ++at_;
                continue;
            }
            const std::string_view key = read_key();
            if (key.data() == nullptr) {
                has_list ? cut("") : rest_is_broken(begin);
                return;
            }
            const std::size_t value = at_;
            if (key == list_key_ && text_[at_] == '[') {
                has_list = true;
                list_name_ = list_key_;
                read_list(kind);
                list_name_ = {};
            } else if (!skip_value()) {
                cut(std::string(key));
            } else if (key == "kind" && text_[value] == '"') {
                kind = text_.substr(value + 1, at_ - value - 2);
            }
            if (has_ended_) {
                return;
            }
        }
        if (at_ >= text_.size()) {
            cut("");
            return;
        }
        ++at_;
        if (!has_list) {
            parse(text_.substr(begin, at_ - begin), "", line, "");
        }
    }

    // The key that begins here, then behind its colon; data() is null when there is none.
    std::string_view read_key() {
        const std::size_t begin = at_;
        if (text_[at_] != '"' || !skip_string()) {
            return {};
        }
        const std::string_view key = text_.substr(begin + 1, at_ - begin - 2);
        if (!skip_blanks() || text_[at_] != ':') {
            return {};
        }
        ++at_;
        return skip_blanks() ? key : std::string_view();
    }

    void rest_is_broken(std::size_t begin) {
        if (at_ >= text_.size()) {
            cut("");
        } else {
            at_ = begin;
            broken("", "not a JSON object");
        }
    }

    void cut(std::string_view path) {
        document_.report(
            file_, line_, path,
            "the document ends here, before it is complete; what stands above is used");
        document_.is_whole = false;
        has_ended_ = true;
    }

    void broken(std::string_view path, std::string_view message) {
        document_.report(file_, line_, path,
                         std::string(message) + "; nothing from here on is used");
        document_.is_whole = false;
        has_ended_ = true;
    }

    std::string_view text_;
    const std::string& file_;
    std::string_view list_key_;
    TopologyDocument& document_;
    const std::function<void(const JsonItem&)>& visit_;
    std::string_view list_name_;
    std::size_t at_ = 0;
    std::uint32_t line_ = 1;
    bool has_ended_ = false;
};

}  // namespace

void for_each_json_item(std::string_view text, const std::string& file, std::string_view list_key,
                        TopologyDocument& document,
                        const std::function<void(const JsonItem&)>& visit) {
    ItemReader(text, file, list_key, document, visit).read();
}

std::string_view json_text(const json::object& object, std::string_view key) {
    const json::value* value = object.if_contains({key.data(), key.size()});
    return value != nullptr && value->is_string() ? view(value->get_string()) : std::string_view();
}

const json::object* json_object(const json::object& object, std::string_view key) {
    const json::value* value = object.if_contains({key.data(), key.size()});
    return value != nullptr ? value->if_object() : nullptr;
}

const json::array* json_array(const json::object& object, std::string_view key) {
    const json::value* value = object.if_contains({key.data(), key.size()});
    return value != nullptr ? value->if_array() : nullptr;
}

}  // namespace nocturne::gateway
