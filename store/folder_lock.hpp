// FolderLock: one owner of a data folder at a time.
#pragma once

#include "model/result.hpp"

#include <filesystem>

namespace nocturne::store {

// Held while it lives; the kernel lets go of it however the process ends.
class FolderLock {
   public:
    // Unavailable when another process (or another lock in this one) holds it; says which and what
    // to do.
    static Result<FolderLock> take(const std::filesystem::path& folder);

    FolderLock() = default;
    ~FolderLock();
    FolderLock(FolderLock&& other) noexcept;
    FolderLock& operator=(FolderLock&& other) noexcept;

   private:
    explicit FolderLock(int file) : file_(file) {}

    int file_ = -1;
};

}  // namespace nocturne::store
