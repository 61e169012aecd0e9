// What the stories of the store share: a folder that goes away, entries made from their position.
#pragma once

#include "store/database.hpp"
#include "store/store.hpp"
#include "tests/temporary_folder.hpp"

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace nocturne::store {

inline void expect_ok(const Status& status) {
    EXPECT_TRUE(status) << to_string(status.error());
}

template <typename T>
T must(Result<T> result) {
    if (!result) {
        throw std::runtime_error(to_string(result.error()));
    }
    return *std::move(result);
}

using Folder = TemporaryFolder;

inline std::filesystem::path file_in(const Folder& folder) {
    return folder.path() / "nocturne.db";
}

// A real file system of a few megabytes, in a mount namespace of this process: it goes with it.
class SmallDisk {
   public:
    explicit SmallDisk(const std::filesystem::path& place, const char* options = "size=2m")
        : place_(place) {
        mounted_ = ::unshare(CLONE_NEWNS) == 0 &&
                   ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
                   ::mount("tmpfs", place_.c_str(), "tmpfs", 0, options) == 0;
    }

    ~SmallDisk() {
        if (mounted_) {
            ::umount2(place_.c_str(), MNT_DETACH);
        }
    }

    SmallDisk(const SmallDisk&) = delete;
    SmallDisk& operator=(const SmallDisk&) = delete;

    [[nodiscard]] bool is_mounted() const { return mounted_; }

    [[nodiscard]] bool make_read_only() const {
        return ::mount(nullptr, place_.c_str(), nullptr, MS_REMOUNT | MS_RDONLY, nullptr) == 0;
    }

   private:
    std::filesystem::path place_;
    bool mounted_ = false;
};

inline std::unique_ptr<Store> open_store(const Folder& folder, StoreOptions options = {}) {
    auto store = Store::open(folder.path(), options);
    EXPECT_TRUE(store) << to_string(store.error());
    return store ? *std::move(store) : nullptr;
}

// Bytes that compress a little, the same for the same position.
inline std::string bytes_of(model::Position position, std::size_t size = 3'000) {
    std::string bytes = "input " + std::to_string(position) + ":";
    std::uint64_t state = position;
    while (bytes.size() < size) {
        state = state * 6364136223846793005U + 1442695040888963407U;
        bytes += (state >> 60U) < 8 ? " checkout latency" : std::to_string(state >> 33U);
    }
    bytes.resize(size);
    return bytes;
}

inline Entry entry_at(model::Position position, std::size_t size = 3'000) {
    return {position, model::from_unix_ms(1'700'000'000'000 + static_cast<std::int64_t>(position)),
            0, bytes_of(position, size)};
}

inline std::vector<Entry> entries_from(model::Position first, std::size_t count,
                                       std::size_t size = 3'000) {
    std::vector<Entry> entries;
    for (std::size_t i = 0; i < count; ++i) {
        entries.push_back(entry_at(first + i, size));
    }
    return entries;
}

inline std::vector<model::Position> positions_in(Store& store, model::Position from = 1) {
    std::vector<model::Position> positions;
    expect_ok(store.read(from, [&](const Entry& entry) {
        positions.push_back(entry.position);
        return true;
    }));
    return positions;
}

// What an operator, or a fault, does to the file behind the store's back.
inline void run_sql(const Folder& folder, const std::string& sql) {
    auto database = Database::open(file_in(folder).string(), Database::Mode::ReadWrite);
    ASSERT_TRUE(database) << to_string(database.error());
    expect_ok(database->execute(sql.c_str()));
}

}  // namespace nocturne::store
