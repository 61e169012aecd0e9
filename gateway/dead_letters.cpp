#include "gateway/dead_letters.hpp"

#include "gateway/log.hpp"
#include "model/json_writer.hpp"

#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstring>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

namespace nocturne::gateway {

namespace {

struct CloseFile {
    void operator()(std::FILE* file) const { std::fclose(file); }
};

using File = std::unique_ptr<std::FILE, CloseFile>;

// A letter that waits to be written. Rendered by the writer: that is not the sender's time to
// spend.
struct Letter {
    model::Time time;
    std::string_view transport;  // one of kTransportNames
    model::Rejection rejection;

    std::size_t bytes() const {
        return sizeof(Letter) + rejection.error.size() + rejection.input.size();
    }
};

std::string render(const Letter& letter) {
    model::JsonWriter out;
    out.begin_object().member("time", letter.time).member("transport", letter.transport);
    out.member("index", std::uint64_t{letter.rejection.index})
        .member("error", letter.rejection.error);
    out.member("input", letter.rejection.input).end_object();
    return out.take() + "\n";
}

}  // namespace

class DeadLetters::Inside {
   public:
    explicit Inside(DeadLetterOptions options) : options_(std::move(options)) {
        if (!options_.clock) {
            options_.clock = [] {
                return std::chrono::floor<model::Duration>(std::chrono::system_clock::now());
            };
        }
    }

    ~Inside() {
        {
            std::lock_guard lock(mutex_);
            stopping_ = true;
            changed_.notify_all();
        }
        if (writer_.joinable()) {
            writer_.join();
        }
    }

    Status start() {
        NOCTURNE_TRY_STATUS(open());
        writer_ = std::thread([this] { write_loop(); });
        return {};
    }

    void keep(std::string_view transport, const std::vector<model::Rejection>& rejected) {
        const model::Time now = options_.clock();
        std::lock_guard lock(mutex_);
        for (const model::Rejection& rejection : rejected) {
            Letter letter{now, transport, rejection};
            if (waiting_bytes_ + letter.bytes() > options_.queue_bytes_max) {
                ++counters.dropped;
                continue;
            }
            waiting_bytes_ += letter.bytes();
            waiting_.push_back(std::move(letter));
        }
        changed_.notify_all();
    }

    void flush() {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return waiting_.empty() && !writing_; });
    }

    DeadLetterCounters counters;

   private:
    Status open() {
        file_.reset(std::fopen(options_.file.c_str(), "ae"));
        if (!file_) {
            return fail(ErrorCode::Unavailable, "cannot open the dead letters " +
                                                    options_.file.string() + ": " +
                                                    std::strerror(errno));
        }
        std::error_code error;
        const std::uintmax_t bytes = std::filesystem::file_size(options_.file, error);
        file_bytes_ = error ? 0 : bytes;
        return {};
    }

    void write_loop() {
        std::vector<Letter> letters;
        for (;;) {
            {
                std::unique_lock lock(mutex_);
                writing_ = false;
                changed_.notify_all();
                changed_.wait(lock, [&] { return stopping_ || !waiting_.empty(); });
                if (waiting_.empty()) {
                    return;
                }
                letters.swap(waiting_);
                waiting_bytes_ = 0;
                writing_ = true;
            }
            for (const Letter& letter : letters) {
                write(render(letter));
            }
            letters.clear();
            if (file_) {
                std::fflush(file_.get());
            }
        }
    }

    void write(const std::string& line) {
        if (file_bytes_ > 0 && file_bytes_ + line.size() > options_.file_bytes_max) {
            rotate();
        }
        if (!file_ && !open()) {
            note_failure();
            return;
        }
        // Unbuffered on purpose where it fails: a half line would spoil the next one.
        const bool is_whole =
            std::fwrite(line.data(), 1, line.size(), file_.get()) == line.size() &&
            std::fflush(file_.get()) == 0;
        if (!is_whole) {
            note_failure();
            discard_half_line();
            return;
        }
        is_failing_ = false;
        file_bytes_ += line.size();
        ++counters.kept;
    }

    void rotate() {
        file_.reset();
        std::error_code error;
        std::filesystem::path before = options_.file;
        before += ".1";
        std::filesystem::rename(options_.file, before, error);
        if (error) {
            // The bound holds before all else: what is in the file goes.
            std::filesystem::resize_file(options_.file, 0, error);
        }
        file_bytes_ = 0;
    }

    void discard_half_line() {
        file_.reset();
        std::error_code error;
        std::filesystem::resize_file(options_.file, file_bytes_, error);
    }

    void note_failure() {
        const int reason = errno;  // before anything else may change it
        ++counters.dropped;
        if (!std::exchange(is_failing_, true)) {
            logger()->warn("dead letters cannot be written file={} reason={}",
                           options_.file.string(), std::strerror(reason));
        }
    }

    DeadLetterOptions options_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<Letter> waiting_;    // guarded by mutex_
    std::size_t waiting_bytes_ = 0;  // guarded by mutex_
    bool writing_ = false;           // guarded by mutex_
    bool stopping_ = false;          // guarded by mutex_

    // Of the writer thread.
    File file_;
    std::uint64_t file_bytes_ = 0;
    bool is_failing_ = false;
    std::thread writer_;
};

Result<std::unique_ptr<DeadLetters>> DeadLetters::open(DeadLetterOptions options) {
    auto inside = std::make_unique<Inside>(std::move(options));
    NOCTURNE_TRY_STATUS(inside->start());
    return std::unique_ptr<DeadLetters>(new DeadLetters(std::move(inside)));
}

DeadLetters::DeadLetters(std::unique_ptr<Inside> inside) : inside_(std::move(inside)) {}

DeadLetters::~DeadLetters() = default;

void DeadLetters::keep(std::string_view transport, const std::vector<model::Rejection>& rejected) {
    inside_->keep(transport, rejected);
}

void DeadLetters::flush() {
    inside_->flush();
}

const DeadLetterCounters& DeadLetters::counters() const {
    return inside_->counters;
}

}  // namespace nocturne::gateway
