#include "store/folder_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

namespace nocturne::store {

namespace {

// "process 4711", as the holder left it in the file, or "another process".
std::string holder_of(int file) {
    std::array<char, 16> text{};
    const ssize_t size = ::pread(file, text.data(), text.size(), 0);
    std::string digits;
    for (ssize_t i = 0; i < size && text[static_cast<std::size_t>(i)] >= '0' &&
                        text[static_cast<std::size_t>(i)] <= '9';
         ++i) {
        digits += text[static_cast<std::size_t>(i)];
    }
    return digits.empty() ? "another process" : "process " + digits;
}

// A courtesy for the next one's error message: on a full disk it is left out.
void leave_name(int file) {
    const std::string name = std::to_string(::getpid()) + "\n";
    if (::ftruncate(file, 0) != 0 || ::pwrite(file, name.data(), name.size(), 0) < 0) {
        return;
    }
}

}  // namespace

Result<FolderLock> FolderLock::take(const std::filesystem::path& folder) {
    const std::filesystem::path path = folder / "lock";
    const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (file < 0) {
        return fail(ErrorCode::Unavailable,
                    path.string() + ": " + std::strerror(errno) +
                        "; this user must be able to write there, or choose another "
                        "folder with --data DIR");
    }
    FolderLock lock(file);
    while (::flock(file, LOCK_EX | LOCK_NB) != 0) {
        if (errno == EINTR) {
            continue;
        }
        if (errno != EWOULDBLOCK) {
            return fail(ErrorCode::Unavailable, path.string() +
                                                    ": cannot be locked: " + std::strerror(errno) +
                                                    "; the data folder belongs on a local disk");
        }
        return fail(ErrorCode::Unavailable,
                    folder.string() + ": " + holder_of(file) +
                        " is running on this folder; stop it, or give this one a folder of "
                        "its own with --data DIR");
    }
    leave_name(file);
    return lock;
}

FolderLock::~FolderLock() {
    if (file_ >= 0) {
        ::close(file_);
    }
}

FolderLock::FolderLock(FolderLock&& other) noexcept : file_(std::exchange(other.file_, -1)) {}

FolderLock& FolderLock::operator=(FolderLock&& other) noexcept {
    std::swap(file_, other.file_);
    return *this;
}

}  // namespace nocturne::store
