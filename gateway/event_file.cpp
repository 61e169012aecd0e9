#include "gateway/event_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace nocturne::gateway {

namespace {

constexpr unsigned kBufferBytes = 256 * 1024;

struct CloseGzip {
    void operator()(gzFile file) const { gzclose(file); }
};

using GzipFile = std::unique_ptr<gzFile_s, CloseGzip>;

bool is_blank(std::string_view text) {
    return text.find_first_not_of(" \t\r") == std::string_view::npos;
}

}  // namespace

class EventFileReader::Inside {
   public:
    Inside(std::string name, GzipFile file, std::uint64_t bytes_total, std::size_t line_bytes_max)
        : name_(std::move(name)), file_(std::move(file)), bytes_total_(bytes_total),
          line_bytes_max_(std::max<std::size_t>(line_bytes_max, 1)), buffer_(kBufferBytes, '\0') {}

    Result<std::optional<EventLineView>> next() {
        for (;;) {
            EventLineView line;
            NOCTURNE_TRY(const bool found, read_line(line));
            if (!found) {
                return std::optional<EventLineView>();
            }
            if (line.number == 1 && line.text.starts_with("\xEF\xBB\xBF")) {
                line.text.remove_prefix(3);
            }
            if (!is_blank(line.text)) {
                return std::optional<EventLineView>(line);
            }
        }
    }

    const std::string& name() const { return name_; }

    std::uint64_t bytes_total() const { return bytes_total_; }

    std::uint64_t bytes_read() const {
        const z_off_t offset = gzoffset(file_.get());
        return offset > 0 ? static_cast<std::uint64_t>(offset) : 0;
    }

   private:
    // False at the end of the file. A line stays in buffer_ where it can; one that the buffer's end
    // cuts is put together in carried_.
    Result<bool> read_line(EventLineView& line) {
        carried_.clear();
        bool is_cut = false;
        for (;;) {
            const std::string_view rest = std::string_view(buffer_).substr(begin_, end_ - begin_);
            const std::size_t length = rest.find('\n');
            const bool is_whole = length != std::string_view::npos;
            const std::string_view part = rest.substr(0, length);
            begin_ += part.size() + (is_whole ? 1 : 0);
            if (is_whole && carried_.empty()) {
                return give(line, part, is_cut || part.size() > line_bytes_max_);
            }
            const std::size_t room = line_bytes_max_ - std::min(line_bytes_max_, carried_.size());
            is_cut = is_cut || part.size() > room;
            carried_.append(part.substr(0, room));
            if (is_whole) {
                return give(line, carried_, is_cut);
            }
            NOCTURNE_TRY(const bool filled, fill());
            if (!filled) {
                return carried_.empty() ? Result<bool>(false) : give(line, carried_, is_cut);
            }
        }
    }

    Result<bool> give(EventLineView& line, std::string_view text, bool is_cut) {
        text = text.substr(0, line_bytes_max_);
        if (text.ends_with('\r')) {
            text.remove_suffix(1);
        }
        line = {text, ++number_, is_cut};
        return true;
    }

    // False at the end.
    Result<bool> fill() {
        begin_ = 0;
        end_ = 0;
        if (failed_) {
            return fail_reading();
        }
        const int count = gzread(file_.get(), buffer_.data(), kBufferBytes);
        int code = Z_OK;
        gzerror(file_.get(), &code);
        failed_ = count < 0 || (code != Z_OK && code != Z_STREAM_END);
        if (count > 0) {
            end_ = static_cast<std::size_t>(count);
            return true;
        }
        return failed_ ? fail_reading() : Result<bool>(false);
    }

    Result<bool> fail_reading() {
        int code = Z_OK;
        const char* text = gzerror(file_.get(), &code);
        Error error{ErrorCode::Damaged, "", {{name_, static_cast<std::uint32_t>(number_ + 1), 0}}};
        if (code == Z_ERRNO) {
            error.code = ErrorCode::Unavailable;
            error.message = std::string("cannot read on: ") + std::strerror(errno);
        } else if (code == Z_BUF_ERROR) {
            error.message = "the gzip file breaks off here; what is above was read";
        } else {
            error.message =
                std::string("the gzip file is damaged here (") + text + "); what is above was read";
        }
        return fail(std::move(error));
    }

    std::string name_;
    GzipFile file_;
    std::uint64_t bytes_total_;
    std::size_t line_bytes_max_;
    std::string buffer_;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
    std::string carried_;
    std::uint64_t number_ = 0;
    bool failed_ = false;
};

Result<EventFileReader> EventFileReader::open(const std::string& path, std::size_t line_bytes_max) {
    const bool is_stdin = path == "-";
    const int descriptor =
        is_stdin ? ::dup(STDIN_FILENO) : ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) {
        return fail(errno == ENOENT ? ErrorCode::NotFound : ErrorCode::Unavailable,
                    "cannot open " + path + ": " + std::strerror(errno));
    }

    struct stat info {};

    if (::fstat(descriptor, &info) == 0 && S_ISDIR(info.st_mode)) {
        ::close(descriptor);
        return fail(ErrorCode::Invalid, path + " is a folder, expected a file of events");
    }
    GzipFile file(gzdopen(descriptor, "rb"));
    if (!file) {
        ::close(descriptor);
        return fail(ErrorCode::Internal, "cannot open " + path + ": out of memory");
    }
    gzbuffer(file.get(), kBufferBytes);
    const std::uint64_t bytes_total =
        S_ISREG(info.st_mode) ? static_cast<std::uint64_t>(info.st_size) : 0;
    return EventFileReader(std::make_unique<Inside>(is_stdin ? "stdin" : path, std::move(file),
                                                    bytes_total, line_bytes_max));
}

EventFileReader::EventFileReader(std::unique_ptr<Inside> inside) : inside_(std::move(inside)) {}

EventFileReader::~EventFileReader() = default;
EventFileReader::EventFileReader(EventFileReader&&) noexcept = default;
EventFileReader& EventFileReader::operator=(EventFileReader&&) noexcept = default;

Result<std::optional<EventLineView>> EventFileReader::next() {
    return inside_->next();
}

const std::string& EventFileReader::name() const {
    return inside_->name();
}

std::uint64_t EventFileReader::bytes_total() const {
    return inside_->bytes_total();
}

std::uint64_t EventFileReader::bytes_read() const {
    return inside_->bytes_read();
}

}  // namespace nocturne::gateway
